// pacs import: takes the DICOM files of a folder into the archive.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "apps/commands/commands.h"
#include "apps/options/config_options.h"
#include "apps/options/file_walk.h"
#include "apps/output/progress.h"
#include "apps/server/open_archive.h"
#include "core/text.h"
#include "services/store/import_files.h"

namespace pacs::apps {

namespace {

using services::ImportOutcome;
using services::ImportResult;

struct ImportArguments {
  ConfigOptions config;
  std::vector<std::filesystem::path> paths;
  std::size_t threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 8);
  bool json = false;
  bool quiet = false;
};

/// The outcome. The lists of files hold what a person must look at; the rest is counted.
class ImportReport {
 public:
  explicit ImportReport(const ImportArguments& arguments)
      : json_(arguments.json),
        quiet_(arguments.quiet),
        progress_("importing", std::nullopt, !quiet_ && !json_ && Progress::terminal()) {}

  void add(const ImportResult& result) {
    ++counts_[static_cast<std::size_t>(result.outcome)];
    ++done_;
    if (result.outcome == ImportOutcome::Failed) {
      failed(result.path.string(), result.reason);
    } else if (result.outcome == ImportOutcome::Kept) {
      differing_.push_back(entry(result.path.string(), result.reason));
      say("differs", result.path.string(), result.reason);
    } else if (result.outcome == ImportOutcome::NoObject) {
      if (!quiet_) say("skipped", result.path.string(), result.reason);
    } else {
      bytes_ += result.bytes;
    }
    progress_.update(done_, bytes_, failures_.size());
  }
  void skipped(const NoFile& entry) {
    add({.path = entry.path,
         .outcome = ImportOutcome::NoObject,
         .bytes = 0,
         .reason = entry.reason});
  }
  void failed(const std::string& path, const std::string& reason) {
    failures_.push_back(entry(path, reason));
    say("failed", path, reason);
  }
  /// Every object is in the archive. A file that was left out because it differs is not.
  [[nodiscard]] bool ok() const { return failures_.empty() && differing_.empty(); }

  void print() {
    progress_.clear();
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    if (json_) {
      fmt::print("{}\n", boost::json::serialize(boost::json::object{
                             {"files", done_},
                             {"stored", count(ImportOutcome::Stored)},
                             {"already_stored", count(ImportOutcome::AlreadyStored)},
                             {"kept", count(ImportOutcome::Kept)},
                             {"replaced", count(ImportOutcome::Replaced)},
                             {"skipped", count(ImportOutcome::NoObject)},
                             {"bytes", bytes_},
                             {"seconds", seconds},
                             {"differing", differing_},
                             {"failed", failures_}}));
      return;
    }
    if (quiet_) return;
    fmt::print("imported {} of {} files, {} in {:.2f} s ({}/s)", count(ImportOutcome::Stored),
               done_, human_bytes(static_cast<double>(bytes_)), seconds,
               human_bytes(static_cast<double>(bytes_) / std::max(seconds, 1e-6)));
    part(ImportOutcome::AlreadyStored, "already there");
    part(ImportOutcome::Kept, "differ from what is there and were left out");
    part(ImportOutcome::Replaced, "replaced what was there");
    part(ImportOutcome::NoObject, "skipped");
    if (!failures_.empty()) fmt::print(", {} failed", failures_.size());
    fmt::print("\n");
  }

 private:
  static boost::json::object entry(const std::string& path, const std::string& reason) {
    return {{"file", path}, {"reason", reason}};
  }
  [[nodiscard]] std::uint64_t count(ImportOutcome outcome) const {
    return counts_[static_cast<std::size_t>(outcome)];
  }
  void part(ImportOutcome outcome, std::string_view what) const {
    if (count(outcome) != 0) fmt::print(", {} {}", count(outcome), what);
  }
  void say(std::string_view what, const std::string& path, const std::string& reason) {
    if (json_) return;
    progress_.clear();
    fmt::print(stderr, "{}: {}: {}\n", what, printable(path), printable(reason));
  }

  const bool json_, quiet_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  Progress progress_;
  std::array<std::uint64_t, 6> counts_{};
  std::uint64_t done_ = 0, bytes_ = 0;
  boost::json::array failures_, differing_;
};

int run_import(const ImportArguments& arguments) {
  const std::optional<Config> config = load_or_explain(arguments.config);
  if (!config) return 2;
  Result<std::unique_ptr<storage::Archive>> archive = open_archive(*config);
  if (!archive) {
    fmt::print(stderr, "pacs import: {}\n", archive.error().to_string());
    return 1;
  }
  ImportReport report{arguments};
  FileWalk walk{arguments.paths};
  services::import_files(
      **archive, [&] { return walk.next(); },
      {.threads = arguments.threads, .commits_in_flight = 32},
      [&](const ImportResult& result) { report.add(result); });
  for (const NoFile& entry : walk.passed_over()) report.skipped(entry);
  for (const NoFile& problem : walk.problems()) {
    report.failed(problem.path.string(), problem.reason);
  }
  report.print();
  return report.ok() ? 0 : 1;
}

}  // namespace

void add_import(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("import", "Take the DICOM files of a folder into the archive");
  command->footer(
      "Examples:\n"
      "  pacs import /mnt/old-archive\n"
      "  pacs import --config /etc/pacs/pacs.toml --json disc1/ disc2/\n"
      "Works on the archive itself, so the server must not be running; the files stay where they\n"
      "are. After an interruption run it again: what is stored is skipped. A file that "
      "differs\n"
      "from the stored object with its SOP Instance UID is handled as storage.on_duplicate says.\n"
      "Exit code: 0 every object is in the archive, 1 some files failed, or differ and were left\n"
      "out (each is named), 2 wrong usage or configuration.");
  auto arguments = std::make_shared<ImportArguments>();
  command->add_option("paths", arguments->paths, "files and folders")->required();
  add_config_options(*command, arguments->config);
  command->add_option("-j,--threads", arguments->threads, "files read at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  command->add_flag("--json", arguments->json, "print one JSON object");
  command->add_flag("-q,--quiet", arguments->quiet, "print only what failed or differs");
  command->callback([arguments, &exit_code] { exit_code = run_import(*arguments); });
}

}  // namespace pacs::apps
