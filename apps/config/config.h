// Config: every setting of the program with its default, and where each value came from. What each
// key means and may be is in apps/config/config_keys.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "encoding/limits.h"
#include "integration/logging.h"
#include "storage/ingest/ingest.h"

namespace pacs::apps {

enum class ClientCertificate : std::uint8_t { Off, Optional, Required };

/// A port over TLS (PS3.15 §B.12), DICOM's or HTTP's; off while no certificate is named.
struct TlsConfig {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 2762;  ///< dicom-tls in the registry of ports
  std::string certificate, key, ca;
  ClientCertificate client_certificate = ClientCertificate::Off;

  [[nodiscard]] bool enabled() const { return !certificate.empty(); }
};

struct DicomConfig {
  std::string ae_title = "PACS";
  std::vector<std::string> other_ae_titles = {"ANY-SCP"};
  bool accept_any_called_ae_title = false;
  std::string default_character_set;
  std::string listen = "127.0.0.1";
  std::uint16_t port = 11112;
  bool allow_unauthenticated_remote = false;
  std::uint32_t associations_max = 512;
  std::uint32_t artim_seconds = 30;
  std::uint32_t idle_seconds = 600;
  std::uint32_t response_seconds = 300;
  std::uint32_t connect_seconds = 30;
  std::uint32_t send_seconds = 60;
  std::uint32_t pdu_bytes_max = 131'072;
  std::uint32_t association_pdu_bytes_max = 256U << 10;
  std::uint32_t command_bytes_max = 64U << 10;
  std::uint16_t operations_window_max = 16;
  std::uint64_t data_sets_bytes_max = 256ULL << 20;
  std::uint64_t find_matches_max = 0;
  std::uint32_t move_associations = 1;
  std::uint32_t sub_operation_seconds = 60;
  TlsConfig tls;
};

struct HttpConfig {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 8080;
  bool allow_unauthenticated_remote = false;
  std::vector<std::string> server_names;
  std::uint32_t connections_max = 256;
  std::uint32_t header_bytes_max = 16U << 10;
  std::uint64_t body_bytes_max = 1U << 20;
  std::uint32_t request_seconds = 30;
  std::uint32_t idle_seconds = 75;
  std::uint32_t write_seconds = 60;
  std::uint32_t handler_threads = 4;
  std::vector<std::string> proxies, cors_origins;
  std::vector<std::string> clients;  ///< "viewer CN=reading-room,O=Hospital"
  std::filesystem::path viewer;
  bool access_log = false;
  TlsConfig tls{"127.0.0.1", 8443, {}, {}, {}, ClientCertificate::Off};
};

struct StorageConfig {
  std::filesystem::path path = "./pacs-data";
  storage::Durability durability = storage::Durability::Full;
  storage::DuplicatePolicy on_duplicate = storage::DuplicatePolicy::Keep;
  std::uint64_t free_bytes_min = 256ULL << 20;
  std::vector<std::string> additional_sop_classes;
};

struct IndexConfig {
  std::string url = "sqlite:";
};

struct QueryConfig {
  std::vector<std::string> private_creators;
};

/// Durable jobs (storage/jobs/jobs.h).
struct JobsConfig {
  std::uint32_t workers = 8;
  std::uint32_t attempts_max = 100;
  std::uint32_t retry_seconds_min = 10;
  std::uint32_t retry_seconds_max = 3600;
  std::uint32_t keep_days = 30;
};

/// Storage commitment.
struct CommitmentConfig {
  bool same_association = true;
  std::uint32_t references_max = 200'000;
};

struct MppsConfig {
  bool strict = true;
  std::vector<std::string> notify;
};

struct WorklistConfig {
  std::vector<std::string> shown_statuses = {"SCHEDULED", "ARRIVED", "READY", "STARTED"};
  bool only_own_station = false;
  std::string folder;
  std::uint32_t folder_seconds = 2;
};

struct LoggingConfig {
  integration::LogLevel level = integration::LogLevel::Info;
  integration::LogFormat format = integration::LogFormat::Text;
  std::string file;
  std::uint32_t queue_lines_max = 8192;
};

struct ServerConfig {
  std::uint32_t io_threads = 0;    ///< 0: one for each processor
  std::uint32_t work_threads = 0;  ///< 0: two for each processor
  std::uint64_t frames_bytes_max = 1ULL << 30;
  std::uint32_t shutdown_seconds = 30;
};

/// A DICOM peer that we may move to and report to.
struct RemoteAe {
  std::string ae_title, host;
  std::uint16_t port = 104;
  bool tls = false;
  std::string character_set{};  ///< in place of dicom.default_character_set
  /// UIDs or keywords: what it gets when it does not take an object's own, the best first.
  std::vector<std::string> transfer_syntaxes{};
  std::uint8_t lossy_jpeg_quality = 0;  ///< 1 to 100: of lossy copies in place of images; 0: none

  friend bool operator==(const RemoteAe&, const RemoteAe&) = default;
};

struct Config {
  DicomConfig dicom;
  HttpConfig http;
  StorageConfig storage;
  IndexConfig index;
  QueryConfig query;
  WorklistConfig worklist;
  MppsConfig mpps;
  Limits limits;
  CommitmentConfig commitment;
  JobsConfig jobs;
  LoggingConfig logging;
  ServerConfig server;
  std::vector<RemoteAe> remote_ae;
};

/// Where configuration comes from; later members win.
struct ConfigSources {
  std::optional<std::filesystem::path> file;
  std::vector<std::pair<std::string, std::string>> environment;  ///< {"PACS_DICOM_PORT", "11113"}
  std::vector<std::string> settings;                             ///< "dicom.port=11113"
};
/// The environment of this process.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> process_environment();

struct LoadedConfig {
  Config config;
  /// For each row of config_keys(), in its order: "default", "pacs.toml:3", "PACS_DICOM_PORT",
  /// "--set".
  std::vector<std::string> origins;
  std::vector<Error> problems;  ///< the program must not start; `where` says file:line:column
  std::vector<std::string> warnings;
};

/// Reads all sources and checks every value by itself and against the others. `problems` holds
/// everything that is wrong, not only the first.
[[nodiscard]] LoadedConfig load_config(const ConfigSources& sources);

/// What is wrong between values that are each valid: listening where anybody may connect,
/// certificates without keys, two listeners on one port...
[[nodiscard]] std::vector<Error> check_config(const Config& config);

struct ConfigPrintOptions {
  bool explain = true;   ///< what each key means, its range and its variable, as comments
  bool origins = false;  ///< where each value came from, behind it
};
/// The configuration as a TOML file that reads back to the same.
[[nodiscard]] std::string print_config(const LoadedConfig& loaded,
                                       const ConfigPrintOptions& options);

}  // namespace pacs::apps
