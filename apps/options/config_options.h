// --config and --set, which every subcommand that works on the archive takes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/config/config.h"

namespace CLI {
class App;
}

namespace pacs::apps {

struct ConfigOptions {
  std::string file;                   ///< --config
  std::vector<std::string> settings;  ///< --set key=value
};

void add_config_options(CLI::App& command, ConfigOptions& options);

/// --config, else PACS_CONFIG, else ./pacs.toml, else /etc/pacs/pacs.toml, else defaults alone.
[[nodiscard]] ConfigSources config_sources(const ConfigOptions& options);

/// The configuration to run with; nullopt when it has problems, which are on standard error then.
[[nodiscard]] std::optional<Config> load_or_explain(const ConfigOptions& options);
/// The same, with where each value came from.
[[nodiscard]] std::optional<LoadedConfig> load_all_or_explain(const ConfigOptions& options);

}  // namespace pacs::apps
