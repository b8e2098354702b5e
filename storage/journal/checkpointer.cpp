#include "storage/journal/checkpointer.h"

#include <algorithm>
#include <utility>

#include "storage/disk/platform.h"
#include "storage/objects/file_storage.h"

namespace pacs::storage {

Result<> make_checkpoint(ObjectStore& store, Index& index, std::uint64_t sequence,
                         std::span<const std::uint64_t> displaced, bool durable) {
  if (durable) {
    PACS_TRY(store.sync());
    PACS_TRY(index.sync());
  }
  // An object that was replaced goes only now: until here a power loss could have brought its row
  // back. And it is gone for good before the journal forgets, which would remove it again after a
  // crash. What cannot be removed costs room and nothing else: verify names it.
  for (const std::uint64_t number : displaced) (void)store.remove(object_key(number));
  if (durable && !displaced.empty()) {
    PACS_TRY(store.sync());
  }
  // Without it (disk full) the next start reads more of the journal, no more.
  (void)index.set_checkpoint(sequence);
  return {};
}

Checkpointer::Checkpointer(ObjectStore& store, Index& index, Journal& journal,
                           CheckpointOptions options, std::function<void(double)> done)
    : store_(store),
      index_(index),
      journal_(journal),
      options_(options),
      done_(std::move(done)),
      thread_([this] { run(); }) {}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wakeup_.notify_all();
  thread_.join();
}

void Checkpointer::applied(std::uint64_t sequence, std::size_t objects, std::uint64_t bytes,
                           std::span<const std::uint64_t> displaced) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    wake = debt_.objects == 0;
    debt_.sequence = sequence;
    debt_.objects += objects;
    debt_.bytes += bytes;
    debt_.displaced.insert(debt_.displaced.end(), displaced.begin(), displaced.end());
    wake = wake || due();
  }
  if (wake) wakeup_.notify_one();
}

Result<> Checkpointer::healthy() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

Result<> Checkpointer::settle() {
  std::unique_lock lock(mutex_);
  ++settling_;
  wakeup_.notify_one();
  paid_.wait(lock, [this] { return !health_ || stopping_ || (debt_.objects == 0 && !paying_); });
  --settling_;
  return health_;
}

bool Checkpointer::due() const {
  return stopping_ || settling_ > 0 || debt_.bytes >= options_.bytes ||
         debt_.objects >= options_.objects;
}

void Checkpointer::run() {
  platform::name_thread("pacs-checkpoint");
  platform::lower_thread_priority();
  std::unique_lock lock(mutex_);
  for (;;) {
    wakeup_.wait(lock, [this] { return stopping_ || debt_.objects > 0; });
    if (debt_.objects == 0) return;
    // Whoever stores will store more.
    for (bool more = true; more && !due();) {
      lock.unlock();
      more = journal_.prepare();
      lock.lock();
    }
    wakeup_.wait_for(lock, options_.delay, [this] { return due(); });
    const Debt debt = std::exchange(debt_, {});
    paying_ = true;
    lock.unlock();
    auto paid = pay(debt);
    lock.lock();
    paying_ = false;
    paid_.notify_all();
    if (paid) continue;
    if (paid.error().kind != ErrorKind::OutOfResources) {
      // What the flush left undone is unknown: nothing may be released from the journal any more,
      // and nothing new be promised. The next start replays the journal.
      health_ = fail(paid.error());
      paid_.notify_all();
      return;
    }
    // No descriptors or memory to begin with: later.
    if (stopping_) return;
    debt_.objects += debt.objects;
    debt_.bytes += debt.bytes;
    debt_.sequence = std::max(debt_.sequence, debt.sequence);
    debt_.displaced.insert(debt_.displaced.end(), debt.displaced.begin(), debt.displaced.end());
    wakeup_.wait_for(lock, options_.delay, [this] { return stopping_; });
  }
}

Result<> Checkpointer::pay(const Debt& debt) {
  const auto begun = std::chrono::steady_clock::now();
  PACS_TRY(make_checkpoint(store_, index_, debt.sequence, debt.displaced, options_.durable));
  journal_.release(debt.sequence);
  if (done_) {
    done_(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  }
  return {};
}

}  // namespace pacs::storage
