#include "storage/journal/write_behind.h"

#include <algorithm>
#include <utility>

#include "storage/disk/platform.h"

namespace pacs::storage {

WriteBehind::WriteBehind(ObjectStore& store, Index& index, PendingTable& pending,
                         WriteBehindOptions options, Applied applied, Refused refused)
    : store_(store),
      index_(index),
      pending_(pending),
      options_(options),
      applied_(std::move(applied)),
      refused_(std::move(refused)),
      thread_([this] { run(); }) {}

WriteBehind::~WriteBehind() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  thread_.join();
}

void WriteBehind::push(Object object) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    pushed_sequence_ = object->sequence;
    const std::uint64_t bytes = object->memory_bytes();
    queue_bytes_ += bytes;
    queue_.push_back({std::move(object), Clock::now(), bytes});
    // The thread sleeps until a batch is due; only the first and the filling one concern it.
    wake = queue_.size() == 1 || queue_.size() == options_.batch_objects ||
           queue_bytes_ >= options_.batch_bytes;
  }
  if (wake) work_.notify_one();
}

void WriteBehind::wait_for_room() {
  std::unique_lock lock(mutex_);
  progress_.wait(lock, [this] {
    // When nothing moves nobody is let in any more (Archive::ready), so it cannot grow for ever.
    return stopping_ || !stalled_ ||
           (queue_.size() + in_batch_ < options_.objects_max &&
            queue_bytes_ + batch_bytes_ < options_.waiting_bytes_max);
  });
}

Result<> WriteBehind::settle() {
  std::unique_lock lock(mutex_);
  const std::uint64_t target = pushed_sequence_;
  if (applied_sequence_ >= target || std::this_thread::get_id() == thread_.get_id()) return {};
  ++settling_;
  work_.notify_one();
  progress_.wait(lock, [&] { return applied_sequence_ >= target || !stalled_; });
  --settling_;
  if (applied_sequence_ >= target) return {};
  return stalled_;
}

Result<> WriteBehind::stalled() const {
  const std::lock_guard lock(mutex_);
  return stalled_;
}
std::uint64_t WriteBehind::applied_sequence() const {
  const std::lock_guard lock(mutex_);
  return applied_sequence_;
}
std::size_t WriteBehind::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size() + in_batch_;
}
double WriteBehind::lag_seconds() const {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return 0;
  return std::chrono::duration<double>(Clock::now() - queue_.front().since).count();
}

void WriteBehind::run() {
  platform::name_thread("pacs-behind");
  platform::lower_thread_priority();
  std::vector<Object> batch;
  while (take_batch(batch)) {
    apply(batch);
    batch.clear();
  }
}

bool WriteBehind::take_batch(std::vector<Object>& batch) {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  if (queue_.empty()) return false;
  work_.wait_until(lock, queue_.front().since + options_.delay, [this] {
    return stopping_ || settling_ > 0 || queue_.size() >= options_.batch_objects ||
           queue_bytes_ >= options_.batch_bytes;
  });
  std::uint64_t bytes = 0;
  while (!queue_.empty() && batch.size() < options_.batch_objects &&
         (batch.empty() || bytes < options_.batch_bytes)) {
    bytes += queue_.front().bytes;
    batch.push_back(std::move(queue_.front().object));
    queue_.pop_front();
  }
  queue_bytes_ -= bytes;
  batch_bytes_ = bytes;
  in_batch_ = batch.size();
  return true;
}

void WriteBehind::apply(const std::vector<Object>& batch) {
  const auto begun = Clock::now();
  auto done = try_apply(batch);
  while (!done) {
    std::unique_lock lock(mutex_);
    stalled_ = fail(done.error());
    progress_.notify_all();
    if (stopping_) {  // the journal keeps what could not be placed
      queue_.clear();
      in_batch_ = 0;
      queue_bytes_ = batch_bytes_ = 0;
      return;
    }
    work_.wait_for(lock, options_.retry_delay, [this] { return stopping_; });
    lock.unlock();
    done = try_apply(batch);
  }
  for (const auto& [place, why] : done->refused) refused_(batch[place], why);
  for (const Object& object : batch) pending_.applied(object);
  applied_(batch, done->displaced, std::chrono::duration<double>(Clock::now() - begun).count());
  {
    const std::lock_guard lock(mutex_);
    stalled_ = {};
    applied_sequence_ = batch.back()->sequence;
    in_batch_ = 0;
    batch_bytes_ = 0;
  }
  progress_.notify_all();
}

Result<RowsApplied> WriteBehind::try_apply(const std::vector<Object>& batch) {
  std::vector<const IndexedInstance*> rows;
  std::vector<std::size_t> places;  // of the rows, in the batch
  std::vector<RowsApplied::Refused> missing;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    PendingObject& object = *batch[i];
    auto placed = place(object);
    if (!placed && placed.error().kind == ErrorKind::NotFound) {
      // Flushed before its record was written, so a fault of the disk or a person has taken it.
      missing.push_back({i, placed.error()});
      continue;
    }
    PACS_TRY(std::move(placed));
    object.prepare();
    rows.push_back(&object.row);
    places.push_back(i);
  }
  PACS_TRY(auto applied, index_.apply(rows, batch.back()->sequence));
  for (auto& refused : applied.refused) refused.place = places[refused.place];
  applied.refused.insert(applied.refused.end(), missing.begin(), missing.end());
  return applied;
}

Result<> WriteBehind::place(PendingObject& object) {
  if (object.external) return store_.finish(object.row.record.object_key);
  std::vector<ByteView> parts;
  object.content.views(parts);
  return store_.put(object.row.record.object_key, parts);
}

}  // namespace pacs::storage
