#include "storage/disk/chunk_pool.h"

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "storage/disk/file_system.h"

namespace pacs::storage {
namespace {

std::string text_of(const ChunkedBytes& bytes) {
  std::vector<ByteView> views;
  bytes.views(views);
  std::string text;
  for (const ByteView view : views) text += as_text(view);
  return text;
}

TEST(ChunkPool, GivesAlignedMemoryUpToItsBound) {
  const auto pool = ChunkPool::create(80 << 10, 0);
  auto small = pool->take(0);
  auto large = pool->take(1);
  ASSERT_TRUE(small && large);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(small->data()) % kDirectAlignment, 0U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large->data()) % kDirectAlignment, 0U);
  EXPECT_EQ(pool->bytes_in_use(), 80U << 10);
  EXPECT_FALSE(pool->take(0));
  small.reset();
  EXPECT_TRUE(pool->take(0));
}

TEST(ChunkPool, KeepsIdleMemoryForTheNext) {
  const auto pool = ChunkPool::create(1 << 20, 1 << 20);
  auto chunk = pool->take(1);
  const std::byte* memory = chunk->data();
  chunk.reset();
  EXPECT_EQ(pool->take(1)->data(), memory);
}

TEST(ChunkPool, ServesManyThreads) {
  const auto pool = ChunkPool::create(4 << 20, 1 << 20);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        const auto chunk = pool->take(static_cast<std::size_t>(i % 2));
        ASSERT_TRUE(chunk);
        chunk->data()[0] = std::byte{1};
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(pool->bytes_in_use(), 0U);
}

TEST(ChunkedBytes, HoldsWhatWasAppended) {
  const auto pool = ChunkPool::create(1 << 20, 0);
  ChunkedBytes bytes(pool);
  std::string whole;
  for (int i = 0; i < 50; ++i) {
    const std::string piece(static_cast<std::size_t>(i * 77), static_cast<char>('a' + i % 26));
    EXPECT_EQ(bytes.append(as_bytes(piece)), piece.size());
    whole += piece;
  }
  EXPECT_EQ(bytes.size(), whole.size());
  EXPECT_EQ(text_of(bytes), whole);
  for (const std::size_t offset : {std::size_t{0}, std::size_t{16383}, std::size_t{16384},
                                   std::size_t{80000}, whole.size(), whole.size() + 5}) {
    Bytes to(1000);
    const std::size_t got = bytes.copy(offset, to);
    const std::string expected = offset < whole.size() ? whole.substr(offset, 1000) : "";
    EXPECT_EQ(as_text(ByteView(to).first(got)), expected);
  }
}

TEST(ChunkedBytes, PaddedViewsAreWholeBlocksWithZerosBehindTheEnd) {
  const auto pool = ChunkPool::create(1 << 20, 1 << 20);
  for (int round = 0; round < 2; ++round) {  // the second time over used memory
    ChunkedBytes bytes(pool);
    const std::string text(round == 0 ? 16'384 + 5000 : 100, 'x');
    ASSERT_EQ(bytes.append(as_bytes(text)), text.size());
    std::vector<ByteView> views;
    bytes.padded_views(views);
    std::string padded;
    for (const ByteView view : views) {
      EXPECT_EQ(view.size() % kDirectAlignment, 0U);
      padded += as_text(view);
    }
    EXPECT_EQ(padded.substr(0, text.size()), text);
    EXPECT_EQ(padded.find_first_not_of('\0', text.size()), std::string::npos);
  }
}

TEST(ChunkedBytes, TakesOnlyWhatThePoolAllows) {
  const auto pool = ChunkPool::create(16 << 10, 0);
  ChunkedBytes bytes(pool);
  EXPECT_EQ(bytes.append(Bytes(20'000)), 16'384U);
  EXPECT_EQ(bytes.append(Bytes(1)), 0U);
  bytes.clear();
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.append(Bytes(1)), 1U);
}

}  // namespace
}  // namespace pacs::storage
