#include "storage/index/header_compressor.h"

#include <random>

#include <gtest/gtest.h>

namespace pacs::storage {
namespace {

Bytes noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

TEST(HeaderCompressor, ComesBackWithAndWithoutBase) {
  HeaderCompressor compressor;
  for (const std::size_t size : {0U, 1U, 100U, 5000U, 300'000U}) {
    const Bytes header = noise(size, 1);
    const Bytes base = noise(5000, 2);
    EXPECT_EQ(compressor.decompress(compressor.compress(header)), header);
    EXPECT_EQ(compressor.decompress(compressor.compress(header, base), base), header);
  }
}

TEST(HeaderCompressor, AHeaderLikeItsBaseTakesLittle) {
  HeaderCompressor compressor;
  const Bytes base = noise(5000, 1);
  Bytes header = base;
  for (const std::size_t at : {100U, 1000U, 1001U, 4000U}) header[at] = std::byte{1};
  EXPECT_LT(compressor.compress(header, base).size(), 100U);
  EXPECT_GT(compressor.compress(header).size(), 4900U);
}

TEST(HeaderCompressor, ABaseCountsForOneHeaderOnly) {
  HeaderCompressor compressor;
  const Bytes base = noise(5000, 1), other = noise(5000, 3);
  (void)compressor.compress(base, base);
  EXPECT_EQ(compressor.decompress(compressor.compress(other)), other);
}

TEST(HeaderCompressor, ALongBaseIsNotUsed) {
  HeaderCompressor compressor;
  const Bytes base = noise(kHeaderBaseBytesMax + 1, 1);
  EXPECT_EQ(compressor.decompress(compressor.compress(base, base)), base);
}

TEST(HeaderCompressor, DamageIsCorrupt) {
  HeaderCompressor compressor;
  const Bytes header(5000, std::byte{7});
  const Bytes good = compressor.compress(header);
  EXPECT_EQ(compressor.decompress({}).error().kind, ErrorKind::Corrupt);
  for (std::size_t length = 0; length + 1 < good.size(); ++length) {
    EXPECT_FALSE(compressor.decompress(ByteView(good).first(length))) << length;
  }
  Bytes absurd = good;
  for (std::size_t i = 5; i < std::min<std::size_t>(absurd.size(), 9); ++i)
    absurd[i] = std::byte{0xFF};
  const auto result = compressor.decompress(absurd);
  EXPECT_TRUE(!result || result->size() <= 300U << 20);
  EXPECT_EQ(compressor.decompress(good), header) << "usable after an error";
}

}  // namespace
}  // namespace pacs::storage
