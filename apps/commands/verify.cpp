// pacs verify: re-reads every stored object and compares it with its checksum and the index.

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "apps/commands/commands.h"
#include "apps/options/config_options.h"
#include "apps/output/progress.h"
#include "apps/server/open_archive.h"

namespace pacs::apps {

namespace {

struct VerifyArguments {
  ConfigOptions config;
  bool json = false;
  bool quiet = false;
};

/// The number of objects is known only after verification has begun: the bar is made then.
Result<storage::VerifyReport> verify(storage::Archive& archive, bool shown) {
  std::unique_ptr<Progress> progress;
  return archive.verify([&](std::uint64_t done, std::uint64_t total) {
    if (!progress) progress = std::make_unique<Progress>("verifying", total, shown);
    progress->update(done, 0, 0);
    return true;
  });
}

void print_json(const storage::VerifyReport& report, double seconds) {
  boost::json::array problems;
  for (const Error& problem : report.problems) {
    problems.push_back(boost::json::object{{"kind", std::string{to_string(problem.kind)}},
                                           {"object", problem.where},
                                           {"reason", problem.message}});
  }
  fmt::print("{}\n", boost::json::serialize(boost::json::object{{"objects", report.objects},
                                                                {"bytes", report.bytes},
                                                                {"seconds", seconds},
                                                                {"problems", problems}}));
}

void print_text(const storage::VerifyReport& report, double seconds, bool quiet) {
  for (const Error& problem : report.problems) fmt::print(stderr, "{}\n", problem.to_string());
  if (quiet) return;
  fmt::print("verified {} objects, {} in {:.2f} s: {}\n", report.objects,
             human_bytes(static_cast<double>(report.bytes)), seconds,
             report.problems.empty() ? std::string{"all intact"}
                                     : fmt::format("{} problems", report.problems.size()));
}

int run_verify(const VerifyArguments& arguments) {
  const std::optional<Config> config = load_or_explain(arguments.config);
  if (!config) return 2;
  Result<std::unique_ptr<storage::Archive>> archive = open_existing_archive(*config);
  if (!archive) {
    fmt::print(stderr, "pacs verify: {}\n", archive.error().to_string());
    return 1;
  }
  const auto start = std::chrono::steady_clock::now();
  const Result<storage::VerifyReport> report =
      verify(**archive, !arguments.quiet && !arguments.json && Progress::terminal());
  if (!report) {
    fmt::print(stderr, "pacs verify: {}\n", with_remedy(report.error(), *config).to_string());
    return 1;
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (arguments.json) {
    print_json(*report, seconds);
  } else {
    print_text(*report, seconds, arguments.quiet);
  }
  return report->problems.empty() ? 0 : 1;
}

}  // namespace

void add_verify(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "verify", "Re-read every stored object against its checksum and the index");
  command->footer(
      "Examples:\n"
      "  pacs verify\n"
      "  pacs verify --config /etc/pacs/pacs.toml --json\n"
      "Works on the archive itself, so the server must not be running.\n"
      "Exit code: 0 everything is intact, 1 something is not (each is named) or there is\n"
      "no archive, 2 wrong usage.");
  auto arguments = std::make_shared<VerifyArguments>();
  add_config_options(*command, arguments->config);
  command->add_flag("--json", arguments->json, "print one JSON object");
  command->add_flag("-q,--quiet", arguments->quiet, "print only what is wrong");
  command->callback([arguments, &exit_code] { exit_code = run_verify(*arguments); });
}

}  // namespace pacs::apps
