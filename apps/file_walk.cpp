#include "apps/file_walk.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "core/text.h"

namespace pacs::apps {

namespace fs = std::filesystem;

FileWalk::FileWalk(std::vector<fs::path> roots)
    : waiting_(std::move(roots)), roots_left_(waiting_.size()) {
  std::ranges::reverse(waiting_);
}

void FileWalk::open(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator entries{folder, error};
  const auto first = static_cast<std::ptrdiff_t>(waiting_.size());
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) {
    waiting_.push_back(entries->path());
  }
  if (error)
    problems_.push_back(fmt::format("{}: {}", printable(folder.string()), error.message()));
  std::sort(waiting_.begin() + first, waiting_.end(), std::greater<>{});
}

std::optional<fs::path> FileWalk::next() {
  while (!waiting_.empty()) {
    const bool root = waiting_.size() <= roots_left_;
    fs::path path = std::move(waiting_.back());
    waiting_.pop_back();
    if (root) roots_left_ = waiting_.size();
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) {
      if (root || !fs::is_symlink(fs::symlink_status(path, error))) open(path);
    } else if (fs::is_regular_file(status)) {
      return path;
    } else if (root) {
      problems_.push_back(fmt::format("{}: {}", printable(path.string()),
                                      error ? error.message() : "neither a file nor a folder"));
    }
  }
  return std::nullopt;
}

std::uint64_t count_files(const std::vector<fs::path>& roots) {
  FileWalk walk{roots};
  std::uint64_t count = 0;
  while (walk.next()) ++count;
  return count;
}

}  // namespace pacs::apps
