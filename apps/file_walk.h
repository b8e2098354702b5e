// FileWalk: the files below some paths, one at a time, in a fixed order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pacs::apps {

/// Gives each path that is a file, and every file below each that is a folder, names in order.
/// Holds one folder's names for each level, so a tree of any size can be walked. Links to files are
/// followed, links to folders only when given as roots: a loop would never end.
class FileWalk {
 public:
  explicit FileWalk(std::vector<std::filesystem::path> roots);
  [[nodiscard]] std::optional<std::filesystem::path> next();
  /// Paths that could not be read, with the reason.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

 private:
  void open(const std::filesystem::path& folder);

  std::vector<std::filesystem::path> waiting_;  ///< next one last
  std::size_t roots_left_;
  std::vector<std::string> problems_;
};

/// How many files a walk would give.
[[nodiscard]] std::uint64_t count_files(const std::vector<std::filesystem::path>& roots);

}  // namespace pacs::apps
