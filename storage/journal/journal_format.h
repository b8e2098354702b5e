// The bytes of the journal: segments of records. docs/STORAGE_FORMAT.md draws them; encoder and
// decoder stand side by side here.
//
// Everything is little endian. A record begins on a block boundary and no block holds bytes of two
// records, so that writing one never touches one that was acknowledged.
#pragma once

#include <cstdint>
#include <optional>

#include "core/bytes.h"
#include "storage/disk/aligned_buffer.h"
#include "storage/disk/file_system.h"

namespace pacs::storage {

inline constexpr std::size_t kJournalBlock = kDirectAlignment;  // bytes
/// Above it a length in a record header is taken as damage.
inline constexpr std::uint64_t kRecordBytesMax = 8ULL << 20;

/// The first block of a segment.
struct SegmentHeader {
  std::uint64_t first_sequence = 0;       ///< of its first record
  std::uint64_t checkpoint_sequence = 0;  ///< up to here everything was durable elsewhere by then
  /// Of the checksums of its records: random, so that no object's bytes can pass for a record. 0 in
  /// segments of the first format, which had none.
  std::uint64_t seed = 0;
};
void encode(const SegmentHeader& header, std::span<std::byte> block);
[[nodiscard]] std::optional<SegmentHeader> decode_segment_header(ByteView block);

/// What stands before the head of a record.
struct RecordHeader {
  std::uint32_t head_bytes = 0;
  std::uint32_t payload_bytes = 0;
  /// Bytes at the payload's front that its checksum leaves out, for the head repeats them.
  std::uint32_t payload_skip = 0;
  std::uint64_t sequence = 0;
  std::uint64_t payload_checksum = 0;  ///< XXH3-64
};
inline constexpr std::size_t kRecordHeaderBytes = 40;

/// Blocks of a whole record.
[[nodiscard]] constexpr std::uint64_t record_bytes(const RecordHeader& header) {
  return round_to_block(kRecordHeaderBytes + header.head_bytes) +
         round_to_block(header.payload_bytes);
}
/// Fills `to` (round_to_block(kRecordHeaderBytes + head.size()) bytes) with header, head and zeros.
void encode(const RecordHeader& header, ByteView head, std::uint64_t seed, std::span<std::byte> to);
/// Looks at the front of a block; nullopt when no record begins there.
[[nodiscard]] std::optional<RecordHeader> decode_record_header(ByteView block);
/// Whether `head_blocks` (header, head and zeros) are as they were written.
[[nodiscard]] bool head_is_intact(const RecordHeader& header, ByteView head_blocks,
                                  std::uint64_t seed);

}  // namespace pacs::storage
