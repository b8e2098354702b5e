#include "services/worklist/worklist_folder.h"

#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "encoding/data_sets/dicom_file.h"
#include "encoding/data_sets/file_reader.h"
#include "storage/worklist/worklist_order.h"

namespace pacs::services {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSource = "file:";
constexpr std::string_view kReasonSuffix = ".reason.txt";
constexpr const char* kNotFollowed = "the worklist folder cannot be followed";

std::string source_of(const std::string& name) {
  return std::string(kSource) + name;
}

/// Whether an error is the file's own: others pass, and the file is tried again.
bool is_of_file(const Error& error) {
  switch (error.kind) {
    case ErrorKind::Malformed:
    case ErrorKind::Truncated:
    case ErrorKind::LimitExceeded:
    case ErrorKind::Unsupported:
    case ErrorKind::InvalidArgument:
    case ErrorKind::Mismatch:
      return true;
    default:
      return false;
  }
}

Error io_error(const std::error_code& code, const fs::path& path) {
  return Error{ErrorKind::Io, code.message()}.in(path.string());
}

/// a.wl, a.2.wl, a.3.wl: the first that is not there, nor its reason.
fs::path free_name(const fs::path& folder, const fs::path& name) {
  fs::path free = name;
  for (std::size_t number = 2; number <= kFailedOfNameMax; ++number) {
    std::error_code ignored;
    if (!fs::exists(folder / free, ignored) &&
        !fs::exists((folder / free).string() + std::string(kReasonSuffix), ignored)) {
      break;
    }
    free = name.parent_path() /
           fmt::format("{}.{}{}", name.stem().string(), number, name.extension().string());
  }
  return free;
}

}  // namespace

Result<std::vector<storage::NewWorklistItem>> read_worklist_file(
    const fs::path& path, std::optional<std::string_view> name) {
  PACS_TRY(const FileReader reader, FileReader::open(path));
  if (reader.size() > kWorklistFileBytesMax) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("worklist_file_bytes_max: a file of {} bytes; {} at most",
                            reader.size(), kWorklistFileBytesMax));
  }
  PACS_TRY(auto content, reader.read(0, kWorklistFileBytesMax));
  PACS_TRY(const auto file, read_file(std::move(content)));
  return storage::items_of_order(file.data_set, name);
}

Result<WorklistFolder::Files> WorklistFolder::list() const {
  Files files;
  std::error_code code;
  auto entry = fs::recursive_directory_iterator(folder_, code);
  fs::path at = folder_;
  for (; !code && entry != fs::recursive_directory_iterator(); entry.increment(code)) {
    at = entry->path();
    std::error_code gone;
    if (entry->is_directory(gone)) {
      // Files set aside are not looked at again; wlmscpfs has no folders in folders.
      if (entry.depth() > 0 || entry->path().filename() == kFailedFolder) {
        entry.disable_recursion_pending();
      }
      continue;
    }
    if (at.extension() != ".wl") continue;
    Seen seen;
    const bool is_file = entry->is_regular_file(gone);
    if (is_file && !gone) seen.bytes = entry->file_size(gone);
    if (is_file && !gone) seen.changed = entry->last_write_time(gone);
    if (gone && gone != std::errc::no_such_file_or_directory) {  // it may be there
      return fail(io_error(gone, at));
    }
    if (!is_file || gone) continue;  // between the listing and now
    files.emplace(at.lexically_relative(folder_).string(), seen);
  }
  // After an error the iterator is at its end: what was not listed is not gone for that.
  if (code) return fail(io_error(code, at));
  return files;
}

Result<> WorklistFolder::load_sources() {
  if (sources_loaded_) return {};
  PACS_TRY(const auto sources, worklist_->sources());
  for (const std::string& source : sources) {
    if (source.starts_with(kSource)) sources_.insert(source.substr(kSource.size()));
  }
  sources_loaded_ = true;
  return {};
}

/// `name` is that of the file, or empty.
void WorklistFolder::complain(const std::string& message, const std::string& name,
                              const Error& error) {
  const std::string reason = error.to_string();
  std::string complaint = fmt::format("{}\n{}\n{}", message, name, reason);
  if (!complaints_before_.contains(complaint)) {
    log_.error({}, message + "; trying again", {{"file", name}, {"reason", reason}});
  }
  complaints_.insert(std::move(complaint));
}

void WorklistFolder::look() {
  complaints_before_ = std::exchange(complaints_, {});
  auto files = list();
  // A folder that cannot be read is not an empty one: nothing is canceled for it.
  if (!files) return complain(kNotFollowed, {}, files.error());
  if (auto loaded = load_sources(); !loaded) return complain(kNotFollowed, {}, loaded.error());
  const Files before = std::exchange(files_, std::move(*files));
  for (auto& [name, seen] : files_) {
    const auto known = before.find(name);
    if (known == before.end() || !seen.same_file(known->second)) continue;
    seen.done = known->second.done;
    if (!seen.done) take(name, seen);
  }
  cancel_missing();
}

void WorklistFolder::take(const std::string& name, Seen& seen) {
  Result<> taken;
  const auto items = read_worklist_file(folder_ / name, name);
  if (!items) {
    taken = fail(items.error());
  } else {
    taken = worklist_->put_source(source_of(name), *items);
  }
  if (taken) {
    seen.done = true;
    sources_.insert(name);
    log_.info({}, "worklist file taken",
              {{"file", name}, {"steps", std::to_string(items->size())}});
  } else if (is_of_file(taken.error())) {
    set_aside(name, seen, taken.error());
  } else if (taken.error().kind != ErrorKind::NotFound) {  // else it went since it was listed
    complain("a worklist file cannot be taken", name, taken.error());
  }
}

void WorklistFolder::set_aside(const std::string& name, Seen& seen, const Error& why) {
  // The steps of an earlier, good file of this name stay: nobody has canceled them.
  if (sources_.contains(name)) {
    if (auto forgotten = worklist_->forget_source(source_of(name)); !forgotten) {
      return complain("a worklist file cannot be set aside and stays", name, forgotten.error());
    }
    sources_.erase(name);
  }
  const Result<fs::path> moved = move_aside(name, why);
  if (!moved) {
    Error both = moved.error();
    both.message = fmt::format("{}; it cannot be taken: {}", both.message, why.to_string());
    return complain("a worklist file cannot be set aside and stays", name, both);
  }
  seen.done = true;
  log_.warning({}, "worklist file set aside",
               {{"file", name}, {"as", moved->string()}, {"reason", why.to_string()}});
}

/// Moves it, with its reason beside it; gives where it is now.
Result<fs::path> WorklistFolder::move_aside(const std::string& name, const Error& why) {
  const fs::path folder = folder_ / kFailedFolder;
  const fs::path to = folder / free_name(folder, name);
  std::error_code code;
  fs::create_directories(to.parent_path(), code);
  if (!code) fs::rename(folder_ / name, to, code);
  if (code) return fail(io_error(code, to));
  std::ofstream note(to.string() + std::string(kReasonSuffix));
  note << why.to_string() << '\n';
  return to;
}

void WorklistFolder::cancel_missing() {
  std::set<std::string> missing;
  for (const std::string& name : sources_) {
    if (!files_.contains(name)) missing.insert(name);
  }
  for (const std::string& name : missing) {
    if (!missing_.contains(name)) continue;  // maybe being replaced just now
    if (auto gone = worklist_->put_source(source_of(name), {}); !gone) {
      complain("the steps of a worklist file that is gone cannot be canceled", name, gone.error());
      continue;
    }
    sources_.erase(name);
    log_.info({}, "worklist file gone: its steps are canceled", {{"file", name}});
  }
  missing_ = std::move(missing);
}

WorklistFolderWatch::WorklistFolderWatch(WorklistFolder folder, std::chrono::milliseconds every)
    : folder_(std::move(folder)), thread_([this, every] { run(every); }) {}

WorklistFolderWatch::~WorklistFolderWatch() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ends_.notify_all();
  thread_.join();
}

void WorklistFolderWatch::run(std::chrono::milliseconds every) {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    lock.unlock();
    folder_.look();
    lock.lock();
    ends_.wait_for(lock, every, [this] { return ended_; });
  }
}

}  // namespace pacs::services
