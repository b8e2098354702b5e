#include "apps/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "apps/commands/commands.h"
#include "apps/options/peer_options.h"
#include "core/nearest.h"

namespace pacs::apps {

void build_command_line(CLI::App& app, int& exit_code) {
  app.name("pacs");
  app.description("PACS System: receives, stores and returns DICOM studies.");
  app.footer(
      "Examples:\n"
      "  pacs serve                                   start with defaults, data in ./pacs-data\n"
      "  pacs echo 127.0.0.1 11112 -aec PACS          does it answer?\n"
      "  pacs store 127.0.0.1 11112 -aec PACS study/  send files and folders\n"
      "  pacs find 127.0.0.1 11112 -aec PACS          what studies are there?\n"
      "  pacs get PACS@127.0.0.1:11112 -k StudyInstanceUID=1.2.3 --output study\n"
      "  pacs worklist list                           what is scheduled?\n"
      "  pacs dump image.dcm                          show what is in a file\n"
      "  pacs render image.dcm -o image.png           look at it\n"
      "  pacs config print --defaults > pacs.toml     a commented configuration to start from\n"
      "Exit codes: 0 success, 1 something failed, 2 wrong usage or configuration.\n"
      "`pacs COMMAND --help` explains each command.");
  app.set_version_flag("--version", "pacs " PACS_VERSION);
  app.require_subcommand(1);
  add_serve(app, exit_code);
  add_echo(app, exit_code);
  add_store(app, exit_code);
  add_find(app, exit_code);
  add_get(app, exit_code);
  add_move(app, exit_code);
  add_mpps(app, exit_code);
  add_commit(app, exit_code);
  add_worklist(app, exit_code);
  add_dump(app, exit_code);
  add_render(app, exit_code);
  add_import(app, exit_code);
  add_verify(app, exit_code);
  add_jobs(app, exit_code);
  add_token(app, exit_code);
  add_config(app, exit_code);
  add_completion(app, exit_code);
}

namespace {

/// What to say when the first argument names no command; "" when it does.
std::string unknown_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front().starts_with('-')) return {};
  Nearest nearest{arguments.front()};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == arguments.front()) return {};
    nearest.offer(command->get_name());
  }
  return fmt::format("pacs: there is no command \"{}\"{}\n", arguments.front(),
                     nearest.best().empty()
                         ? "; pacs --help lists them"
                         : fmt::format("; did you mean {}?", nearest.best().front()));
}

int run(int argc, const char* const* argv) {
  CLI::App app;
  int exit_code = 0;
  build_command_line(app, exit_code);
  try {
    std::vector<std::string> arguments = with_long_flags(argc - 1, argv + 1);
    if (arguments.empty()) {
      fmt::print(stderr, "{}\n", app.help());
      return 2;
    }
    if (const std::string said = unknown_command(app, arguments); !said.empty()) {
      fmt::print(stderr, "{}", said);
      return 2;
    }
    std::ranges::reverse(arguments);  // as the parser takes them
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;  // --help, --version
    const int code = app.exit(error);
    return asked ? code : 2;
  } catch (const std::exception& error) {
    // Our own code does not throw: this is a library, or memory has run out. Output that cannot be
    // written is reported below.
    if (std::ferror(stdout) == 0) fmt::print(stderr, "pacs: {}\n", error.what());
    return 1;
  }
  return exit_code;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  if (argc < 1) return 2;
  const int exit_code = run(argc, argv);
  // No reader of our output may take a part of it, or nothing, for the whole.
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && std::ferror(stdout) == 0) return exit_code;
  fmt::print(stderr, "pacs: standard output cannot be written\n");
  return exit_code == 0 ? 1 : exit_code;
}

}  // namespace pacs::apps
