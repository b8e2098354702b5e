#include "apps/options/config_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "apps/options/repeatable.h"
#include "core/text.h"

namespace pacs::apps {

void add_config_options(CLI::App& command, ConfigOptions& options) {
  command
      .add_option("-c,--config", options.file,
                  "configuration file (else $PACS_CONFIG, ./pacs.toml, /etc/pacs/pacs.toml)")
      ->type_name("FILE");
  repeatable(
      command.add_option("--set", options.settings,
                         "one configuration value, over file and environment; may be repeated"))
      ->type_name("KEY=VALUE");
}

ConfigSources config_sources(const ConfigOptions& options) {
  ConfigSources sources;
  sources.environment = process_environment();
  sources.settings = options.settings;
  if (!options.file.empty()) {
    sources.file = options.file;
  } else if (const char* named = std::getenv("PACS_CONFIG"); named != nullptr && *named != '\0') {
    sources.file = named;
  } else {
    for (const char* place : {"pacs.toml", "/etc/pacs/pacs.toml"}) {
      std::error_code error;
      // One that cannot be examined may exist: reading it says what is wrong.
      if (!std::filesystem::exists(place, error) && !error) continue;
      sources.file = place;
      break;
    }
  }
  return sources;
}

std::optional<LoadedConfig> load_all_or_explain(const ConfigOptions& options) {
  LoadedConfig loaded = load_config(config_sources(options));
  for (const std::string& warning : loaded.warnings)
    fmt::print(stderr, "pacs: warning: {}\n", warning);
  for (const Error& problem : loaded.problems) {
    fmt::print(stderr, "pacs: {}{}{}\n", printable(problem.where),
               problem.where.empty() ? "" : ": ", printable(problem.message));
  }
  if (!loaded.problems.empty()) return std::nullopt;
  return loaded;
}

std::optional<Config> load_or_explain(const ConfigOptions& options) {
  std::optional<LoadedConfig> loaded = load_all_or_explain(options);
  if (!loaded) return std::nullopt;
  return std::move(loaded->config);
}

}  // namespace pacs::apps
