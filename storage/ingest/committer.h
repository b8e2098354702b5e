// Committer: decides what becomes of an object that has arrived whole, and makes it durable.
//
// One instance has one claim at a time (PendingTable), so two arrivals of it never decide at once:
// the later one waits for the first and then finds it stored.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "integration/thread_adapter.h"
#include "storage/index/index.h"
#include "storage/ingest/ingest.h"
#include "storage/journal/journal.h"
#include "storage/journal/pending.h"
#include "storage/journal/write_behind.h"
#include "storage/objects/storage_interface.h"

namespace pacs::storage {

struct CommitterOptions {
  DuplicatePolicy on_duplicate = DuplicatePolicy::Keep;
  bool durable = true;
};

class Committer {
 public:
  using Object = PendingTable::Object;
  using Done = std::function<void(Result<StoredInstance>)>;

  Committer(ObjectStore& store, Index& index, Journal& journal, PendingTable& pending,
            WriteBehind& behind, CommitterOptions options);
  /// Waits for what is in flight.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// Calls `done` once, on this or another thread, when the object is durable or refused.
  void commit(const Object& object, const Done& done);
  /// A number for an object, never given before.
  [[nodiscard]] std::uint64_t next_number() { return ++last_number_; }
  [[nodiscard]] std::uint64_t last_number() const { return last_number_; }
  void start_numbers_behind(std::uint64_t last) { last_number_ = last; }

 private:
  void admit(const Object& object, const Done& done);
  /// What becomes of an object when another one is there already; nullopt: it replaces that one.
  [[nodiscard]] std::optional<Result<StoredInstance>> compare(const PendingObject& object,
                                                              const InstanceRecord& there) const;
  /// What is stored already is acknowledged again only if it is really there: an object that was
  /// lost or damaged since heals when it is sent again.
  void check_there(const Object& object, const InstanceRecord& there, const Done& done);
  void write(const Object& object, const Done& done);
  [[nodiscard]] Result<> flush(PendingObject& object);
  [[nodiscard]] Result<> copy_behind_meta(PendingObject& object);
  void append_to_journal(const Object& object, const Done& done);
  void settled(const Object& object, std::uint64_t sequence, const Done& done);
  void gave_up(const Object& object, Result<StoredInstance> outcome, const Done& done);
  void finish_one();

  ObjectStore& store_;
  Index& index_;
  Journal& journal_;
  PendingTable& pending_;
  WriteBehind& behind_;
  const CommitterOptions options_;
  std::atomic<std::uint64_t> last_number_{0};

  std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t in_flight_ = 0;
  integration::WorkPool disk_workers_;
};

}  // namespace pacs::storage
