// FileStorage: one Part 10 file for each object below a root, sharded so that no directory holds
// more than 4096 entries of one level. Objects stored one after the other lie together.
#pragma once

#include <array>
#include <mutex>
#include <optional>

#include "storage/disk/file_system.h"
#include "storage/objects/storage_interface.h"

namespace pacs::storage {

/// The key of the number-th object: twelve hexadecimal digits.
[[nodiscard]] std::string object_key(std::uint64_t number);
/// And back; nullopt when it is not such a key.
[[nodiscard]] std::optional<std::uint64_t> object_number(std::string_view key);

class FileStorage final : public ObjectStore {
 public:
  [[nodiscard]] static Result<std::unique_ptr<FileStorage>> open(std::shared_ptr<FileSystem> files,
                                                                 const std::filesystem::path& root);

  Result<std::unique_ptr<ObjectWriter>> begin(std::string_view key) override;
  Result<> put(std::string_view key, std::span<const ByteView> parts) override;
  Result<> finish(std::string_view key) override;
  Result<> discard(std::string_view key) override;
  Result<> discard_all() override;
  Result<std::string> set_aside(std::string_view key) override;
  Result<std::vector<std::string>> set_aside_unfinished() override;
  Result<std::string> set_aside(std::string_view name, std::span<const ByteView> parts) override;
  Result<std::vector<std::string>> names_aside() override;
  Result<> sync() override;
  Result<std::size_t> read(std::string_view key, std::uint64_t offset,
                           std::span<std::byte> to) override;
  Result<std::uint64_t> size(std::string_view key) override;
  void forget(std::string_view key) override;
  Result<> remove(std::string_view key) override;
  Result<> list(const std::function<bool(std::string_view, const std::string&)>& each) override;
  Result<std::string> last_key() override;

  /// "objects/000000/003/0000000030e8.dcm" below the root.
  [[nodiscard]] std::filesystem::path path_of(std::string_view key) const;

 private:
  FileStorage(std::shared_ptr<FileSystem> files, const std::filesystem::path& root);
  [[nodiscard]] std::filesystem::path incoming_path(std::string_view key) const;
  /// Of the object that lies there; empty when it is not an object.
  [[nodiscard]] std::string key_of(const std::filesystem::path& path) const;
  [[nodiscard]] Result<> put_direct(const std::filesystem::path& path,
                                    std::span<const ByteView> parts);
  [[nodiscard]] Result<> make_shard(const std::filesystem::path& file);
  [[nodiscard]] Result<std::string> move_aside(const std::filesystem::path& path);
  [[nodiscard]] Result<std::shared_ptr<File>> opened(std::string_view key);

  /// Files kept open for range reads: a viewer reads frame after frame of few objects.
  static constexpr std::size_t kOpenFiles = 32;
  struct OpenFile {
    std::string key;
    std::shared_ptr<File> file;
  };

  std::shared_ptr<FileSystem> files_;
  std::filesystem::path objects_, incoming_, aside_;
  std::mutex mutex_;
  std::array<OpenFile, kOpenFiles> open_files_;
  std::size_t next_slot_ = 0;
  std::filesystem::path made_shard_;  // the last one, to save asking for it again
};

}  // namespace pacs::storage
