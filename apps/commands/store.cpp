// pacs store: sends files and folders to a DICOM peer (C-STORE), several associations at once.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "apps/commands/commands.h"
#include "apps/options/file_walk.h"
#include "apps/options/peer_options.h"
#include "apps/output/progress.h"
#include "core/text.h"
#include "services/store/store_files.h"

namespace pacs::apps {

namespace {

using services::FileOutcome;
using services::FileResult;
using services::StorableFile;

/// This many files are inspected and sent at a time, few at first, so that sending begins at once;
/// the most bounds memory for trees of any size.
constexpr std::size_t kFilesAtFirst = 100, kFilesAtOnce = 10'000;

struct StoreArguments {
  PeerOptions peer;
  std::vector<std::string> arguments;
  services::StoreOptions store;
  bool no_convert = false;
  bool json = false;
  bool quiet = false;
};

struct NamedFile {
  std::string file, reason;
};

/// The outcome.
class StoreReport {
 public:
  explicit StoreReport(const StoreArguments& arguments)
      : json_(arguments.json),
        quiet_(arguments.quiet),
        progress_("storing", std::nullopt,
                  !arguments.quiet && !arguments.json && Progress::terminal()) {}

  void skipped(const std::string& path, const std::string& reason) {
    ++done_;
    skipped_.push_back({path, reason});
    if (!quiet_) say("skipped", path, reason);
  }
  void failed(const std::string& path, const std::string& reason) {
    ++done_;
    failed_.push_back({path, reason});
    say("failed", path, reason);
  }
  void sent(const StorableFile& file, const FileResult& result) {
    if (result.outcome == FileOutcome::Failed) return failed(file.path.string(), result.reason);
    ++done_;
    ++stored_;
    bytes_ += file.data_set_bytes;
    if (!result.departures.empty()) {
      warn(file, "its pixel data departs from the standard: " + result.departures.to_string());
    }
    if (result.outcome == FileOutcome::Warning) warn(file, result.reason);
    progress_.update(done_, bytes_, failed_.size());
  }

  /// Nothing failed and something was stored.
  [[nodiscard]] bool ok() const { return failed_.empty() && stored_ != 0; }

  void print() {
    progress_.clear();
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    if (json_) {
      fmt::print("{}\n", boost::json::serialize(boost::json::object{{"stored", stored_},
                                                                    {"bytes", bytes_},
                                                                    {"seconds", seconds},
                                                                    {"warnings", list(warnings_)},
                                                                    {"failed", list(failed_)},
                                                                    {"skipped", list(skipped_)}}));
      return;
    }
    if (quiet_) return;
    fmt::print("stored {} of {} files, {} in {:.2f} s ({}/s)", stored_, done_,
               human_bytes(static_cast<double>(bytes_)), seconds,
               human_bytes(static_cast<double>(bytes_) / std::max(seconds, 1e-6)));
    if (!warnings_.empty()) fmt::print(", {} with warnings", warnings_.size());
    if (!skipped_.empty()) fmt::print(", {} skipped", skipped_.size());
    if (!failed_.empty()) fmt::print(", {} failed", failed_.size());
    fmt::print("\n");
  }

 private:
  void warn(const StorableFile& file, const std::string& reason) {
    warnings_.push_back({file.path.string(), reason});
    if (!quiet_) say("warning", file.path.string(), reason);
  }
  void say(std::string_view what, const std::string& path, const std::string& reason) {
    if (json_) return;
    progress_.clear();
    fmt::print(stderr, "{}: {}: {}\n", what, printable(path), printable(reason));
  }
  static boost::json::array list(const std::vector<NamedFile>& files) {
    boost::json::array array;
    for (const NamedFile& entry : files) {
      array.push_back(boost::json::object{{"file", entry.file}, {"reason", entry.reason}});
    }
    return array;
  }

  const bool json_, quiet_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  Progress progress_;
  std::uint64_t done_ = 0, stored_ = 0, bytes_ = 0;
  std::vector<NamedFile> warnings_, failed_, skipped_;
};

/// Inspects the next files of the walk; reports those that cannot be sent.
std::vector<StorableFile> next_files(FileWalk& walk, std::size_t most, StoreReport& report) {
  std::vector<StorableFile> files;
  while (files.size() < most) {
    const std::optional<std::filesystem::path> path = walk.next();
    if (!path) break;
    Result<StorableFile> file = services::inspect_file(*path);
    if (file) {
      files.push_back(std::move(*file));
    } else if (file.error().kind == ErrorKind::Unsupported) {
      report.skipped(path->string(), file.error().message);
    } else {
      report.failed(path->string(), file.error().to_string());
    }
  }
  return files;
}

int run_store(StoreArguments arguments) {
  Result<network::RequestOptions> peer = take_peer(arguments.arguments, arguments.peer);
  if (!peer || arguments.arguments.empty()) {
    fmt::print(stderr, "pacs store: {}\n",
               peer ? "name the files or folders to store" : peer.error().message);
    return 2;
  }
  arguments.store.peer = std::move(*peer);
  arguments.store.peer.user.operations_window = {16, 1};  // used only as far as the peer grants it
  if (arguments.no_convert) arguments.store.conversions.clear();
  const std::vector<std::filesystem::path> roots{arguments.arguments.begin(),
                                                 arguments.arguments.end()};
  StoreReport report{arguments};
  FileWalk walk{roots};
  for (std::size_t most = kFilesAtFirst;; most = std::min(most * 10, kFilesAtOnce)) {
    const std::vector<StorableFile> files = next_files(walk, most, report);
    if (files.empty()) break;
    services::store_files(files, arguments.store, {}, [&](const FileResult& result) {
      report.sent(files[result.file], result);
    });
  }
  for (const NoFile& entry : walk.passed_over()) {
    report.skipped(entry.path.string(), entry.reason);
  }
  for (const NoFile& problem : walk.problems()) {
    report.failed(problem.path.string(), problem.reason);
  }
  report.print();
  return report.ok() ? 0 : 1;
}

}  // namespace

void add_store(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("store", "Send files and folders to a DICOM peer (C-STORE)");
  command->footer(
      "Examples:\n"
      "  pacs store 127.0.0.1 11112 -aec PACS study/\n"
      "  pacs store ORTHANC@192.0.2.7:4242 -j 4 a.dcm b.dcm folder/ --json\n"
      "Folders are searched recursively. Files go in the transfer syntax they are stored in. "
      "Where\n"
      "the peer does not take that, their images are decoded and go uncompressed; nothing is "
      "lost,\n"
      "and the files stay as they are. Files that are not DICOM objects are skipped and named.\n"
      "Exit code: 0 everything was stored, 1 something failed or nothing was there, 2 wrong "
      "usage.");
  auto arguments = std::make_shared<StoreArguments>();
  command
      ->add_option("peer-and-files", arguments->arguments,
                   "HOST PORT or AE@HOST:PORT, then files and folders")
      ->required();
  add_peer_options(*command, arguments->peer);
  command->add_option("-j,--associations", arguments->store.associations, "associations at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  command
      ->add_option("--retries", arguments->store.retries,
                   "further tries for a file whose association broke")
      ->capture_default_str();
  command->add_flag("--no-convert", arguments->no_convert,
                    "send only in the stored transfer syntax, never convert");
  command->add_flag("--json", arguments->json, "print one JSON object");
  command->add_flag("-q,--quiet", arguments->quiet, "print only what failed");
  command->callback([arguments, &exit_code] { exit_code = run_store(*arguments); });
}

}  // namespace pacs::apps
