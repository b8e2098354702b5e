#include "apps/options/file_walk.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "core/text.h"

namespace pacs::apps {

namespace fs = std::filesystem;

namespace {

bool is_link(const fs::path& path) {
  std::error_code ignored;
  return fs::is_symlink(fs::symlink_status(path, ignored));
}

}  // namespace

std::string NoFile::to_string() const {
  return printable(fmt::format("{}: {}", path.string(), reason));
}

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
  if (error) problems_.push_back({folder, error.message()});
  std::sort(waiting_.begin() + first, waiting_.end(), std::greater<>{});
}

// A path that cannot be examined may be a wanted file, so it is a problem; a broken link is not.
void FileWalk::no_file(fs::path path, const std::error_code& error, bool root) {
  const std::string reason = error ? error.message() : "neither a file nor a folder";
  const bool nowhere = error == std::errc::no_such_file_or_directory ||
                       error == std::errc::too_many_symbolic_link_levels;
  if (root || (error && !nowhere)) {
    problems_.push_back({std::move(path), reason});
  } else if (nowhere && is_link(path)) {
    passed_over_.push_back({std::move(path), "a link that leads nowhere: " + reason});
  } else {
    passed_over_.push_back({std::move(path), reason});
  }
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
      if (root || !is_link(path)) {
        open(path);
      } else {
        passed_over_.push_back({std::move(path), "a link to a folder: name it to go into it"});
      }
    } else if (fs::is_regular_file(status)) {
      return path;
    } else {
      no_file(std::move(path), error, root);
    }
  }
  return std::nullopt;
}

}  // namespace pacs::apps
