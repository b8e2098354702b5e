// pacs serve: the server in the foreground, from configuration to the last line of its log.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "apps/commands/commands.h"
#include "apps/options/config_options.h"
#include "apps/server/process_setup.h"
#include "apps/server/server_graph.h"
#include "apps/server/start_check.h"

namespace pacs::apps {
namespace {

Result<integration::Logger> open_log(const LoggingConfig& config) {
  integration::LogOptions options;
  options.level = config.level;
  options.format = config.format;
  options.file = config.file;
  options.queue_lines_max = config.queue_lines_max;
  return integration::Logger::create(options);
}

/// For the person who started it; the log goes to standard error.
void greet(const ServerGraph& graph, const Config& config) {
  std::string text = "PACS System " PACS_VERSION "\n\n";
  bool local_only = true;
  for (const web::DicomEndpoint& endpoint : graph.dicom_endpoints()) {
    text +=
        fmt::format("  {:<24} AE title {}, host {}, port {}\n",
                    endpoint.tls ? "Give a modality (TLS):" : "Give a modality:", endpoint.ae_title,
                    endpoint.host, endpoint.port);
    local_only = local_only && endpoint.local_only;
  }
  text += fmt::format("  {:<24} {}\n", "Open in a browser:", graph.http_url());
  if (!graph.https_url().empty()) {
    text += fmt::format("  {:<24} {}\n", "and over HTTPS:", graph.https_url());
  }
  text += fmt::format("  {:<24} {}\n", "Data is kept in:",
                      std::filesystem::absolute(config.storage.path).lexically_normal().string());
  if (local_only) {
    text +=
        "\n  Only programs on this computer can connect; `pacs config print` explains "
        "dicom.listen.\n";
  }
  text += "\nready\n";
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

int run_serve(const ConfigOptions& options) {
  const std::optional<LoadedConfig> loaded = load_all_or_explain(options);
  if (!loaded) return 2;
  const Config* const config = &loaded->config;
  prepare_server_process();
  StopSignals signals;  // before the first thread
  const auto log = open_log(config->logging);
  if (!log) {
    fmt::print(stderr, "pacs serve: logging.file: {}\n", log.error().to_string());
    return 2;
  }
  if (const Result<> valid = check_certificate_time(config->dicom.tls); !valid) {
    log->warning({}, valid.error().message);
  }
  auto graph = ServerGraph::start(*loaded, *log);
  if (!graph) {
    log->flush();
    const bool misconfigured = graph.error().kind == ErrorKind::InvalidArgument;
    fmt::print(stderr, "pacs serve: {}\n",
               misconfigured ? graph.error().message : graph.error().to_string());
    return misconfigured ? 2 : 1;
  }
  greet(**graph, *config);
  log->info({}, "ready", {{"version", PACS_VERSION}, {"http", (*graph)->http_url()}});
  notify_service_manager("READY=1");

  const int signal = signals.wait();
  log->info({}, "shutting down; another signal ends at once",
            {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"},
             {"grace_seconds", std::to_string(config->server.shutdown_seconds)}});
  notify_service_manager("STOPPING=1");
  (*graph)->shut_down(std::chrono::seconds(config->server.shutdown_seconds));
  if ((*graph)->associations() != 0) {
    // Associations still use what would be destroyed. Everything acknowledged is durable.
    log->error({}, "ended while associations were still open", {});
    log->flush();
    std::_Exit(1);
  }
  graph->reset();
  log->info({}, "stopped");
  log->flush();
  return 0;
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("serve", "Run the server in the foreground");
  command->footer(
      "Examples:\n"
      "  pacs serve                                  defaults: DICOM on 127.0.0.1:11112, HTTP on "
      "127.0.0.1:8080\n"
      "  pacs serve --config /etc/pacs/pacs.toml\n"
      "  pacs serve --set dicom.port=104 --set storage.path=/srv/pacs\n"
      "Prints what to give a modality and says `ready` when all ports answer. The log goes to "
      "standard\n"
      "error. SIGTERM or SIGINT stops it in order: what is in flight may finish "
      "(server.shutdown_seconds).\n"
      "Exit code: 0 stopped in order, 1 the archive cannot be opened, 2 wrong usage or "
      "configuration.");
  auto options = std::make_shared<ConfigOptions>();
  add_config_options(*command, *options);
  command->callback([options, &exit_code] { exit_code = run_serve(*options); });
}

}  // namespace pacs::apps
