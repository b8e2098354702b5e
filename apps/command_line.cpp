#include "apps/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "apps/commands.h"
#include "apps/peer_options.h"

namespace pacs::apps {

void build_command_line(CLI::App& app, int& exit_code) {
  app.name("pacs");
  app.description("PACS System: takes, keeps and gives back DICOM studies.");
  app.footer(
      "Examples:\n"
      "  pacs serve                                   start with defaults, data in ./pacs-data\n"
      "  pacs echo 127.0.0.1 11112 -aec PACS          does it answer?\n"
      "  pacs store 127.0.0.1 11112 -aec PACS study/  send files and folders\n"
      "  pacs dump image.dcm                          show what is in a file\n"
      "  pacs config print --defaults > pacs.toml     a commented configuration to start from\n"
      "Exit codes: 0 success, 1 something failed, 2 wrong usage or configuration.\n"
      "`pacs COMMAND --help` says more of each command.");
  app.set_version_flag("--version", "pacs " PACS_VERSION);
  app.require_subcommand(1);
  add_serve(app, exit_code);
  add_echo(app, exit_code);
  add_store(app, exit_code);
  add_dump(app, exit_code);
  add_import(app, exit_code);
  add_verify(app, exit_code);
  add_config(app, exit_code);
  add_completion(app, exit_code);
}

int run_command_line(int argc, const char* const* argv) {
  CLI::App app;
  int exit_code = 0;
  build_command_line(app, exit_code);
  try {
    std::vector<std::string> arguments = with_long_flags(argc, argv);
    std::ranges::reverse(arguments);  // as the parser takes them
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;  // --help, --version
    const int code = app.exit(error);
    return asked ? code : 2;
  } catch (const std::exception& error) {
    // Nothing of ours throws: this is a library or memory that ended.
    fmt::print(stderr, "pacs: {}\n", error.what());
    return 1;
  }
  return exit_code;
}

}  // namespace pacs::apps
