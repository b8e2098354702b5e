// FaultFileSystem: real files whose operations can fail, and whose power can be cut: then
// everything is as it was when it was last flushed.
//
// Stricter than most kernels: what was written and not flushed is gone, a name is gone until its
// directory was flushed. A flush that fails is as on Linux: it drops what was to be flushed, which
// can be read until the power goes, and the next one succeeds without it. SQLite writes past this
// seam; at a power cut its files go back to where they were at their last flush, or stay, as the
// test wants: both can happen.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "storage/disk/file_system.h"

namespace pacs::storage::test {

class FaultFileSystem final : public FileSystem,
                              public std::enable_shared_from_this<FaultFileSystem> {
 public:
  /// What an operation is about: given to the test's own fault.
  struct Operation {
    std::string name;  ///< "open", "write", "sync", "rename", "remove", "sync_all", ...
    Path path;
  };

  static std::shared_ptr<FaultFileSystem> create();

  /// The n-th operation from now that changes or flushes something fails, and all after it, as
  /// after a disk that filled or died; 0: none.
  void fail_from(std::uint64_t n, ErrorKind kind);
  /// Operations counted since fail_from.
  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  /// An error for each operation that the test dislikes; a flush drops what it was to flush.
  void fail_when(std::function<std::optional<Error>(const Operation&)> fault);
  void set_free_bytes(std::optional<std::uint64_t> bytes) { free_bytes_ = bytes; }

  /// From now on nothing reaches the disk any more, though everybody is told so: the moment of the
  /// cut, while the program still runs. `root` is the archive's folder.
  void freeze(const Path& root);
  /// Makes the folder what it would be after the cut. Nobody may have files open.
  void cut_power(const Path& root, bool keep_database);

  Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) override;
  Result<> rename(const Path& from, const Path& to) override;
  Result<> remove(const Path& path) override;
  Result<> make_directories(const Path& path) override;
  Result<> sync_directory(const Path& path) override;
  Result<> sync_all(const Path& path) override;
  Result<std::uint64_t> free_bytes(const Path& path) override;
  Result<std::vector<std::string>> list(const Path& path) override;

 private:
  struct Node {  // one file, whatever its names
    Bytes durable;
    std::map<std::uint64_t, std::uint64_t> dirty;  // offset -> length, written and not flushed
    std::uint64_t size = 0;
  };
  class FaultFile;

  FaultFileSystem() : real_(make_file_system()) {}
  [[nodiscard]] Result<> step(const char* name, const Path& path);
  [[nodiscard]] Result<> sync(Node& node, const Path& path);
  void flush(Node& node, const Path& path);
  void drop(Node& node);
  void sync_database(const Path& folder);
  [[nodiscard]] static std::map<Path, Bytes> read_database(const Path& folder);
  [[nodiscard]] static bool is_database(const Path& path);

  std::shared_ptr<FileSystem> real_;
  std::recursive_mutex mutex_;
  std::atomic<std::uint64_t> operations_ = 0;
  std::uint64_t fail_from_ = 0;
  ErrorKind kind_ = ErrorKind::Io;
  std::function<std::optional<Error>(const Operation&)> fault_;
  std::optional<std::uint64_t> free_bytes_;
  bool frozen_ = false;
  std::map<Path, std::shared_ptr<Node>> names_, durable_names_;
  std::vector<std::pair<Path, Path>> renames_;  // not durable yet
  std::map<Path, Bytes> database_;              // as of its last flush
  bool database_dropped_ = false;               // a flush failed, and the WAL is still that one
  std::map<Path, Bytes> database_at_freeze_;    // all that SQLite had written by then
};

}  // namespace pacs::storage::test
