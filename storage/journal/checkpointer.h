// Checkpointer: makes final places and index durable from time to time, so that the journal behind
// them can be used again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/result.h"
#include "storage/index/index.h"
#include "storage/journal/journal.h"
#include "storage/objects/storage_interface.h"

namespace pacs::storage {

struct CheckpointOptions {
  /// A checkpoint is due after this much was applied: it bounds the journal and the time that a
  /// recovery takes.
  std::uint64_t bytes = 48ULL << 20;
  std::size_t objects = 4096;
  /// And after this long anyway, when anything was.
  std::chrono::milliseconds delay{2000};
  /// False for durability "os": the page cache counts as safe.
  bool durable = true;
};

class Checkpointer {
 public:
  Checkpointer(ObjectStore& store, Index& index, Journal& journal, CheckpointOptions options,
               std::function<void(double seconds)> done);
  /// Makes a last one.
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// Everything up to `sequence` is in its final place and in the index; `displaced` objects may go
  /// once that is durable.
  void applied(std::uint64_t sequence, std::size_t objects, std::uint64_t bytes,
               std::span<const std::uint64_t> displaced);
  /// Makes one now and returns when it is done.
  [[nodiscard]] Result<> settle();
  /// An error once a flush failed: the archive must be opened again.
  [[nodiscard]] Result<> healthy() const;

 private:
  struct Debt {
    std::uint64_t sequence = 0;
    std::size_t objects = 0;
    std::uint64_t bytes = 0;
    std::vector<std::uint64_t> displaced;
  };
  void run();
  [[nodiscard]] bool due() const;
  [[nodiscard]] Result<> pay(const Debt& debt);

  ObjectStore& store_;
  Index& index_;
  Journal& journal_;
  const CheckpointOptions options_;
  const std::function<void(double)> done_;

  mutable std::mutex mutex_;
  std::condition_variable wakeup_, paid_;
  Debt debt_;
  bool stopping_ = false, paying_ = false;
  std::size_t settling_ = 0;
  Result<> health_;
  std::thread thread_;
};

/// Object store, index, displaced objects, checkpoint: in the only order that a crash anywhere in
/// between does not harm.
[[nodiscard]] Result<> make_checkpoint(ObjectStore& store, Index& index, std::uint64_t sequence,
                                       std::span<const std::uint64_t> displaced, bool durable);

}  // namespace pacs::storage
