#include "storage/journal/journal_format.h"

#include <algorithm>
#include <cstring>

#include "storage/disk/checksum.h"

namespace pacs::storage {
namespace {

constexpr std::uint32_t kRecordMagic = 0x31524A50;           // "PJR1"
constexpr std::uint64_t kSegmentMagic = 0x3230304C4E524A50;  // "PJRNL002"
constexpr std::uint64_t kFirstFormat = 0x3130304C4E524A50;   // "PJRNL001": without seed
constexpr std::size_t kSeedOffset = 64;
constexpr std::size_t kSegmentChecksumOffset = kSeedOffset + 8;

template <typename T>
void put(std::span<std::byte> to, std::size_t offset, T number) {
  store(to.data() + offset, number, ByteOrder::Little);
}
template <typename T>
T get(ByteView from, std::size_t offset) {
  return load<T>(from.data() + offset, ByteOrder::Little);
}

// Header without its checksum, then head.
std::uint64_t head_checksum(ByteView header, ByteView head, std::uint64_t seed) {
  Checksum sum(seed);
  sum.update(header.first(32));
  sum.update(head);
  return sum.value();
}

}  // namespace

//  0 magic  8 first sequence  16 checkpoint sequence  24 nothing (40 bytes)  64 seed  72 checksum
//  of [0,72)
void encode(const SegmentHeader& header, std::span<std::byte> block) {
  std::ranges::fill(block, std::byte{0});
  put(block, 0, kSegmentMagic);
  put(block, 8, header.first_sequence);
  put(block, 16, header.checkpoint_sequence);
  put(block, kSeedOffset, header.seed);
  put(block, kSegmentChecksumOffset, checksum(block.first(kSegmentChecksumOffset)));
}

std::optional<SegmentHeader> decode_segment_header(ByteView block) {
  if (block.size() < kJournalBlock) return std::nullopt;
  const bool seeded = get<std::uint64_t>(block, 0) == kSegmentMagic;
  if (!seeded && get<std::uint64_t>(block, 0) != kFirstFormat) return std::nullopt;
  const std::size_t covered = seeded ? kSegmentChecksumOffset : kSeedOffset;
  if (get<std::uint64_t>(block, covered) != checksum(block.first(covered))) return std::nullopt;
  SegmentHeader header;
  header.first_sequence = get<std::uint64_t>(block, 8);
  header.checkpoint_sequence = get<std::uint64_t>(block, 16);
  if (seeded) header.seed = get<std::uint64_t>(block, kSeedOffset);
  return header;
}

//  0 magic  4 head bytes  8 payload bytes  12 payload skip  16 sequence  24 payload checksum  32
//  checksum of [0,32)
//  + head
void encode(const RecordHeader& header, ByteView head, std::uint64_t seed,
            std::span<std::byte> to) {
  put(to, 0, kRecordMagic);
  put(to, 4, header.head_bytes);
  put(to, 8, header.payload_bytes);
  put(to, 12, header.payload_skip);
  put(to, 16, header.sequence);
  put(to, 24, header.payload_checksum);
  put(to, 32, head_checksum(to, head, seed));
  std::memcpy(to.data() + kRecordHeaderBytes, head.data(), head.size());
  std::ranges::fill(to.subspan(kRecordHeaderBytes + head.size()), std::byte{0});
}

std::optional<RecordHeader> decode_record_header(ByteView block) {
  if (block.size() < kRecordHeaderBytes || get<std::uint32_t>(block, 0) != kRecordMagic) {
    return std::nullopt;
  }
  RecordHeader header;
  header.head_bytes = get<std::uint32_t>(block, 4);
  header.payload_bytes = get<std::uint32_t>(block, 8);
  header.payload_skip = get<std::uint32_t>(block, 12);
  header.sequence = get<std::uint64_t>(block, 16);
  header.payload_checksum = get<std::uint64_t>(block, 24);
  if (header.head_bytes > kRecordBytesMax || header.payload_bytes > kRecordBytesMax ||
      header.payload_skip > header.payload_bytes) {
    return std::nullopt;
  }
  return header;
}

bool head_is_intact(const RecordHeader& header, ByteView head_blocks, std::uint64_t seed) {
  return get<std::uint64_t>(head_blocks, 32) ==
         head_checksum(head_blocks, head_blocks.subspan(kRecordHeaderBytes, header.head_bytes),
                       seed);
}

}  // namespace pacs::storage
