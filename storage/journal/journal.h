// Journal: makes small things durable in one sequential write and one flush for all who wait.
//
// Records go into preallocated segment files that are overwritten again and again, so that a flush
// moves data only and no metadata of the file system. One thread writes: it takes all that waits,
// writes it with one call, flushes once and answers all.
//
// Invariants
//  J1 A record is acknowledged only after its bytes and all before it were flushed.
//  J2 Sequence numbers only grow; one that failed is never used again.
//  J3 After a failed write or flush nothing more goes to that segment: what it holds behind the
//     last acknowledged record is unknown. After a failed flush nothing is accepted at all until
//     the archive is opened again, for the kernel may have dropped pages of any earlier write.
//  J4 A segment is written anew only when everything in it is durable elsewhere (`release`).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "storage/disk/aligned_buffer.h"
#include "storage/disk/file_system.h"
#include "storage/journal/journal_format.h"

namespace pacs::storage {

struct JournalOptions {
  std::filesystem::path directory;
  /// Flush each group; else the page cache counts as safe (survives kill -9, not power loss).
  bool durable = true;
  std::uint64_t segment_bytes = 16ULL << 20;
  /// Segments made at first start, and at most: the bound on disk space, and on what a recovery has
  /// to read. Above it writers wait for `release`.
  std::size_t segments_min = 4, segments_max = 16;
  /// One write: enough to use a disk's bandwidth, little enough for its latency.
  std::uint64_t group_bytes_max = 4ULL << 20;
  /// How long a writer waits for a segment before it is told that there is no room: clients of
  /// DIMSE give up after half a minute.
  std::chrono::milliseconds segment_wait{10'000};
  /// Called with the seconds each write and flush took, on the journal's thread.
  std::function<void(double)> on_flush;
};

/// One record to be appended. `payload` is made of blocks (aligned, whole kJournalBlock bytes,
/// zeros behind the end) and lives until `done` is called.
struct JournalEntry {
  Bytes head;
  std::vector<ByteView> payload;
  std::uint32_t payload_bytes = 0;
  std::uint32_t payload_skip = 0;      ///< at its front, not covered by the checksum
  std::uint64_t payload_checksum = 0;  ///< of what is behind
  /// Gets the sequence number. Called on the journal's thread, in the order of sequence numbers;
  /// may wait, and makes later records wait with it.
  std::function<void(Result<std::uint64_t>)> done;
};

class Journal {
 public:
  /// Starts behind `last_sequence`; whatever the segments hold must have been recovered before.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(std::shared_ptr<FileSystem> files,
                                                             JournalOptions options,
                                                             std::uint64_t last_sequence);
  /// Writes out what waits.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Any thread. OutOfResources when no segment can be had, Io after a failed write or flush.
  void append(JournalEntry entry);
  /// Everything up to `sequence` is durable elsewhere.
  void release(std::uint64_t sequence);
  /// Makes one more segment ahead of time, so that the writer need not: for a thread that nobody
  /// waits for. False when there are all that may be, or no room for one.
  bool prepare();

  [[nodiscard]] std::uint64_t bytes_held() const;  ///< written and not released
  [[nodiscard]] std::size_t waiting() const;
  /// An error once a flush failed.
  [[nodiscard]] Result<> healthy() const;

 private:
  struct Segment {
    std::filesystem::path path;
    std::unique_ptr<File> file;
    std::uint64_t last_sequence = 0;
    std::uint64_t end = 0;   // bytes used
    std::uint64_t seed = 0;  // of its header
  };

  Journal(std::shared_ptr<FileSystem> files, JournalOptions options, std::uint64_t last_sequence);
  void run();
  [[nodiscard]] bool take_group(std::vector<JournalEntry>& group);
  void write_group(std::vector<JournalEntry>& group);
  [[nodiscard]] Result<> write_to_segment(std::span<JournalEntry> entries, std::uint64_t first);
  [[nodiscard]] Result<> next_segment();
  [[nodiscard]] Result<std::unique_ptr<Segment>> make_segment(std::size_t number);
  void retire_active();

  const std::shared_ptr<FileSystem> files_;
  const JournalOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wakeup_;    // of the journal's thread
  std::condition_variable released_;  // a segment became free
  std::deque<JournalEntry> queue_;
  bool stopping_ = false;
  Result<> health_;
  std::vector<std::unique_ptr<Segment>> free_;
  std::deque<std::unique_ptr<Segment>> held_;  // full, not released, oldest first
  std::size_t segments_ = 0;
  std::size_t segment_number_ = 0;
  bool making_ = false;
  std::uint64_t released_sequence_ = 0;

  // The journal's thread only.
  std::unique_ptr<Segment> active_;
  std::uint64_t last_sequence_;
  std::uint64_t active_bytes_ = 0;  // guarded by mutex_: a copy of active_->end for bytes_held
  AlignedBuffer staging_;

  std::thread thread_;
};

}  // namespace pacs::storage
