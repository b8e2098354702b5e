// ChunkPool: the memory that objects wait in between socket and disk. Bounded, aligned for direct
// I/O, and used again, so that a steady stream of objects costs no page faults.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/bytes.h"

namespace pacs::storage {

class ChunkPool : public std::enable_shared_from_this<ChunkPool> {
 public:
  /// A first chunk is small, so that a small object takes little; further ones are large.
  static constexpr std::array<std::size_t, 2> kChunkBytes = {16 << 10, 64 << 10};

  /// Gives its memory back when dropped; keeps the pool alive.
  class Chunk {
   public:
    Chunk(std::shared_ptr<ChunkPool> pool, std::byte* memory, std::size_t size_class)
        : pool_(std::move(pool)), memory_(memory), size_class_(size_class) {}
    ~Chunk() {
      if (pool_) pool_->give_back(memory_, size_class_);
    }
    Chunk(Chunk&& other) noexcept = default;
    Chunk& operator=(Chunk&&) = delete;
    [[nodiscard]] std::byte* data() const { return memory_; }
    [[nodiscard]] std::size_t capacity() const { return kChunkBytes[size_class_]; }

   private:
    std::shared_ptr<ChunkPool> pool_;
    std::byte* memory_;
    std::size_t size_class_;
  };

  /// `bytes_max` may be in use at a time, `idle_bytes_max` are kept for the next.
  static std::shared_ptr<ChunkPool> create(std::uint64_t bytes_max, std::uint64_t idle_bytes_max);
  ~ChunkPool();
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  /// Null when the pool is exhausted: the caller must do without.
  [[nodiscard]] std::unique_ptr<Chunk> take(std::size_t size_class);
  [[nodiscard]] std::uint64_t bytes_in_use() const;

 private:
  ChunkPool(std::uint64_t bytes_max, std::uint64_t idle_bytes_max)
      : bytes_max_(bytes_max), idle_bytes_max_(idle_bytes_max) {}
  void give_back(std::byte* memory, std::size_t size_class);

  const std::uint64_t bytes_max_, idle_bytes_max_;
  mutable std::mutex mutex_;
  std::uint64_t bytes_in_use_ = 0, idle_bytes_ = 0;
  std::array<std::vector<std::byte*>, kChunkBytes.size()> idle_;
};

/// Bytes in chunks of a pool, appended to and then only read.
class ChunkedBytes {
 public:
  explicit ChunkedBytes(std::shared_ptr<ChunkPool> pool) : pool_(std::move(pool)) {}
  /// Takes as much as the pool allows; returns how much.
  [[nodiscard]] std::size_t append(ByteView bytes);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Appends views of the content to `to`.
  void views(std::vector<ByteView>& to) const;
  /// The same with zeros behind the end up to a multiple of kDirectAlignment.
  void padded_views(std::vector<ByteView>& to);
  /// Copies what lies at `offset`; returns how much.
  [[nodiscard]] std::size_t copy(std::uint64_t offset, std::span<std::byte> to) const;
  void clear();

 private:
  struct Piece {
    std::unique_ptr<ChunkPool::Chunk> chunk;
    std::size_t used;
  };
  std::shared_ptr<ChunkPool> pool_;
  std::vector<Piece> pieces_;
  std::uint64_t size_ = 0;
};

}  // namespace pacs::storage
