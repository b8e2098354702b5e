// FileWalk: the files below some paths, one at a time, in a fixed order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace pacs::apps {

/// What a folder holds that is no file to read: a link that leads nowhere or to a folder, a named
/// pipe, a socket.
struct PassedOver {
  std::filesystem::path path;
  std::string reason;
};

/// Gives each path that is a file, and every file below each that is a folder, names in order.
/// Holds one folder's names for each level, so a tree of any size can be walked. Links to files are
/// followed, links to folders only when given as roots: a loop would never end.
class FileWalk {
 public:
  explicit FileWalk(std::vector<std::filesystem::path> roots);
  [[nodiscard]] std::optional<std::filesystem::path> next();
  /// Paths that could not be read, with the reason.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  [[nodiscard]] const std::vector<PassedOver>& passed_over() const { return passed_over_; }

 private:
  void open(const std::filesystem::path& folder);
  void no_file(std::filesystem::path path, const std::error_code& error, bool root);

  std::vector<std::filesystem::path> waiting_;  ///< next one last
  std::size_t roots_left_;
  std::vector<std::string> problems_;
  std::vector<PassedOver> passed_over_;
};

/// How many files a walk would give.
[[nodiscard]] std::uint64_t count_files(const std::vector<std::filesystem::path>& roots);

}  // namespace pacs::apps
