// pacs config: prints the configuration in effect, or the commented defaults, and checks a file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "apps/commands/commands.h"
#include "apps/options/config_options.h"
#include "apps/server/start_check.h"
#include "core/text.h"

namespace pacs::apps {
namespace {

struct PrintArguments {
  ConfigOptions config;
  bool defaults = false;
  bool brief = false;
};

void print_findings(const LoadedConfig& loaded) {
  for (const std::string& warning : loaded.warnings) fmt::print(stderr, "warning: {}\n", warning);
  for (const Error& problem : loaded.problems) {
    fmt::print(stderr, "{}{}{}\n", printable(problem.where), problem.where.empty() ? "" : ": ",
               printable(problem.message));
  }
}

int print(const PrintArguments& arguments) {
  const LoadedConfig loaded =
      arguments.defaults ? load_config({}) : load_config(config_sources(arguments.config));
  fmt::print("{}",
             print_config(loaded, {.explain = !arguments.brief, .origins = !arguments.defaults}));
  print_findings(loaded);
  return loaded.problems.empty() ? 0 : 2;
}

std::string listeners(const Config& config) {
  std::string text;
  if (!config.dicom.listen.empty()) {
    text += fmt::format("DICOM {} at {}:{}", config.dicom.ae_title, config.dicom.listen,
                        config.dicom.port);
  }
  if (config.dicom.tls.enabled()) {
    text += fmt::format("{}DICOM over TLS at {}:{}", text.empty() ? "" : ", ",
                        config.dicom.tls.listen, config.dicom.tls.port);
  }
  return text + fmt::format(", HTTP at {}:{}", config.http.listen, config.http.port);
}

int check(const ConfigOptions& options) {
  const ConfigSources sources = config_sources(options);
  LoadedConfig loaded = load_config(sources);
  if (loaded.problems.empty()) loaded.problems = check_start(loaded.config);
  const std::string name = sources.file ? sources.file->string() : "no file: defaults";
  print_findings(loaded);
  if (!loaded.problems.empty()) {
    fmt::print(stderr, "{}: {} problem{}\n", name, loaded.problems.size(),
               loaded.problems.size() == 1 ? "" : "s");
    return 2;
  }
  fmt::print("{}: valid: {}, data in {}\n", name, listeners(loaded.config),
             loaded.config.storage.path.string());
  return 0;
}

}  // namespace

void add_config(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("config", "Print or check the configuration");
  command->footer(
      "Examples:\n"
      "  pacs config print                            what is in effect, what each key means,\n"
      "                                               and where its value comes from\n"
      "  pacs config print --brief                    the same without the explanations\n"
      "  pacs config print --defaults > pacs.toml     a file to start from: defaults, explained\n"
      "  pacs config check pacs.toml                  everything wrong with it, line by line\n"
      "  PACS_DICOM_PORT=104 pacs config print --set logging.level=debug\n"
      "Later wins: default, file, environment (PACS_DICOM_PORT), --set.\n"
      "Exit code: 0 the configuration is valid, 2 it is not.");
  command->require_subcommand(1);

  CLI::App* printing = command->add_subcommand("print", "Print the configuration as TOML");
  auto print_arguments = std::make_shared<PrintArguments>();
  add_config_options(*printing, print_arguments->config);
  printing->add_flag("--defaults", print_arguments->defaults,
                     "the defaults, whatever file, environment and --set say");
  printing->add_flag("--brief", print_arguments->brief, "without what each key means");
  printing->callback([print_arguments, &exit_code] { exit_code = print(*print_arguments); });

  CLI::App* checking = command->add_subcommand("check", "Say what is wrong with a configuration");
  auto check_options = std::make_shared<ConfigOptions>();
  add_config_options(*checking, *check_options);
  checking->add_option("FILE", check_options->file, "the file to check (as --config)");
  checking->callback([check_options, &exit_code] { exit_code = check(*check_options); });
}

}  // namespace pacs::apps
