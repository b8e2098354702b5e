// Reads what a journal holds, in order: for recovery, and to look into one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "storage/disk/file_system.h"

namespace pacs::storage {

struct JournalRecord {
  std::uint64_t sequence = 0;
  ByteView head;     ///< valid during the call, as is
  ByteView payload;  ///< the payload behind what its checksum leaves out
  /// The payload is as it was written. Else it is what lies there: it was being written when the
  /// power went, and never acknowledged, or the disk has damaged it.
  bool whole = true;
};

struct JournalContents {
  std::uint64_t checkpoint_sequence = 0;  ///< the highest that was asked for or a segment names
  /// The highest sequence number seen, checkpoints and released records included; 0 for none.
  std::uint64_t last_sequence = 0;
  /// Sequence numbers, from and to, that no intact record has although a later one is there: of
  /// writes that failed, or lost by the disk.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> missing;
  std::uint64_t damaged = 0;  ///< records that were not whole
  /// Names of segments that hold what nobody can read, of which something may be missing.
  std::vector<std::string> unreadable;

  /// Whether all that was acknowledged is sure to have been read.
  [[nodiscard]] bool sound() const { return missing.empty() && damaged == 0 && unreadable.empty(); }
};

/// Calls `each` for every record with an intact head behind `checkpoint_sequence` and behind every
/// checkpoint that a segment names, in the order of sequence numbers. What is damaged is passed
/// over: no record depends on the one before. An error of `each` ends the reading.
[[nodiscard]] Result<JournalContents> read_journal(
    FileSystem& files, const std::filesystem::path& directory, std::uint64_t checkpoint_sequence,
    const std::function<Result<>(const JournalRecord&)>& each);

}  // namespace pacs::storage
