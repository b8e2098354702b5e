#include "services/worklist_folder.h"

#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "encoding/dicom_file.h"
#include "encoding/file_reader.h"
#include "storage/worklist_order.h"

namespace pacs::services {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSource = "file:";

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

}  // namespace

Result<std::vector<storage::NewWorklistItem>> read_worklist_file(
    const fs::path& path, std::optional<std::string_view> name) {
  const auto reader = FileReader::open(path);
  if (!reader) return fail(reader.error());
  if (reader->size() > kWorklistFileBytesMax) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("worklist_file_bytes_max: a file of {} bytes; {} at most",
                            reader->size(), kWorklistFileBytesMax));
  }
  auto content = reader->read(0, kWorklistFileBytesMax);
  if (!content) return fail(std::move(content.error()));
  const auto file = read_file(std::move(*content));
  if (!file) return fail(file.error());
  return storage::items_of_order(file->data_set, name);
}

Result<WorklistFolder::Files> WorklistFolder::list() const {
  Files files;
  std::error_code code;
  auto entry = fs::recursive_directory_iterator(folder_, code);
  if (code) return fail(io_error(code, folder_));
  for (; entry != fs::recursive_directory_iterator(); entry.increment(code)) {
    if (code) return fail(io_error(code, folder_));
    std::error_code gone;
    if (entry->is_directory(gone)) {
      // What is set aside stays aside; wlmscpfs knows no folders in folders.
      if (entry.depth() > 0 || entry->path().filename() == kFailedFolder) {
        entry.disable_recursion_pending();
      }
      continue;
    }
    if (entry->path().extension() != ".wl" || !entry->is_regular_file(gone)) continue;
    Seen seen;
    seen.bytes = entry->file_size(gone);
    if (!gone) seen.changed = entry->last_write_time(gone);
    if (gone) continue;  // between the listing and now
    files.emplace(entry->path().lexically_relative(folder_).string(), seen);
  }
  return files;
}

Status WorklistFolder::load_sources() {
  if (sources_loaded_) return {};
  const auto sources = worklist_->sources();
  if (!sources) return fail(sources.error());
  for (const std::string& source : *sources) {
    if (source.starts_with(kSource)) sources_.insert(source.substr(kSource.size()));
  }
  sources_loaded_ = true;
  return {};
}

void WorklistFolder::complain(const Error& error) {
  std::string text = error.to_string();
  if (text == last_complaint_) return;
  log_.error({}, "the worklist folder cannot be followed; trying again", {{"reason", text}});
  last_complaint_ = std::move(text);
}

void WorklistFolder::look() {
  auto files = list();
  // A folder that cannot be read is not an empty one: nothing is canceled for it.
  if (!files) return complain(files.error());
  if (auto loaded = load_sources(); !loaded) return complain(loaded.error());
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
  Status taken;
  const auto items = read_worklist_file(folder_ / name, name);
  if (!items) {
    taken = fail(items.error());
  } else {
    taken = worklist_->put_source(source_of(name), *items);
  }
  if (taken) {
    sources_.insert(name);
    last_complaint_.clear();
    log_.info({}, "worklist file taken",
              {{"file", name}, {"steps", std::to_string(items->size())}});
  } else if (is_of_file(taken.error())) {
    log_.warning({}, "worklist file set aside",
                 {{"file", name}, {"reason", taken.error().to_string()}});
    taken = set_aside(name, taken.error());
  }
  seen.done = taken.has_value();
  const bool gone = !taken && taken.error().kind == ErrorKind::NotFound;  // since it was listed
  if (!taken && !gone) complain(taken.error());
}

Status WorklistFolder::set_aside(const std::string& name, const Error& error) {
  // What an earlier, good file of this name brought stays: nobody has taken it back.
  if (sources_.contains(name)) {
    if (auto forgotten = worklist_->forget_source(source_of(name)); !forgotten) return forgotten;
    sources_.erase(name);
  }
  const fs::path to = folder_ / kFailedFolder / name;
  std::error_code code;
  fs::create_directories(to.parent_path(), code);
  if (!code) fs::rename(folder_ / name, to, code);
  if (code) return fail(io_error(code, to));
  std::ofstream note(to.string() + ".reason.txt");
  note << error.to_string() << '\n';
  return {};
}

void WorklistFolder::cancel_missing() {
  std::set<std::string> missing;
  for (const std::string& name : sources_) {
    if (!files_.contains(name)) missing.insert(name);
  }
  for (const std::string& name : missing) {
    if (!missing_.contains(name)) continue;  // maybe being replaced just now
    if (auto gone = worklist_->put_source(source_of(name), {}); !gone) {
      complain(gone.error());
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
