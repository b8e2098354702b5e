#include "storage/journal_reader.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "storage/checksum.h"
#include "storage/journal_format.h"

namespace pacs::storage {
namespace {

struct Segment {
  std::unique_ptr<File> file;
  SegmentHeader header;
};

/// Makes `buffer` hold `length` bytes at `offset`; false at the end of the file.
Result<bool> fill(File& file, Bytes& buffer, std::uint64_t offset, std::uint64_t length) {
  buffer.resize(length);
  auto got = file.read(buffer, offset);
  if (!got) return fail(got.error());
  return *got == length;
}

Result<std::vector<Segment>> open_segments(FileSystem& files,
                                           const std::filesystem::path& directory) {
  auto names = files.list(directory);
  if (!names) return fail(names.error());
  std::vector<Segment> segments;
  Bytes block;
  for (const std::string& name : *names) {
    auto file = files.open(directory / name, OpenMode::Read);
    if (!file) return fail(file.error());
    auto filled = fill(**file, block, 0, kJournalBlock);
    if (!filled) return fail(filled.error());
    if (!*filled) continue;
    if (auto header = decode_segment_header(block)) {
      segments.push_back({std::move(*file), std::move(*header)});
    }
  }
  std::ranges::sort(segments, {}, [](const Segment& s) { return s.header.first_sequence; });
  return segments;
}

}  // namespace

Result<std::uint64_t> read_journal(FileSystem& files, const std::filesystem::path& directory,
                                   std::uint64_t checkpoint_sequence,
                                   const std::function<Status(const JournalRecord&)>& each) {
  auto segments = open_segments(files, directory);
  if (!segments) return fail(segments.error());
  std::uint64_t last = 0;
  for (const Segment& segment : *segments) {
    checkpoint_sequence = std::max(checkpoint_sequence, segment.header.checkpoint_sequence);
  }
  Bytes head_blocks, payload;
  for (const Segment& segment : *segments) {
    std::uint64_t offset = kJournalBlock;
    for (std::uint64_t expected = segment.header.first_sequence;; ++expected) {
      auto filled = fill(*segment.file, head_blocks, offset, kJournalBlock);
      if (!filled) return fail(filled.error());
      if (!*filled) break;
      const auto header = decode_record_header(head_blocks);
      if (!header || header->sequence != expected) break;
      const std::uint64_t head_length = round_to_block(kRecordHeaderBytes + header->head_bytes);
      if (head_length > kJournalBlock) {
        filled = fill(*segment.file, head_blocks, offset, head_length);
        if (!filled) return fail(filled.error());
        if (!*filled) break;
      }
      if (!head_is_intact(*header, head_blocks)) break;
      if (expected > checkpoint_sequence) {
        filled = fill(*segment.file, payload, offset + head_length, header->payload_bytes);
        if (!filled) return fail(filled.error());
        if (!*filled) break;
        const ByteView checked = ByteView(payload).subspan(header->payload_skip);
        if (checksum(checked) != header->payload_checksum) break;
        const ByteView head = ByteView(head_blocks).subspan(kRecordHeaderBytes, header->head_bytes);
        if (auto taken = each({expected, head, checked, segment.header.boot_id}); !taken) {
          return fail(taken.error());
        }
      }
      last = std::max(last, expected);
      offset += record_bytes(*header);
    }
  }
  return last;
}

}  // namespace pacs::storage
