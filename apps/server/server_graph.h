// ServerGraph: every object of the running server, made, connected and ended in one place.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "apps/config/config.h"
#include "core/result.h"
#include "integration/history.h"
#include "integration/logging.h"
#include "integration/metrics.h"
#include "integration/thread_adapter.h"
#include "integration/work_memory.h"
#include "network/server.h"
#include "services/dispatch/remote_aes.h"
#include "services/dispatch/responder.h"
#include "services/jobs/job_runner.h"
#include "services/worklist/worklist_folder.h"
#include "storage/archive.h"
#include "web/api/configuration.h"
#include "web/api/operations.h"
#include "web/auth/tokens.h"
#include "web/http/http_server.h"

namespace pacs::apps {

class ServerGraph {
 public:
  /// Opens the archive (and recovers it), then the ports. Errors: InvalidArgument when the
  /// configuration asks for something impossible (a port in use; the message names the key), else
  /// the archive's.
  static Result<std::unique_ptr<ServerGraph>> start(const LoadedConfig& loaded,
                                                    integration::Logger log);

  [[nodiscard]] const std::vector<web::DicomEndpoint>& dicom_endpoints() const {
    return endpoints_;
  }
  [[nodiscard]] std::string http_url() const;
  /// Empty without HTTPS.
  [[nodiscard]] std::string https_url() const;

  /// Every row that the HTTP ports answer, made anew.
  [[nodiscard]] web::Router routes();

  /// No new work from now on; what is in flight has `grace` to finish. Blocks; afterwards only
  /// destruction remains.
  void shut_down(std::chrono::milliseconds grace);
  /// Associations being served.
  [[nodiscard]] std::size_t associations() const;

 private:
  ServerGraph(const LoadedConfig& loaded, integration::Logger log);
  Result<> open_archive();
  void add_commitment();
  void add_performed_steps();
  Result<> start_jobs();
  Result<> open_dicom_ports();
  Result<> open_http_ports();
  void observe();
  [[nodiscard]] std::vector<integration::HistorySource> history_sources() const;
  [[nodiscard]] Result<network::RequestOptions> find_peer(std::string_view ae_title) const;
  [[nodiscard]] web::Operations operations();
  [[nodiscard]] Result<std::unique_ptr<network::Server>> open_dicom_port(
      network::ServerOptions options, std::string_view key);

  const Config config_;
  const std::vector<web::ConfigurationKey> configuration_;
  const integration::Logger log_;
  std::vector<web::DicomEndpoint> endpoints_;

  // In the order of dependency; destroyed in the opposite order: ports first, then what
  // associations and requests used.
  std::unique_ptr<integration::Metrics> metrics_;
  std::unique_ptr<integration::IoPool> pool_;
  std::unique_ptr<storage::Archive> archive_;
  integration::WorkMemory frame_memory_;
  std::unique_ptr<integration::WorkPool> workers_;  // its work uses the archive, answers into pool_
  std::unique_ptr<services::RemoteAes> remotes_;
  std::unique_ptr<services::JobRunner> jobs_;
  std::unique_ptr<services::WorklistFolderWatch> worklist_folder_;
  std::unique_ptr<services::Responder> responder_;
  std::unique_ptr<network::Server> dicom_, dicom_tls_;
  std::unique_ptr<web::Tokens> tokens_;
  std::unique_ptr<integration::History> history_;
  std::unique_ptr<web::HttpServer> http_, https_;
  std::unique_ptr<integration::HistoryKeeper> history_keeper_;  // asks all of the above
};

}  // namespace pacs::apps
