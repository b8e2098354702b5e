// FileWalk: the files below some paths, one at a time, in a fixed order.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace pacs::apps {

/// A path that gives no file, and why.
struct NoFile {
  std::filesystem::path path;
  std::string reason;
  /// "a/b: No such file or directory", printable.
  [[nodiscard]] std::string to_string() const;
};

/// Gives each path that is a file, and every file below each that is a folder, in order of name.
/// Holds one folder's names for each level, so a tree of any size can be walked. Links to files are
/// followed, links to folders only when given as roots: a loop would never end.
class FileWalk {
 public:
  explicit FileWalk(std::vector<std::filesystem::path> roots);
  [[nodiscard]] std::optional<std::filesystem::path> next();
  /// What could not be read.
  [[nodiscard]] const std::vector<NoFile>& problems() const { return problems_; }
  /// Entries of folders that are not files to read: a link that leads nowhere or to a folder, a
  /// named pipe, a socket.
  [[nodiscard]] const std::vector<NoFile>& passed_over() const { return passed_over_; }

 private:
  void open(const std::filesystem::path& folder);
  void no_file(std::filesystem::path path, const std::error_code& error, bool root);

  std::vector<std::filesystem::path> waiting_;  ///< next one last
  std::size_t roots_left_;
  std::vector<NoFile> problems_, passed_over_;
};

}  // namespace pacs::apps
