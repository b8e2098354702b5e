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

TEST(HeaderCompressor, EveryChangedByteIsNoticed) {
  HeaderCompressor compressor;
  const Bytes base = noise(300, 1);
  Bytes header = base;
  header[17] = std::byte{1};
  for (const bool with_base : {false, true}) {
    const Bytes good = compressor.compress(header, with_base ? ByteView(base) : ByteView{});
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (const unsigned bit : {1U, 0x10U, 0x80U}) {
        Bytes damaged = good;
        damaged[at] ^= static_cast<std::byte>(bit);
        const auto result = compressor.decompress(damaged, base);
        if (result) {
          EXPECT_EQ(*result, header) << "byte " << at << " bit " << bit;
        } else {
          EXPECT_EQ(result.error().kind, ErrorKind::Corrupt);
        }
      }
    }
  }
  const Bytes good = compressor.compress(header, base);
  EXPECT_EQ(compressor.decompress(good, noise(300, 2)).error().kind, ErrorKind::Corrupt);
  EXPECT_EQ(compressor.decompress(good).error().kind, ErrorKind::Corrupt) << "without its base";
}

// A header of 300 bytes 7, as programs before compressed it: without a checksum.
TEST(HeaderCompressor, ReadsWhatHasNoChecksum) {
  constexpr std::string_view kOld{"\0\x28\xB5\x2F\xFD\x60\x2C\0\x4D\0\0\x10\7\7\1\0\x27\x2A\xC0\2",
                                  20};
  HeaderCompressor compressor;
  EXPECT_EQ(compressor.decompress(as_bytes(kOld)), Bytes(300, std::byte{7}));
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
