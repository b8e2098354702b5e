// WriteBehind: takes what the journal made durable to its final place: small objects to their
// files, all of them to the index, in the journal's order and in batches.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/result.h"
#include "storage/index/index.h"
#include "storage/journal/pending.h"
#include "storage/objects/storage_interface.h"

namespace pacs::storage {

struct WriteBehindOptions {
  /// Above either `wait_for_room` waits: bounds memory and the time to catch up. Most objects hold
  /// some 10 KiB beside their content; a header may take limits.header_bytes_max.
  std::size_t objects_max = 4096;
  std::uint64_t waiting_bytes_max = 128ULL << 20;
  /// A batch begins when it is this old or large: then one transaction serves many, and what
  /// arrives in one burst is not disturbed by each object's own.
  std::chrono::milliseconds delay{40};
  /// Between two tries when there is no room or the disk refuses.
  std::chrono::milliseconds retry_delay{200};
  std::size_t batch_objects = 128;
  std::uint64_t batch_bytes = 16ULL << 20;
};

class WriteBehind {
 public:
  using Object = PendingTable::Object;
  /// Called after each batch, on this class's thread, before `settle` returns: the objects, and the
  /// numbers of those whose place they took.
  using Applied =
      std::function<void(std::span<const Object>, std::span<const std::uint64_t>, double seconds)>;
  /// Called before that, for each object that cannot be served and why: its place or its row
  /// cannot be had, for its own sake. The others do not wait for it.
  using Refused = std::function<void(const Object&, const Error&)>;

  WriteBehind(ObjectStore& store, Index& index, PendingTable& pending, WriteBehindOptions options,
              Applied applied, Refused refused);
  /// Works off what waits, unless there is no room for it: then the journal keeps it.
  ~WriteBehind();
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;

  /// In the order of sequence numbers. Never waits.
  void push(Object object);
  /// Holds the caller back while too much waits.
  void wait_for_room();
  /// Returns when everything pushed before is applied: what was acknowledged can be searched for.
  /// OutOfResources or Io when that cannot be now. From within `applied` it returns at once.
  [[nodiscard]] Result<> settle();
  /// Why nothing moves, if nothing moves: it is tried again until it does.
  [[nodiscard]] Result<> stalled() const;

  [[nodiscard]] std::uint64_t applied_sequence() const;
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] double lag_seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    Object object;
    Clock::time_point since;
    std::uint64_t bytes;  ///< in memory, as they were counted
  };

  void run();
  [[nodiscard]] bool take_batch(std::vector<Object>& batch);
  void apply(const std::vector<Object>& batch);
  /// Where `batch` is what RowsApplied::refused refers to.
  [[nodiscard]] Result<RowsApplied> try_apply(const std::vector<Object>& batch);
  [[nodiscard]] Result<> place(PendingObject& object);

  ObjectStore& store_;
  Index& index_;
  PendingTable& pending_;
  const WriteBehindOptions options_;
  const Applied applied_;
  const Refused refused_;

  mutable std::mutex mutex_;
  std::condition_variable work_, progress_;
  std::deque<Waiting> queue_;
  std::uint64_t queue_bytes_ = 0, batch_bytes_ = 0;
  std::size_t in_batch_ = 0;
  std::uint64_t pushed_sequence_ = 0, applied_sequence_ = 0;
  std::size_t settling_ = 0;
  bool stopping_ = false;
  Result<> stalled_;
  std::thread thread_;
};

}  // namespace pacs::storage
