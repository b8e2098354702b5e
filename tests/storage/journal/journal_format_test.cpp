#include "storage/journal/journal_format.h"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "core/bytes.h"
#include "storage/disk/checksum.h"

namespace pacs::storage {
namespace {

std::string hex(ByteView bytes) {
  std::string text;
  constexpr const char* kDigits = "0123456789abcdef";
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<int>(byte) >> 4];
    text += kDigits[std::to_integer<int>(byte) & 15];
  }
  return text;
}

TEST(JournalFormat, ARecordHasTheseBytes) {
  Bytes to(kJournalBlock, std::byte{0xFF});
  encode(RecordHeader{3, 0x0102, 0x03, 0x0A, 0x1122334455667788}, as_bytes("abc"), 0, to);
  EXPECT_EQ(hex(ByteView(to).first(32)),
            "504a5231"
            "03000000"
            "02010000"
            "03000000"
            "0a00000000000000"
            "8877665544332211");
  // XXH3-64 of [0,32) and head.
  EXPECT_EQ(hex(ByteView(to).subspan(32, 8)), "727ef181a2d717f0");
  const std::string covered = std::string(as_text(ByteView(to).first(32))) + "abc";
  EXPECT_EQ(load<std::uint64_t>(to.data() + 32, ByteOrder::Little), checksum(as_bytes(covered)));
  EXPECT_EQ(as_text(ByteView(to).subspan(40, 3)), "abc");
  for (std::size_t i = 43; i < to.size(); ++i) ASSERT_EQ(to[i], std::byte{0});
}

TEST(JournalFormat, ARecordHeaderComesBack) {
  Bytes to(kJournalBlock);
  encode(RecordHeader{5, 77, 70, 9, 1234}, as_bytes("hello"), 77, to);
  const auto header = decode_record_header(to);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->head_bytes, 5U);
  EXPECT_EQ(header->payload_bytes, 77U);
  EXPECT_EQ(header->payload_skip, 70U);
  EXPECT_EQ(header->sequence, 9U);
  EXPECT_EQ(header->payload_checksum, 1234U);
  EXPECT_TRUE(head_is_intact(*header, to, 77));
  EXPECT_FALSE(head_is_intact(*header, to, 78)) << "of another seed";
  EXPECT_EQ(record_bytes(*header), 2 * kJournalBlock);
}

TEST(JournalFormat, AnyChangedByteOfHeaderOrHeadIsSeen) {
  Bytes to(kJournalBlock);
  encode(RecordHeader{5, 77, 70, 9, 1234}, as_bytes("hello"), 77, to);
  for (std::size_t i = 0; i < kRecordHeaderBytes + 5; ++i) {
    Bytes changed = to;
    changed[i] ^= std::byte{1};
    const auto header = decode_record_header(changed);
    EXPECT_FALSE(header && header->head_bytes <= 4000 && head_is_intact(*header, changed, 77)) << i;
  }
}

TEST(JournalFormat, AbsurdLengthsAreNoRecord) {
  Bytes to(kJournalBlock);
  encode(RecordHeader{5, UINT32_MAX, 0, 9, 0}, as_bytes("hello"), 77, to);
  EXPECT_FALSE(decode_record_header(to));
  encode(RecordHeader{5, 77, 78, 9, 0}, as_bytes("hello"), 77, to);
  EXPECT_FALSE(decode_record_header(to)) << "more left out than there is";
  EXPECT_FALSE(decode_record_header(ByteView(to).first(39)));
}

TEST(JournalFormat, ASegmentHeaderComesBackAndAnyChangeIsSeen) {
  Bytes block(kJournalBlock, std::byte{0xFF});
  encode(SegmentHeader{7, 5, 0x1234}, block);
  const auto header = decode_segment_header(block);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->first_sequence, 7U);
  EXPECT_EQ(header->checkpoint_sequence, 5U);
  EXPECT_EQ(header->seed, 0x1234U);
  for (std::size_t i = 0; i < 80; ++i) {
    Bytes changed = block;
    changed[i] ^= std::byte{1};
    EXPECT_FALSE(decode_segment_header(changed)) << i;
  }
  EXPECT_FALSE(decode_segment_header(Bytes(kJournalBlock)));
}

TEST(JournalFormat, ASegmentHeaderOfTheFirstFormatHasNoSeed) {
  Bytes block(kJournalBlock);
  encode(SegmentHeader{7, 5, 0x1234}, block);
  block[7] = std::byte{'1'};
  const std::uint64_t sum = checksum(ByteView(block).first(64));
  const auto little =
      load<std::uint64_t>(reinterpret_cast<const std::byte*>(&sum), ByteOrder::Little);
  std::memcpy(block.data() + 64, &little, sizeof little);
  const auto header = decode_segment_header(block);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->first_sequence, 7U);
  EXPECT_EQ(header->seed, 0U);
}

}  // namespace
}  // namespace pacs::storage
