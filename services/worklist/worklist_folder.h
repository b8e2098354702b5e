// WorklistFolder: a folder of worklist files, as users of wlmscpfs keep them, kept in step with the
// worklist of the archive.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "core/result.h"
#include "integration/logging.h"
#include "storage/worklist/worklist.h"

namespace pacs::services {

/// Bytes of one worklist file; real ones stay below 8 KiB.
inline constexpr std::uint64_t kWorklistFileBytesMax = 4ULL << 20;
/// Where files go that cannot be taken, below the folder.
inline constexpr std::string_view kFailedFolder = "failed";
/// Files of one name that are kept there; further ones take the place of the last, so that a sender
/// that never tires does not fill the disk.
inline constexpr std::size_t kFailedOfNameMax = 1000;

/// An order from a file: with or without Part 10 header, in any transfer syntax and character set.
/// What identifiers it lacks are made from `name`. Errors name what is wrong with the file.
[[nodiscard]] Result<std::vector<storage::NewWorklistItem>> read_worklist_file(
    const std::filesystem::path& path, std::optional<std::string_view> name = std::nullopt);

/// Files *.wl of the folder and its subfolders (wlmscpfs has one for each AE title). Not for use
/// from two threads at once.
class WorklistFolder {
 public:
  /// The worklist outlives it.
  WorklistFolder(storage::Worklist& worklist, std::filesystem::path folder, integration::Logger log)
      : worklist_(&worklist), folder_(std::move(folder)), log_(std::move(log)) {}

  /// One look. A new or changed file is taken when it has not changed since the last look: before
  /// that it may be half written. The steps of a file that two looks miss are canceled.
  void look();

 private:
  struct Seen {
    std::uintmax_t bytes = 0;
    std::filesystem::file_time_type changed{};
    bool done = false;  // taken or set aside

    [[nodiscard]] bool same_file(const Seen& other) const {
      return bytes == other.bytes && changed == other.changed;
    }
  };
  using Files = std::map<std::string, Seen>;  // by path below the folder

  [[nodiscard]] Result<Files> list() const;
  [[nodiscard]] Result<> load_sources();
  void take(const std::string& name, Seen& seen);
  void set_aside(const std::string& name, Seen& seen, const Error& why);
  [[nodiscard]] Result<std::filesystem::path> move_aside(const std::string& name, const Error& why);
  void cancel_missing();
  void complain(const std::string& message, const std::string& name, const Error& error);

  storage::Worklist* worklist_;
  std::filesystem::path folder_;
  integration::Logger log_;
  Files files_;
  bool sources_loaded_ = false;
  std::set<std::string> sources_;  // names that the worklist has items of
  std::set<std::string> missing_;  // of those, not there at the last look
  // What this look complained of, and the one before: a lasting complaint is logged once.
  std::set<std::string> complaints_, complaints_before_;
};

/// Looks at a folder every few seconds, on a thread of its own.
class WorklistFolderWatch {
 public:
  WorklistFolderWatch(WorklistFolder folder, std::chrono::milliseconds every);
  ~WorklistFolderWatch();
  WorklistFolderWatch(const WorklistFolderWatch&) = delete;
  WorklistFolderWatch& operator=(const WorklistFolderWatch&) = delete;

 private:
  void run(std::chrono::milliseconds every);

  WorklistFolder folder_;
  std::mutex mutex_;
  std::condition_variable ends_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace pacs::services
