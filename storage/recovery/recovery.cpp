#include "storage/recovery/recovery.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "encoding/data_sets/header_blob.h"
#include "storage/journal/checkpointer.h"
#include "storage/journal/journal_reader.h"
#include "storage/journal/store_record.h"
#include "storage/objects/file_storage.h"
#include "storage/objects/object_check.h"
#include "storage/recovery/reindex.h"
#include "storage/recovery/set_aside.h"

namespace pacs::storage {
namespace {

/// Rows in one transaction, and what they may take in memory: a header of hostile size is one row.
constexpr std::size_t kBatchRows = 256;
constexpr std::uint64_t kBatchBytes = 16ULL << 20;

/// Reads a header again: from what the journal holds of the object, or the object itself.
Result<Header> header_of(ObjectStore& store, const StoreRecord& record, ByteView payload,
                         const HeaderRules& rules) {
  if (!record.header.empty()) return decode_header(share(record.header));
  const auto read = [&](std::uint64_t offset, std::span<std::byte> to) -> Result<std::size_t> {
    if (record.external) return store.read(record.record.object_key, offset, to);
    // The journal has the data set without what stands before it.
    const ByteView rest =
        payload.subspan(std::min(offset - record.record.data_set_offset, payload.size()));
    const std::size_t bytes = std::min(rest.size(), to.size());
    std::ranges::copy(rest.first(bytes), to.begin());
    return bytes;
  };
  return header_of_object(record.record, record.source_ae, rules, read);
}

class Replay {
 public:
  Replay(ObjectStore& store, Index& index, const RecoveryOptions& options,
         const integration::Logger& logger, IndexPosition position)
      : store_(store),
        index_(index),
        options_(options),
        logger_(logger),
        applied_(position.applied),
        last_object_(position.last_object) {}

  Result<> take(const JournalRecord& journalled) {
    PACS_TRY(auto record, decode_store_record(journalled.head));
    last_object_ = std::max(last_object_, record.number);
    const bool in_index = journalled.sequence <= applied_;
    if (!journalled.whole) return set_aside(record, journalled, in_index);
    ++records_;
    // Also what is in the index: that its object can be read says nothing of the disk, for a flush
    // may have failed and dropped it. (Reading it past the page cache would cost what writing it
    // costs, and prove nothing of its name.)
    auto placed = place(record, journalled.payload);
    if (!placed && placed.error().kind != ErrorKind::NotFound) return placed;
    if (in_index) return settle(std::move(record), placed);
    if (!placed) {
      // Flushed before its record was written, so only a fault of the disk or a person can have
      // taken it. The others must not wait for it.
      set_object_aside(store_, row_of(std::move(record)), placed.error(), logger_);
      return {};
    }
    return add(std::move(record), journalled);
  }

  Result<> apply() {
    if (batch_.empty()) return {};
    std::vector<const IndexedInstance*> rows;
    for (const auto& row : batch_) rows.push_back(row.get());
    PACS_TRY(const auto applied, index_.apply(rows, batch_sequence_));
    for (const auto& [place, why] : applied.refused) {
      set_object_aside(store_, *batch_[place], why, logger_);
    }
    displaced_.insert(displaced_.end(), applied.displaced.begin(), applied.displaced.end());
    batch_.clear();
    batch_bytes_ = 0;
    return {};
  }

  [[nodiscard]] const std::vector<std::uint64_t>& displaced() const { return displaced_; }
  [[nodiscard]] std::uint64_t last_object() const { return last_object_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }

 private:
  Result<> place(const StoreRecord& record, ByteView payload) {
    if (record.external) return store_.finish(record.record.object_key);
    const ByteView parts[] = {record.meta, payload};
    return store_.put(record.record.object_key, parts);
  }

  static IndexedInstance row_of(StoreRecord record) {
    IndexedInstance row;
    row.number = record.number;
    row.record = std::move(record.record);
    row.source_ae = std::move(record.source_ae);
    return row;
  }

  /// What the index has applied before: its object lies in its place now, if `placed`.
  Result<> settle(StoreRecord record, const Result<>& placed) {
    const std::uint64_t replaces = record.replaces;
    const auto there = index_.find(record.record.sop_instance_uid);
    if (!there && there.error().kind != ErrorKind::NotFound) return fail(there.error());
    const bool is_current = there && there->object_key == record.record.object_key;
    if (!there && placed) {
      // Its row was refused, perhaps just before the program ended.
      const std::string& key = record.record.object_key;
      PACS_TRY(const auto aside, store_.names_aside());
      if (std::ranges::any_of(aside, [&](const auto& name) { return name.starts_with(key); })) {
        return store_.remove(key);  // the copy that was placed just now
      }
      const Error why{ErrorKind::Mismatch, "the index has refused its row"};
      set_object_aside(store_, row_of(std::move(record)), why, logger_);
    } else if (is_current && !placed) {
      set_object_aside(store_, row_of(std::move(record)), placed.error(), logger_);
    }
    if (replaces != 0) displaced_.push_back(replaces);
    return {};
  }

  /// Bytes that are wrong are no object, but may be all that is left of one.
  Result<> set_aside(const StoreRecord& record, const JournalRecord& journalled, bool in_index) {
    if (in_index) {
      store_.forget(record.record.object_key);
      const auto checked = check_object(
          record.record, [this, &record](std::uint64_t offset, std::span<std::byte> to) {
            return store_.read(record.record.object_key, offset, to);
          });
      if (checked) return {};  // it lies in its place
    }
    const ByteView parts[] = {record.meta, journalled.payload};
    PACS_TRY(const auto where,
             store_.set_aside(
                 fmt::format("{}-{}.dcm", record.record.object_key, journalled.sequence), parts));
    logger_.error("",
                  "an object in the journal is not whole: it was being received when the power "
                  "went, or the disk has damaged it; what is left of it is set aside; let its "
                  "sender send it again",
                  {{"sop_instance_uid", record.record.sop_instance_uid},
                   {"source_ae", record.source_ae},
                   {"sequence", std::to_string(journalled.sequence)},
                   {"file", where}});
    return {};
  }

  Result<> add(StoreRecord record, const JournalRecord& journalled) {
    auto header = header_of(store_, record, journalled.payload, options_.rules);
    Bytes kept = std::move(record.header);
    auto row = std::make_unique<IndexedInstance>(row_of(std::move(record)));
    if (header) {
      row->columns = column_values(header->data_set);
      row->header = kept.empty() ? encode_header(*header).value_or(Bytes{}) : std::move(kept);
    } else {
      // It was read once to be acknowledged. Its place in the index matters more than its columns.
      logger_.error("", "the header of a recovered object cannot be read again",
                    {{"sop_instance_uid", row->record.sop_instance_uid},
                     {"error", header.error().to_string()}});
      row->columns = column_values(DataSet{});
    }
    batch_bytes_ += row->header.size();
    batch_.push_back(std::move(row));
    batch_sequence_ = journalled.sequence;
    const bool full = batch_.size() >= kBatchRows || batch_bytes_ >= kBatchBytes;
    return full ? apply() : Result<>{};
  }

  ObjectStore& store_;
  Index& index_;
  const RecoveryOptions& options_;
  const integration::Logger& logger_;
  const std::uint64_t applied_;
  std::uint64_t last_object_;
  std::uint64_t records_ = 0;
  std::vector<std::unique_ptr<IndexedInstance>> batch_;
  std::uint64_t batch_sequence_ = 0, batch_bytes_ = 0;
  std::vector<std::uint64_t> displaced_;
};

/// The highest number of an object that is there; 0 for none.
Result<std::uint64_t> last_object_of(ObjectStore& store) {
  PACS_TRY(const auto key, store.last_key());
  return key.empty() ? 0 : object_number(key).value_or(0);
}

/// The parts of the journal that nobody can read are kept: their files are used again.
Result<> set_segments_aside(FileSystem& files, ObjectStore& store, const RecoveryOptions& options,
                            const JournalContents& read, const integration::Logger& logger) {
  for (const std::string& name : read.unreadable) {
    PACS_TRY(const auto file, files.open(options.journal_directory / name, OpenMode::Read));
    PACS_TRY(const auto bytes, file->size());
    Bytes content(bytes);
    PACS_TRY(const auto got, file->read(content, 0));
    content.resize(got);
    const ByteView part = content;
    PACS_TRY(const auto where,
             store.set_aside(fmt::format("journal-{}-{}", read.last_sequence, name), {&part, 1}));
    logger.error("", "a part of the journal cannot be read: a copy is set aside",
                 {{"segment", name}, {"file", where}});
  }
  return {};
}

/// What was begun and has no record was never acknowledged, unless it was its record that was lost.
Result<> clear_unfinished(ObjectStore& store, const JournalContents& read,
                          const integration::Logger& logger) {
  if (read.sound()) return store.discard_all();
  PACS_TRY(const auto places, store.set_aside_unfinished());
  for (const std::string& where : places) {
    logger.error("",
                 "an object that no record of the journal names is set aside: it may have been "
                 "acknowledged; when it is whole, `pacs import` takes it",
                 {{"file", where}});
  }
  return {};
}

}  // namespace

Result<Recovered> recover(FileSystem& files, ObjectStore& store, Index& index,
                          const RecoveryOptions& options, const integration::Logger& logger) {
  PACS_TRY(const auto position, index.position());
  Replay replay(store, index, options, logger, position);
  PACS_TRY(const auto read,
           read_journal(files, options.journal_directory, position.checkpoint,
                        [&](const JournalRecord& record) { return replay.take(record); }));
  for (const auto& [first, last] : read.missing) {
    logger.error(
        "",
        "the journal has lost records: unless writing them failed at the time, the "
        "last objects received before this start are incomplete; compare with senders",
        {{"records", std::to_string(last - first + 1)}, {"first_sequence", std::to_string(first)}});
  }
  PACS_TRY(replay.apply());
  PACS_TRY(set_segments_aside(files, store, options, read, logger));
  PACS_TRY(clear_unfinished(store, read, logger));
  Recovered recovered;
  recovered.last_sequence = std::max(read.last_sequence, position.applied);
  recovered.records = replay.records();
  PACS_TRY(const auto highest, last_object_of(store));
  // Numbers are given once: whatever became of the index, never that of an object that is there.
  recovered.last_object = std::max(replay.last_object(), highest);
  std::uint64_t reindexed = 0;
  // A checkpoint follows the index, and the journal holds what the index has not: so an index that
  // is older than either is not the one that this archive was left with.
  if (read.checkpoint_sequence > position.applied || highest > replay.last_object()) {
    PACS_TRY(reindexed, reindex(store, index, {recovered.last_sequence, options.rules}, logger));
  }
  if (recovered.records > 0 || reindexed > 0 || !read.sound()) {
    // What took the place of an object may be what is missing: then that stays, and verify names
    // it.
    const auto displaced =
        read.sound() ? std::span(replay.displaced()) : std::span<const std::uint64_t>{};
    PACS_TRY(make_checkpoint(store, index, recovered.last_sequence, displaced, options.durable));
    for (const std::string& name : read.unreadable) {  // their copies are set aside, durable now
      PACS_TRY(files.remove(options.journal_directory / name));
    }
    if (recovered.records > 0) {
      logger.info("", fmt::format("recovered {} objects from the journal", recovered.records));
    }
  }
  return recovered;
}

}  // namespace pacs::storage
