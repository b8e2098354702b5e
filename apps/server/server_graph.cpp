#include "apps/server/server_graph.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "apps/config/config_keys.h"
#include "apps/config/config_shown.h"
#include "apps/config/tls_options.h"
#include "apps/server/open_archive.h"
#include "apps/server/reachable_host.h"
#include "core/uid_registry.h"
#include "services/commitment/commitment_scp.h"
#include "services/dispatch/remote_aes.h"
#include "services/mpps/mpps_notify.h"
#include "services/mpps/mpps_scp.h"
#include "services/query/find_scp.h"
#include "services/retrieve/get_scp.h"
#include "services/retrieve/move_scp.h"
#include "services/retrieve/send_job.h"
#include "services/store/storage_scp.h"
#include "services/verification/verification_scp.h"
#include "services/worklist/worklist_source.h"
#include "web/api/attributes.h"
#include "web/api/configuration.h"
#include "web/api/conflicts.h"
#include "web/api/history.h"
#include "web/api/jobs.h"
#include "web/api/openapi.h"
#include "web/api/performed_steps.h"
#include "web/api/remote_aes.h"
#include "web/api/send.h"
#include "web/api/tokens.h"
#include "web/api/worklist.h"
#include "web/auth/authenticator.h"
#include "web/dicomweb/retrieve/wado.h"
#include "web/dicomweb/search/qido.h"
#include "web/dicomweb/store/stow.h"
#include "web/viewer/viewer.h"

namespace pacs::apps {
namespace {

using std::chrono::seconds;

/// Time for running jobs to finish when the program ends. The others run again at its next start.
constexpr std::chrono::milliseconds kJobGrace{5000};

network::AssociationLimits association_limits(const DicomConfig& dicom) {
  network::AssociationLimits limits;
  limits.pdu_bytes_max = dicom.pdu_bytes_max;
  limits.association_pdu_bytes_max = dicom.association_pdu_bytes_max;
  limits.command_bytes_max = dicom.command_bytes_max;
  limits.artim = seconds(dicom.artim_seconds);
  limits.idle = seconds(dicom.idle_seconds);
  limits.dimse_response = seconds(dicom.response_seconds);
  limits.connect = seconds(dicom.connect_seconds);
  limits.send = seconds(dicom.send_seconds);
  limits.operations_window_max = dicom.operations_window_max;
  return limits;
}

network::ServerOptions server_options(const DicomConfig& dicom) {
  network::ServerOptions options;
  options.listen = dicom.listen;
  options.port = dicom.port;
  options.limits = association_limits(dicom);
  options.associations_max = dicom.associations_max;
  return options;
}

/// What every association that we open has in common.
network::RequestOptions request_options(const DicomConfig& dicom) {
  network::RequestOptions options;
  options.calling_ae = dicom.ae_title;
  options.limits = association_limits(dicom);
  options.limits.dimse_response = seconds(dicom.sub_operation_seconds);
  options.limits.send = seconds(dicom.sub_operation_seconds);
  options.tls = requestor_tls_options(dicom.tls);
  return options;
}

services::JobOptions job_options(const JobsConfig& jobs) {
  services::JobOptions options;
  options.workers = jobs.workers;
  options.attempts_max = jobs.attempts_max;
  options.retry_min = seconds(jobs.retry_seconds_min);
  options.retry_max = seconds(jobs.retry_seconds_max);
  options.keep = std::chrono::hours(24) * jobs.keep_days;
  return options;
}

std::vector<storage::RemoteAe> configured_remotes(const Config& config) {
  std::vector<storage::RemoteAe> remotes;
  for (const RemoteAe& remote : config.remote_ae) {
    remotes.push_back({remote.ae_title, remote.host, remote.port, remote.tls});
  }
  return remotes;
}

/// By AE title.
auto image_preferences(const Config& config) {
  decltype(services::SendOptions::preferences) preferences;
  for (const RemoteAe& remote : config.remote_ae) {
    services::ImagePreferences& of = preferences[remote.ae_title];
    for (const std::string& name : remote.transfer_syntaxes) {
      of.syntaxes.emplace_back(uid_named(name));
    }
    of.lossy_jpeg_quality = remote.lossy_jpeg_quality;
  }
  return preferences;
}

network::ServerOptions tls_server_options(const DicomConfig& dicom) {
  network::ServerOptions options = server_options(dicom);
  options.listen = dicom.tls.listen;
  options.port = dicom.tls.port;
  options.tls = acceptor_tls_options(dicom.tls);
  return options;
}

web::HttpOptions http_options(const HttpConfig& http) {
  web::HttpOptions options;
  options.listen = http.listen;
  options.port = http.port;
  options.server_names = http.server_names;
  options.handler_threads = http.handler_threads;
  options.limits.connections_max = http.connections_max;
  options.limits.header_bytes_max = http.header_bytes_max;
  options.limits.body_bytes_max = http.body_bytes_max;
  options.limits.request = seconds(http.request_seconds);
  options.limits.idle = seconds(http.idle_seconds);
  options.limits.write = seconds(http.write_seconds);
  options.cors_origins = http.cors_origins;
  options.access_log = http.access_log;
  options.proxies = web::TrustedProxies::create(http.proxies).value_or(web::TrustedProxies{});
  return options;
}

std::filesystem::path viewer_folder(const HttpConfig& http) {
  if (!http.viewer.empty()) return http.viewer;
  std::error_code unknown;
  return std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path() / "viewer";
}

services::WorklistOptions worklist_options(const Config& config) {
  services::WorklistOptions options;
  options.shown_statuses.clear();
  for (const std::string& status : config.worklist.shown_statuses) {
    if (const auto known = storage::parse_step_status(status)) {
      options.shown_statuses.push_back(*known);
    }
  }
  options.only_own_station = config.worklist.only_own_station;
  options.matches_max = config.dicom.find_matches_max;
  options.private_creators = config.query.private_creators;
  return options;
}

/// Names the configuration key of a port that cannot be opened.
tl::unexpected<Error> cannot_open(std::string_view key, const Error& error) {
  const std::string where = error.where.empty() ? "" : " (" + error.where + ")";
  return fail(ErrorKind::InvalidArgument, fmt::format("{}: {}{}", key, error.message, where));
}

std::size_t io_threads(const ServerConfig& server) {
  return server.io_threads != 0 ? server.io_threads
                                : std::max(1U, std::thread::hardware_concurrency());
}

std::size_t work_threads(const ServerConfig& server) {
  return server.work_threads != 0 ? server.work_threads
                                  : 2 * std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

ServerGraph::ServerGraph(const LoadedConfig& loaded, integration::Logger log)
    : config_(loaded.config),
      configuration_(configuration_keys(loaded)),
      log_(std::move(log)),
      metrics_(integration::Metrics::create()),
      pool_(std::make_unique<integration::IoPool>(io_threads(config_.server))),
      frame_memory_("server.frames_bytes_max", config_.server.frames_bytes_max) {}

Result<std::unique_ptr<ServerGraph>> ServerGraph::start(const LoadedConfig& loaded,
                                                        integration::Logger log) {
  std::unique_ptr<ServerGraph> graph(new ServerGraph(loaded, std::move(log)));
  PACS_TRY(graph->open_archive()
               .and_then([&] { return graph->start_jobs(); })
               .and_then([&] { return graph->open_dicom_ports(); })
               .and_then([&] { return graph->open_http_ports(); }));
  graph->observe();
  graph->history_keeper_ = std::make_unique<integration::HistoryKeeper>(
      *graph->history_, graph->config_.storage.path / "history", graph->log_);
  return graph;
}

Result<> ServerGraph::open_archive() {
  storage::ArchiveOptions options = archive_options(config_);
  options.metrics = metrics_.get();
  options.logger = log_;
  auto archive = storage::Archive::open(std::move(options));
  if (!archive) return fail(with_remedy(std::move(archive.error()), config_));
  archive_ = std::move(*archive);
  workers_ = std::make_unique<integration::WorkPool>(work_threads(config_.server));

  remotes_ = std::make_unique<services::RemoteAes>(*archive_, configured_remotes(config_),
                                                   request_options(config_.dicom));
  jobs_ = std::make_unique<services::JobRunner>(archive_->job_queue(), *workers_, *pool_,
                                                job_options(config_.jobs), log_, metrics_.get());

  services::ResponderLimits limits;
  limits.invoke_timeout = seconds(config_.dicom.sub_operation_seconds);
  limits.data_sets_bytes_max = config_.dicom.data_sets_bytes_max;
  limits.character_sets = default_character_sets(config_);
  responder_ = std::make_unique<services::Responder>(log_, metrics_.get(), limits);
  responder_->add(std::make_unique<services::VerificationScp>());
  responder_->add(std::make_unique<services::StorageScp>(
      *archive_, services::StorageClasses(config_.storage.additional_sop_classes)));
  responder_->add(std::make_unique<services::FindScp>(
      services::stored_objects(*archive_, {.retrieve_ae = config_.dicom.ae_title,
                                           .matches_max = config_.dicom.find_matches_max,
                                           .private_creators = config_.query.private_creators}),
      *workers_));
  responder_->add(std::make_unique<services::FindScp>(
      services::scheduled_steps(*archive_, worklist_options(config_)), *workers_));
  const services::RetrieveSetup retrieve{{*archive_, *workers_, frame_memory_}, log_};
  responder_->add(std::make_unique<services::GetScp>(retrieve));
  services::SendOptions sending;
  sending.associations = config_.dicom.move_associations;
  sending.preferences = image_preferences(config_);
  sending.find_destination = [this](std::string_view ae_title) { return find_peer(ae_title); };
  responder_->add(std::make_unique<services::MoveScp>(retrieve, sending));
  jobs_->handle(std::string(services::kSendJob),
                services::send_handler(std::make_shared<const services::SendSetup>(
                    services::SendSetup{retrieve, std::move(sending)})));
  add_commitment();
  add_performed_steps();
  if (!config_.worklist.folder.empty()) {
    worklist_folder_ = std::make_unique<services::WorklistFolderWatch>(
        services::WorklistFolder(archive_->worklist(), config_.worklist.folder, log_),
        seconds(config_.worklist.folder_seconds));
  }
  return {};
}

Result<network::RequestOptions> ServerGraph::find_peer(std::string_view ae_title) const {
  return remotes_->find(ae_title).map(
      [this](const services::KnownAe& ae) { return remotes_->reach(ae.remote); });
}

void ServerGraph::add_commitment() {
  services::CommitmentOptions options;
  options.ae_title = config_.dicom.ae_title;
  options.same_association = config_.commitment.same_association;
  options.references_max = config_.commitment.references_max;
  options.find_peer = [this](std::string_view ae_title) { return find_peer(ae_title); };
  const auto setup = std::make_shared<const services::CommitmentSetup>(
      services::CommitmentSetup{*archive_, *workers_, log_, std::move(options)});
  jobs_->handle(std::string(services::kCommitmentJob), services::commitment_handler(setup));
  responder_->add(std::make_unique<services::CommitmentScp>(setup, [this] { jobs_->wake(); }));
}

void ServerGraph::add_performed_steps() {
  services::MppsOptions options;
  if (!config_.mpps.strict) options.strictness = services::MppsStrictness::Essential;
  options.notify = config_.mpps.notify;
  options.jobs_added = [this] { jobs_->wake(); };
  options.log = log_;
  jobs_->handle(
      std::string(services::kMppsNotificationJob),
      services::mpps_notification_handler(
          [this](std::string_view ae_title) { return find_peer(ae_title); }, *workers_, log_));
  responder_->add(std::make_unique<services::MppsScp>(archive_->performed_steps(), *workers_,
                                                      std::move(options)));
  responder_->add(
      std::make_unique<services::MppsRetrieveScp>(archive_->performed_steps(), *workers_));
}

/// After every handler is known and before the ports open: each job that a request promises finds
/// its handler.
Result<> ServerGraph::start_jobs() {
  return jobs_->start();
}

Result<std::unique_ptr<network::Server>> ServerGraph::open_dicom_port(
    network::ServerOptions options, std::string_view key) {
  network::AcceptorPolicy policy;
  policy.ae_title = config_.dicom.ae_title;
  policy.other_ae_titles = config_.dicom.other_ae_titles;
  policy.accept_any_called_ae_title = config_.dicom.accept_any_called_ae_title;
  const std::string listen = options.listen;
  const bool tls = options.tls.has_value();
  auto server = network::Server::start(
      *pool_, std::move(options), responder_->policy(std::move(policy)),
      [this](std::shared_ptr<network::Association> association) {
        return responder_->serve(std::move(association));
      },
      log_, metrics_.get());
  if (!server) return cannot_open(key, server.error());
  endpoints_.push_back({config_.dicom.ae_title, reachable_host(listen), (*server)->port(), tls,
                        is_loopback(listen)});
  return server;
}

Result<> ServerGraph::open_dicom_ports() {
  if (!config_.dicom.listen.empty()) {
    PACS_TRY(auto server, open_dicom_port(server_options(config_.dicom), "dicom.port"));
    dicom_ = std::move(server);
  }
  if (config_.dicom.tls.enabled()) {
    PACS_TRY(auto server, open_dicom_port(tls_server_options(config_.dicom), "dicom.tls"));
    dicom_tls_ = std::move(server);
  }
  return {};
}

web::Router ServerGraph::routes() {
  web::Router router;
  web::add_operations(router, operations());
  web::add_login(router, *tokens_);
  web::add_viewer(router, viewer_folder(config_.http));
  // Jobs that wait because the AE was not known or did not answer are due now. A failure here
  // only means that they wait longer.
  web::add_remote_aes(router, *remotes_, *workers_, [this](std::string_view title) {
    if (const auto due = archive_->jobs().make_due(title); due && *due != 0) jobs_->wake();
  });
  web::add_conflicts(router, archive_->conflicts());
  web::add_jobs(router, archive_->jobs(), [this] { jobs_->wake(); });
  web::add_performed_steps(router, *archive_);
  web::add_worklist(router, *archive_);
  web::add_tokens(router, *tokens_);
  web::add_configuration(router, configuration_);
  web::add_send(router, *archive_, *remotes_, [this] { jobs_->wake(); });
  web::add_history(router, *history_);
  web::add_attributes(router);
  web::add_openapi(router, PACS_VERSION);
  web::Resources dicomweb(router);
  web::add_qido(dicomweb, *archive_,
                {.private_creators = config_.query.private_creators,
                 .matches_max = config_.dicom.find_matches_max});
  web::add_wado(dicomweb, {*archive_, frame_memory_});
  web::add_stow(dicomweb,
                {.archive = *archive_,
                 .workers = *workers_,
                 .classes = services::StorageClasses(config_.storage.additional_sop_classes),
                 .logger = log_,
                 .temporary_folder = config_.storage.path.string()});
  dicomweb.add_capabilities();
  return router;
}

Result<> ServerGraph::open_http_ports() {
  tokens_ = std::make_unique<web::Tokens>(tokens_file(config_));
  history_ = std::make_unique<integration::History>(history_sources());
  web::AuthOptions who;
  who.open = config_.http.allow_unauthenticated_remote;
  for (const std::string& client : config_.http.clients) {
    if (const auto parsed = parse_http_client(client)) who.clients.insert(*parsed);
  }
  web::HttpOptions options = http_options(config_.http);
  who.proxies = options.proxies;
  options.authenticate = [authenticator =
                              std::make_shared<const web::Authenticator>(*tokens_, std::move(who))](
                             const web::Request& request) { return (*authenticator)(request); };
  // One for both ports: what its handlers keep is kept once.
  const web::Router router = routes();
  const auto open = [&](web::HttpOptions port, std::string_view key,
                        std::unique_ptr<web::HttpServer>& server) -> Result<> {
    auto started = web::HttpServer::start(*pool_, std::move(port), router, log_, metrics_.get());
    if (!started) return cannot_open(key, started.error());
    server = std::move(*started);
    return {};
  };
  PACS_TRY(open(options, "http.port", http_));
  if (!config_.http.tls.enabled()) return {};
  options.listen = config_.http.tls.listen;
  options.port = config_.http.tls.port;
  options.tls = acceptor_tls_options(config_.http.tls);
  return open(std::move(options), "http.tls", https_);
}

std::size_t ServerGraph::associations() const {
  return (dicom_ ? dicom_->associations() : 0) + (dicom_tls_ ? dicom_tls_->associations() : 0);
}

web::Operations ServerGraph::operations() {
  web::Operations operations;
  operations.version = PACS_VERSION;
  operations.dicom = endpoints_;
  operations.metrics = metrics_.get();
  operations.counts = [this] { return archive_->counts(); };
  operations.associations = [this] { return associations(); };
  operations.checks.push_back({"Archive", [this]() -> Result<std::string> {
                                 PACS_TRY(archive_->ready());
                                 const std::size_t files = archive_->set_aside().size();
                                 if (files == 0) return std::string{};
                                 return fmt::format(
                                     "{} files are set aside in {}: see docs/OPERATIONS.md", files,
                                     (config_.storage.path / "set-aside").string());
                               }});
  for (const network::Server* port : {dicom_.get(), dicom_tls_.get()}) {
    if (port == nullptr) continue;
    operations.checks.push_back(
        {fmt::format("DICOM port {}{}", port->port(), port == dicom_tls_.get() ? " (TLS)" : ""),
         [port] { return port->ready().map([] { return std::string{}; }); }});
  }
  return operations;
}

std::string ServerGraph::http_url() const {
  return browser_url("http", reachable_host(config_.http.listen), http_->port());
}

std::string ServerGraph::https_url() const {
  if (!https_) return {};
  return browser_url("https", reachable_host(config_.http.tls.listen), https_->port());
}

void ServerGraph::shut_down(std::chrono::milliseconds grace) {
  // HTTP goes on meanwhile, so that /readyz says why nothing new is taken.
  const auto deadline = std::chrono::steady_clock::now() + grace;
  std::thread tls([&] {
    if (dicom_tls_) dicom_tls_->shut_down(grace);
  });
  if (dicom_) dicom_->shut_down(grace);
  tls.join();
  // Jobs are in the table: one that takes longer is done after the next start.
  jobs_->shut_down(std::min(grace, kJobGrace));
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  if (https_) https_->shut_down(std::max(left, std::chrono::milliseconds(0)));
  http_->shut_down(std::max(left, std::chrono::milliseconds(0)));
}

}  // namespace pacs::apps
