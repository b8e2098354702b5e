// Reads what a journal holds, in order: for recovery, and to look into one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/bytes.h"
#include "core/result.h"
#include "storage/file_system.h"

namespace pacs::storage {

struct JournalRecord {
  std::uint64_t sequence = 0;
  ByteView head;     ///< valid during the call, as is
  ByteView payload;  ///< the payload behind what its checksum leaves out
  std::string_view boot_id;
};

/// Calls `each` for every intact record behind `checkpoint_sequence` and behind every checkpoint
/// that a segment names, in the order of sequence numbers. A segment ends at its first record that
/// is not intact: what lies behind was never acknowledged. An error of `each` ends the reading.
/// Returns the highest sequence number seen, of released records, too; 0 for an empty journal.
[[nodiscard]] Result<std::uint64_t> read_journal(
    FileSystem& files, const std::filesystem::path& directory, std::uint64_t checkpoint_sequence,
    const std::function<Status(const JournalRecord&)>& each);

}  // namespace pacs::storage
