#include "tests/storage/disk/fault_file_system.h"

#include <algorithm>
#include <fstream>
#include <utility>

namespace pacs::storage::test {
namespace {

Bytes read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Bytes bytes(std::filesystem::file_size(path));  // at once: databases are read at each flush
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

void write_whole(const std::filesystem::path& path, ByteView bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

class FaultFileSystem::FaultFile final : public File {
 public:
  FaultFile(std::shared_ptr<FaultFileSystem> system, Path path, std::unique_ptr<File> file,
            std::shared_ptr<Node> node)
      : system_(std::move(system)),
        path_(std::move(path)),
        file_(std::move(file)),
        node_(std::move(node)) {}

  Result<> write(std::span<const ByteView> parts, std::uint64_t offset) override {
    const std::lock_guard lock(system_->mutex_);
    if (auto stepped = system_->step("write", path_); !stepped) {
      // Half of it may have reached the disk.
      if (!parts.empty()) {
        const ByteView half =
            parts[0].first(parts[0].size() / 2 / kDirectAlignment * kDirectAlignment);
        if (!half.empty()) {
          (void)file_->write({&half, 1}, offset);
          note(offset, half.size());
        }
      }
      return stepped;
    }
    std::uint64_t length = 0;
    for (const ByteView part : parts) length += part.size();
    note(offset, length);
    return file_->write(parts, offset);
  }
  Result<std::size_t> read(std::span<std::byte> to, std::uint64_t offset) override {
    return file_->read(to, offset);
  }
  Result<> sync() override {
    const std::lock_guard lock(system_->mutex_);
    return system_->sync(*node_, path_);
  }
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  Result<std::uint64_t> size() override { return file_->size(); }
  Result<> leave_direct() override { return file_->leave_direct(); }
  Result<> resize(std::uint64_t length) override {
    const std::lock_guard lock(system_->mutex_);
    if (auto stepped = system_->step("resize", path_); !stepped) return stepped;
    node_->size = length;
    return file_->resize(length);
  }

 private:
  void note(std::uint64_t offset, std::uint64_t length) {
    auto& dirty = node_->dirty[offset];
    dirty = std::max(dirty, length);
    node_->size = std::max(node_->size, offset + length);
  }

  std::shared_ptr<FaultFileSystem> system_;
  Path path_;
  std::unique_ptr<File> file_;
  std::shared_ptr<Node> node_;
};

std::shared_ptr<FaultFileSystem> FaultFileSystem::create() {
  return std::shared_ptr<FaultFileSystem>(new FaultFileSystem);
}

bool FaultFileSystem::is_database(const Path& path) {
  return path.filename().native().find("sqlite") != std::string::npos;
}

void FaultFileSystem::fail_from(std::uint64_t n, ErrorKind kind) {
  const std::lock_guard lock(mutex_);
  operations_ = 0;
  fail_from_ = n;
  kind_ = kind;
}

void FaultFileSystem::fail_when(std::function<std::optional<Error>(const Operation&)> fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

Result<> FaultFileSystem::step(const char* name, const Path& path) {
  ++operations_;
  if (fail_from_ != 0 && operations_ >= fail_from_) {
    return fail(Error{kind_, std::string("fault in ") + name}.in(path.native()));
  }
  if (fault_) {
    if (auto error = fault_({name, path})) return fail(std::move(*error));
  }
  return {};
}

Result<> FaultFileSystem::sync(Node& node, const Path& path) {
  auto stepped = step("sync", path);
  if (is_database(path)) {
    if (stepped) {
      sync_database(path.parent_path());
    } else {
      database_dropped_ = true;
    }
  } else if (stepped) {
    flush(node, path);
  } else {
    drop(node);
  }
  return stepped;
}

void FaultFileSystem::drop(Node& node) {
  node.dirty.clear();
}

void FaultFileSystem::sync_database(const Path& folder) {
  if (frozen_) return;
  // What was dropped from the WAL reaches the disk only when it is written anew: when the WAL has
  // been moved into the database and is empty.
  std::error_code none;
  const auto wal_bytes = std::filesystem::file_size(folder / "index.sqlite-wal", none);
  database_dropped_ = database_dropped_ && !none && wal_bytes > 0;
  if (!database_dropped_) database_ = read_database(folder);
}

void FaultFileSystem::flush(Node& node, const Path& path) {
  if (frozen_) return;
  const auto file = real_->open(path, OpenMode::Read);
  if (!file) return;
  node.durable.resize(static_cast<std::size_t>(node.size));
  for (const auto& [offset, length] : node.dirty) {
    if (offset >= node.size) continue;
    const auto count = static_cast<std::size_t>(std::min(length, node.size - offset));
    (void)(*file)->read(std::span(node.durable).subspan(static_cast<std::size_t>(offset), count),
                        offset);
  }
  node.dirty.clear();
}

std::map<FaultFileSystem::Path, Bytes> FaultFileSystem::read_database(const Path& folder) {
  // Database and WAL belong together whichever of them was flushed.
  std::map<Path, Bytes> files;
  for (const char* name : {"index.sqlite", "index.sqlite-wal"}) {
    if (std::filesystem::exists(folder / name)) files[folder / name] = read_whole(folder / name);
  }
  return files;
}

void FaultFileSystem::freeze(const Path& root) {
  const std::lock_guard lock(mutex_);
  if (frozen_) return;
  frozen_ = true;
  database_at_freeze_ = read_database(root);
}

void FaultFileSystem::cut_power(const Path& root, bool keep_database) {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || entry.path().filename() == "lock") continue;
    if (is_database(entry.path()) && keep_database && !frozen_) continue;
    std::filesystem::remove(entry.path());
  }
  for (const auto& [path, node] : durable_names_) {
    write_whole(path, node->durable);
    node->dirty.clear();
    node->size = node->durable.size();
  }
  names_ = durable_names_;
  renames_.clear();
  for (const auto& [path, bytes] : keep_database ? database_at_freeze_ : database_) {
    write_whole(path, bytes);
  }
  database_at_freeze_.clear();
  database_dropped_ = false;
  frozen_ = false;
}

Result<std::unique_ptr<File>> FaultFileSystem::open(const Path& path, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  const bool creates = mode == OpenMode::Create || mode == OpenMode::CreateDirect;
  if (creates) {
    if (auto stepped = step("open", path); !stepped) return fail(stepped.error());
  }
  auto file = real_->open(path, mode);
  if (!file) return fail(file.error());
  auto& node = names_[path];
  if (!node) {
    node = std::make_shared<Node>();
    if (!creates) node->size = (*file)->size().value_or(0);
  } else if (creates) {
    node->size = 0;
    node->dirty.clear();
  }
  return std::make_unique<FaultFile>(shared_from_this(), path, std::move(*file), node);
}

Result<> FaultFileSystem::rename(const Path& from, const Path& to) {
  const std::lock_guard lock(mutex_);
  if (auto stepped = step("rename", from); !stepped) return stepped;
  if (auto renamed = real_->rename(from, to); !renamed) return renamed;
  names_[to] = names_[from];
  names_.erase(from);
  renames_.emplace_back(from, to);
  return {};
}

Result<> FaultFileSystem::remove(const Path& path) {
  const std::lock_guard lock(mutex_);
  if (auto stepped = step("remove", path); !stepped) return stepped;
  names_.erase(path);
  return real_->remove(path);
}

Result<> FaultFileSystem::make_directories(const Path& path) {
  const std::lock_guard lock(mutex_);
  if (auto stepped = step("make_directories", path); !stepped) return stepped;
  return real_->make_directories(path);
}

Result<> FaultFileSystem::sync_directory(const Path& path) {
  const std::lock_guard lock(mutex_);
  if (auto stepped = step("sync_directory", path); !stepped) return stepped;
  if (frozen_) return {};
  std::erase_if(renames_, [&](const auto& rename) {
    const auto& [from, to] = rename;
    if (from.parent_path() != path && to.parent_path() != path) return false;
    durable_names_.erase(from);
    if (names_.contains(to)) durable_names_[to] = names_[to];
    return true;
  });
  std::erase_if(durable_names_, [&](const auto& entry) {
    return entry.first.parent_path() == path && !names_.contains(entry.first);
  });
  for (const auto& [name, node] : names_) {
    if (name.parent_path() == path && !is_database(name)) durable_names_[name] = node;
  }
  if (std::filesystem::exists(path / "index.sqlite") && (database_.empty() || database_dropped_)) {
    sync_database(path);
  }
  return {};
}

Result<> FaultFileSystem::sync_all(const Path& path) {
  const std::lock_guard lock(mutex_);
  auto stepped = step("sync_all", path);
  for (const auto& [name, node] : names_) {
    if (is_database(name)) continue;
    if (stepped) {
      flush(*node, name);
    } else if (stepped.error().kind != ErrorKind::OutOfResources) {  // else it was not begun
      drop(*node);
    }
  }
  if (!stepped || frozen_) return stepped;
  renames_.clear();
  durable_names_.clear();
  for (const auto& [name, node] : names_) {
    if (!is_database(name)) durable_names_[name] = node;
  }
  return {};
}

Result<std::uint64_t> FaultFileSystem::free_bytes(const Path& path) {
  const std::lock_guard lock(mutex_);
  if (free_bytes_) return *free_bytes_;
  return real_->free_bytes(path);
}

Result<std::vector<std::string>> FaultFileSystem::list(const Path& path) {
  return real_->list(path);
}

}  // namespace pacs::storage::test
