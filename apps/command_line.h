// The command line of `pacs`: one subcommand for each file of apps/commands/commands.h.
#pragma once

namespace CLI {
class App;
}

namespace pacs::apps {

/// Adds --version, help and every subcommand.
void build_command_line(CLI::App& app, int& exit_code);

/// Runs what the arguments say and returns the exit code: 0 success, 1 something failed, 2 wrong
/// usage or configuration.
[[nodiscard]] int run_command_line(int argc, const char* const* argv);

}  // namespace pacs::apps
