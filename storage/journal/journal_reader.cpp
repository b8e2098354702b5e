#include "storage/journal/journal_reader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "storage/disk/checksum.h"
#include "storage/journal/journal_format.h"

namespace pacs::storage {
namespace {

struct Segment {
  std::string name;
  std::unique_ptr<File> file;
  SegmentHeader header;
};

/// Makes `buffer` hold `length` bytes at `offset`; false at the end of the file.
Result<bool> fill(File& file, Bytes& buffer, std::uint64_t offset, std::uint64_t length) {
  buffer.resize(length);
  PACS_TRY(const auto got, file.read(buffer, offset));
  return got == length;
}

Result<std::vector<Segment>> open_segments(FileSystem& files,
                                           const std::filesystem::path& directory,
                                           std::vector<std::string>& unreadable) {
  PACS_TRY(const auto names, files.list(directory));
  std::vector<Segment> segments;
  Bytes block;
  for (const std::string& name : names) {
    PACS_TRY(auto file, files.open(directory / name, OpenMode::Read));
    PACS_TRY(const bool filled, fill(*file, block, 0, kJournalBlock));
    if (!filled) continue;
    if (auto header = decode_segment_header(block)) {
      segments.push_back({name, std::move(file), *header});
    } else if (std::ranges::any_of(block, [](std::byte byte) { return byte != std::byte{0}; })) {
      unreadable.push_back(name);  // else it was never used
    }
  }
  std::ranges::sort(segments, {}, [](const Segment& s) { return s.header.first_sequence; });
  return segments;
}

/// Bytes that are looked through at once for the next record.
constexpr std::uint64_t kSearchBytes = 1 << 20;

/// Reads one segment's records in order, whatever lies between them.
class SegmentReader {
 public:
  explicit SegmentReader(const Segment& segment) : segment_(segment) {}

  struct Found {
    RecordHeader header;
    ByteView head;  ///< valid until the next call
    std::uint64_t payload_at = 0;
  };
  /// The next record whose number is not below `least`; nullopt at the end.
  Result<std::optional<Found>> next(std::uint64_t least) {
    for (;;) {
      PACS_TRY(auto found, record_at(offset_, least));
      if (found) {
        offset_ += record_bytes(found->header);
        return found;
      }
      // Without a seed an object's bytes could pass for a record (journal_format.h).
      if (segment_.header.seed == 0) return std::nullopt;
      PACS_TRY(const auto begun, search(offset_ + kJournalBlock));
      if (!begun) return std::nullopt;
      offset_ = *begun;
    }
  }

 private:
  Result<std::optional<Found>> record_at(std::uint64_t offset, std::uint64_t least) {
    PACS_TRY(bool filled, fill(*segment_.file, head_blocks_, offset, kJournalBlock));
    if (!filled) return std::nullopt;
    const auto header = decode_record_header(head_blocks_);
    if (!header || header->sequence < least) return std::nullopt;
    const std::uint64_t head_length = round_to_block(kRecordHeaderBytes + header->head_bytes);
    if (head_length > kJournalBlock) {
      PACS_TRY(filled, fill(*segment_.file, head_blocks_, offset, head_length));
      if (!filled) return std::nullopt;
    }
    if (!head_is_intact(*header, head_blocks_, segment_.header.seed)) return std::nullopt;
    return Found{*header, ByteView(head_blocks_).subspan(kRecordHeaderBytes, header->head_bytes),
                 offset + head_length};
  }

  /// The next block from `offset` on that begins as a record does.
  Result<std::optional<std::uint64_t>> search(std::uint64_t offset) {
    for (;; offset += kSearchBytes) {
      searched_.resize(kSearchBytes);
      PACS_TRY(const auto got, segment_.file->read(searched_, offset));
      for (std::size_t at = 0; at + kJournalBlock <= got; at += kJournalBlock) {
        if (decode_record_header(ByteView(searched_).subspan(at, kJournalBlock))) {
          return offset + at;
        }
      }
      if (got < kSearchBytes) return std::nullopt;
    }
  }

  const Segment& segment_;
  std::uint64_t offset_ = kJournalBlock;
  Bytes head_blocks_, searched_;
};

class JournalReader {
 public:
  JournalReader(std::uint64_t checkpoint_sequence, std::vector<std::string> unreadable,
                const std::function<Result<>(const JournalRecord&)>& each)
      : checkpoint_(checkpoint_sequence), expected_(checkpoint_sequence + 1), each_(each) {
    contents_.checkpoint_sequence = contents_.last_sequence = checkpoint_sequence;
    contents_.unreadable = std::move(unreadable);
  }

  /// The segments in the order of their first numbers.
  Result<> read(const Segment& segment) {
    SegmentReader reader(segment);
    for (std::uint64_t least = segment.header.first_sequence;;) {
      PACS_TRY(const auto found, reader.next(least));
      if (!found) {
        before_ = &segment;
        return {};
      }
      least = found->header.sequence + 1;
      PACS_TRY(take(segment, *found));
    }
  }

  [[nodiscard]] JournalContents contents() { return std::move(contents_); }

 private:
  Result<> take(const Segment& segment, const SegmentReader::Found& found) {
    const std::uint64_t sequence = found.header.sequence;
    // Also of one that is not whole: its number is given (journal.h, J2).
    contents_.last_sequence = std::max(contents_.last_sequence, sequence);
    if (sequence > checkpoint_) {
      look_for_gap(segment, sequence);
      PACS_TRY(const bool filled,
               fill(*segment.file, payload_, found.payload_at, found.header.payload_bytes));
      JournalRecord record{sequence, found.head,
                           ByteView(payload_).subspan(found.header.payload_skip)};
      record.whole = filled && checksum(record.payload) == found.header.payload_checksum;
      if (!record.whole) {
        ++contents_.damaged;
        return each_(record);
      }
      if (sequence > expected_) contents_.missing.emplace_back(expected_, sequence - 1);
      expected_ = sequence + 1;
      PACS_TRY(each_(record));
    }
    return {};
  }

  /// Numbers without a head lie behind what was read last: at the end of the segment before, or
  /// in this one.
  void look_for_gap(const Segment& segment, std::uint64_t sequence) {
    const std::uint64_t first_unseen = std::exchange(unseen_, sequence + 1);
    if (first_unseen >= sequence) return;
    if (before_ != nullptr && first_unseen < segment.header.first_sequence) blame(*before_);
    if (segment.header.first_sequence < sequence) blame(segment);
  }
  void blame(const Segment& segment) {
    auto& names = contents_.unreadable;
    if (std::ranges::find(names, segment.name) == names.end()) names.push_back(segment.name);
  }

  const std::uint64_t checkpoint_;
  std::uint64_t expected_;
  std::uint64_t unseen_ = expected_;  // the first number of which no head was seen
  const Segment* before_ = nullptr;   // read before this one
  const std::function<Result<>(const JournalRecord&)>& each_;
  JournalContents contents_;
  Bytes payload_;
};

}  // namespace

Result<JournalContents> read_journal(FileSystem& files, const std::filesystem::path& directory,
                                     std::uint64_t checkpoint_sequence,
                                     const std::function<Result<>(const JournalRecord&)>& each) {
  std::vector<std::string> unreadable;
  PACS_TRY(const auto segments, open_segments(files, directory, unreadable));
  for (const Segment& segment : segments) {
    checkpoint_sequence = std::max(checkpoint_sequence, segment.header.checkpoint_sequence);
  }
  JournalReader reader(checkpoint_sequence, std::move(unreadable), each);
  for (const Segment& segment : segments) {
    // All records of a segment precede the first one of those begun later. (One may begin with the
    // number of an earlier one, if all that was written there failed.)
    const auto next =
        std::ranges::upper_bound(segments, segment.header.first_sequence, {},
                                 [](const Segment& other) { return other.header.first_sequence; });
    if (next != segments.end() && next->header.first_sequence <= checkpoint_sequence + 1) continue;
    PACS_TRY(reader.read(segment));
  }
  return reader.contents();
}

}  // namespace pacs::storage
