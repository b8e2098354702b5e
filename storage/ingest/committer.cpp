#include "storage/ingest/committer.h"

#include <utility>

#include "storage/disk/checksum.h"
#include "storage/journal/store_record.h"
#include "storage/objects/file_storage.h"
#include "storage/objects/object_check.h"

namespace pacs::storage {
namespace {

/// Large objects that are flushed, or duplicates that are read, at a time: enough that associations
/// overlap.
constexpr std::size_t kDiskThreads = 3;
/// A header larger than this is not put into the journal: recovery reads the object again.
constexpr std::size_t kJournalHeaderBytesMax = 1 << 20;

StoredInstance outcome_of(const PendingObject& object, StoreOutcome outcome) {
  const InstanceRecord& record = object.row.record;
  return {outcome,
          record.sop_class_uid,
          record.sop_instance_uid,
          record.series_instance_uid,
          record.study_instance_uid,
          record.data_set_bytes};
}

std::uint64_t number_of(const InstanceRecord& record) {
  return object_number(record.object_key).value_or(0);
}

bool is_identical(const InstanceRecord& one, const InstanceRecord& other) {
  return one.checksum == other.checksum && one.data_set_bytes == other.data_set_bytes &&
         one.transfer_syntax_uid == other.transfer_syntax_uid;
}

}  // namespace

Committer::Committer(ObjectStore& store, Index& index, Journal& journal, PendingTable& pending,
                     WriteBehind& behind, CommitterOptions options)
    : store_(store),
      index_(index),
      journal_(journal),
      pending_(pending),
      behind_(behind),
      options_(options),
      disk_workers_(kDiskThreads) {}

Committer::~Committer() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return in_flight_ == 0; });
}

void Committer::commit(const Object& object, const Done& done) {
  {
    const std::lock_guard lock(mutex_);
    ++in_flight_;
  }
  admit(object, done);
}

void Committer::admit(const Object& object, const Done& done) {
  const InstanceRecord& record = object->row.record;
  const auto claimed =
      pending_.claim(record.sop_instance_uid, [this, object, done] { admit(object, done); });
  if (claimed.claim == PendingTable::Claim::Busy) return;
  // Looked up after the claim: an instance leaves the pending table only when the index has it.
  auto there = claimed.durable ? Result<InstanceRecord>(claimed.durable->row.record)
                               : index_.find(record.sop_instance_uid);
  if (there) {
    // One that is still on its way lies in memory or under a name that nobody else knows.
    if (!claimed.durable && is_identical(record, *there)) {
      return disk_workers_.post(
          [this, object, there = std::move(*there), done] { check_there(object, there, done); });
    }
    if (auto outcome = compare(*object, *there)) return gave_up(object, std::move(*outcome), done);
    object->replaces = number_of(*there);
  } else if (there.error().kind != ErrorKind::NotFound) {
    return gave_up(object, fail(there.error()), done);
  }
  write(object, done);
}

std::optional<Result<StoredInstance>> Committer::compare(const PendingObject& object,
                                                         const InstanceRecord& there) const {
  const InstanceRecord& record = object.row.record;
  if (is_identical(record, there)) return outcome_of(object, StoreOutcome::AlreadyStored);
  switch (options_.on_duplicate) {
    case DuplicatePolicy::Keep:
      return outcome_of(object, StoreOutcome::Kept);
    case DuplicatePolicy::Reject:
      return fail(ErrorKind::Duplicate,
                  "a different object is stored as instance " + record.sop_instance_uid);
    case DuplicatePolicy::Replace:
      return std::nullopt;
  }
  return std::nullopt;
}

void Committer::check_there(const Object& object, const InstanceRecord& there, const Done& done) {
  store_.forget(there.object_key);
  const auto checked = check_object(there, [&](std::uint64_t offset, std::span<std::byte> to) {
    return store_.read(there.object_key, offset, to);
  });
  if (checked) return gave_up(object, outcome_of(*object, StoreOutcome::AlreadyStored), done);
  // No descriptor or memory just now says nothing about the object: the sender tries again.
  if (checked.error().kind == ErrorKind::OutOfResources) {
    return gave_up(object, fail(checked.error()), done);
  }
  object->replaces = number_of(there);
  write(object, done);
}

void Committer::write(const Object& object, const Done& done) {
  if (!object->external) return append_to_journal(object, done);
  disk_workers_.post([this, object, done] {
    if (auto flushed = flush(*object); !flushed) {
      (void)store_.discard(object->row.record.object_key);
      return gave_up(object, fail(flushed.error()), done);
    }
    append_to_journal(object, done);
  });
}

Result<> Committer::flush(PendingObject& object) {
  if (!object.bare_key.empty()) {
    PACS_TRY(copy_behind_meta(object));
  }
  auto flushed = object.writer->flush(options_.durable);
  object.writer.reset();
  return flushed;
}

Result<> Committer::copy_behind_meta(PendingObject& object) {
  // Its identity became known only after its front was written: rare (STOW without meta group).
  PACS_TRY(object.writer->flush(false));
  const auto copy = [&]() -> Result<> {
    PACS_TRY(auto writer, store_.begin(object.row.record.object_key));
    ByteView part = object.meta;
    PACS_TRY(writer->append({&part, 1}));
    Bytes buffer(256 << 10);
    for (std::uint64_t offset = 0; offset < object.row.record.data_set_bytes;) {
      PACS_TRY(const auto got, store_.read(object.bare_key, offset, buffer));
      if (got == 0)
        return fail(ErrorKind::Io, "an object became shorter while it was being copied");
      part = ByteView(buffer).first(got);
      PACS_TRY(writer->append({&part, 1}));
      offset += got;
    }
    object.writer = std::move(writer);
    return {};
  };
  auto copied = copy();
  (void)store_.discard(object.bare_key);
  return copied;
}

void Committer::append_to_journal(const Object& object, const Done& done) {
  StoreRecord record;
  record.number = object->row.number;
  record.replaces = object->replaces;
  record.external = object->external;
  record.record = object->row.record;
  record.source_ae = object->row.source_ae;
  record.meta = object->meta;
  JournalEntry entry;
  if (object->external) {
    object->prepare();
    if (object->row.header.size() <= kJournalHeaderBytesMax) record.header = object->row.header;
  } else {
    object->content.padded_views(entry.payload);
    entry.payload_bytes = static_cast<std::uint32_t>(object->content.size());
    // What deflate makes small may have a long header: it must be counted before anybody waits.
    const TransferSyntax* syntax = find_transfer_syntax(record.record.transfer_syntax_uid);
    if (syntax != nullptr && syntax->deflated) object->prepare();
    entry.payload_skip = static_cast<std::uint32_t>(object->meta.size());
  }
  entry.payload_checksum = object->external ? checksum({}) : object->row.record.checksum;
  entry.head = encode(record);
  entry.done = [this, object, done](Result<std::uint64_t> sequence) {
    if (sequence) {
      settled(object, *sequence, done);
    } else {
      gave_up(object, fail(sequence.error()), done);
    }
  };
  journal_.append(std::move(entry));
  // The flush takes longer than this: the index's work is done beside it instead of after it.
  object->prepare();
}

void Committer::settled(const Object& object, std::uint64_t sequence, const Done& done) {
  object->sequence = sequence;
  // Everybody sees it before anybody is told of it.
  const auto waiting = pending_.settle(object);
  behind_.push(object);
  done(outcome_of(*object, object->replaces ? StoreOutcome::Replaced : StoreOutcome::Stored));
  for (const auto& retry : waiting) retry();
  behind_.wait_for_room();
  finish_one();
}

void Committer::gave_up(const Object& object, Result<StoredInstance> outcome, const Done& done) {
  // Drops what was not flushed. What was stays for the next start to decide about: the journal's
  // record of it may have reached the disk although that failed.
  object->writer.reset();
  const auto waiting = pending_.give_up(object->row.record.sop_instance_uid);
  done(std::move(outcome));
  for (const auto& retry : waiting) retry();
  finish_one();
}

void Committer::finish_one() {
  const std::lock_guard lock(mutex_);
  if (--in_flight_ == 0) idle_.notify_all();
}

}  // namespace pacs::storage
