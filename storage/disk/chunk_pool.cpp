#include "storage/disk/chunk_pool.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "storage/disk/aligned_buffer.h"

namespace pacs::storage {

std::shared_ptr<ChunkPool> ChunkPool::create(std::uint64_t bytes_max,
                                             std::uint64_t idle_bytes_max) {
  return std::shared_ptr<ChunkPool>(new ChunkPool(bytes_max, idle_bytes_max));
}

ChunkPool::~ChunkPool() {
  for (auto& list : idle_) {
    for (std::byte* memory : list) ::operator delete (memory, std::align_val_t{kDirectAlignment});
  }
}

std::unique_ptr<ChunkPool::Chunk> ChunkPool::take(std::size_t size_class) {
  const std::size_t bytes = kChunkBytes[size_class];
  std::byte* memory = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (bytes_in_use_ + bytes > bytes_max_) return nullptr;
    bytes_in_use_ += bytes;
    auto& list = idle_[size_class];
    if (!list.empty()) {
      memory = list.back();
      list.pop_back();
      idle_bytes_ -= bytes;
    }
  }
  if (memory == nullptr) {
    memory = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kDirectAlignment}));
  }
  return std::make_unique<Chunk>(shared_from_this(), memory, size_class);
}

void ChunkPool::give_back(std::byte* memory, std::size_t size_class) {
  const std::size_t bytes = kChunkBytes[size_class];
  {
    const std::lock_guard lock(mutex_);
    bytes_in_use_ -= bytes;
    if (idle_bytes_ + bytes <= idle_bytes_max_) {
      idle_[size_class].push_back(memory);
      idle_bytes_ += bytes;
      return;
    }
  }
  ::operator delete (memory, std::align_val_t{kDirectAlignment});
}

std::uint64_t ChunkPool::bytes_in_use() const {
  const std::lock_guard lock(mutex_);
  return bytes_in_use_;
}

std::size_t ChunkedBytes::append(ByteView bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    if (pieces_.empty() || pieces_.back().used == pieces_.back().chunk->capacity()) {
      auto chunk = pool_->take(pieces_.empty() ? 0 : 1);
      if (chunk == nullptr) break;
      pieces_.push_back({std::move(chunk), 0});
    }
    Piece& piece = pieces_.back();
    const std::size_t count = std::min(bytes.size() - taken, piece.chunk->capacity() - piece.used);
    std::memcpy(piece.chunk->data() + piece.used, bytes.data() + taken, count);
    piece.used += count;
    taken += count;
  }
  size_ += taken;
  return taken;
}

void ChunkedBytes::views(std::vector<ByteView>& to) const {
  for (const Piece& piece : pieces_) to.emplace_back(piece.chunk->data(), piece.used);
}

void ChunkedBytes::padded_views(std::vector<ByteView>& to) {
  for (const Piece& piece : pieces_) {
    const std::size_t padded = round_to_block(piece.used);
    std::memset(piece.chunk->data() + piece.used, 0, padded - piece.used);
    to.emplace_back(piece.chunk->data(), padded);
  }
}

std::size_t ChunkedBytes::copy(std::uint64_t offset, std::span<std::byte> to) const {
  std::size_t done = 0;
  for (const Piece& piece : pieces_) {
    if (done == to.size()) break;
    if (offset >= piece.used) {
      offset -= piece.used;
      continue;
    }
    const std::size_t count = std::min<std::uint64_t>(piece.used - offset, to.size() - done);
    std::memcpy(to.data() + done, piece.chunk->data() + offset, count);
    done += count;
    offset = 0;
  }
  return done;
}

void ChunkedBytes::clear() {
  pieces_.clear();
  size_ = 0;
}

}  // namespace pacs::storage
