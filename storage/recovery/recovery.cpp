#include "storage/recovery/recovery.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "encoding/header_blob.h"
#include "storage/journal/checkpointer.h"
#include "storage/journal/journal_reader.h"
#include "storage/journal/store_record.h"
#include "storage/objects/file_storage.h"
#include "storage/recovery/reindex.h"

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
         const integration::Logger& logger, std::string boot_id, IndexPosition position)
      : store_(store),
        index_(index),
        options_(options),
        logger_(logger),
        boot_id_(std::move(boot_id)),
        applied_(position.applied),
        last_object_(position.last_object) {}

  Result<> take(const JournalRecord& journalled) {
    PACS_TRY(auto record, decode_store_record(journalled.head));
    if (!journalled.whole) {
      // Not replayed: a torn write was never acknowledged, and bytes that are wrong are no object.
      logger_.error("",
                    "an object in the journal is not whole: it was being received when the power "
                    "went, or the disk has damaged it; let its sender send it again",
                    {{"sop_instance_uid", record.record.sop_instance_uid},
                     {"source_ae", record.source_ae},
                     {"sequence", std::to_string(journalled.sequence)}});
      return {};
    }
    ++records_;
    last_object_ = std::max(last_object_, record.number);
    const bool in_index = journalled.sequence <= applied_;
    // Written before its row was and since the machine started: it lies in the page cache still.
    const bool in_place = in_index && !boot_id_.empty() && journalled.boot_id == boot_id_;
    if (!in_place) {
      auto placed = place(record, journalled.payload);
      if (!placed && placed.error().kind == ErrorKind::NotFound) {
        // Flushed before its record was written, so only a fault of the disk or a person can have
        // taken it. The others must not wait for it.
        logger_.error("", "an object that the journal names is missing: its instance is lost",
                      {{"sop_instance_uid", record.record.sop_instance_uid},
                       {"object", record.record.object_key}});
        return {};
      }
      if (!placed) return placed;
    }
    if (in_index) {
      if (record.replaces != 0) displaced_.push_back(record.replaces);
      return {};
    }
    return add(std::move(record), journalled);
  }

  Result<> apply() {
    if (batch_.empty()) return {};
    std::vector<const IndexedInstance*> rows;
    for (const auto& row : batch_) rows.push_back(row.get());
    PACS_TRY(const auto displaced, index_.apply(rows, batch_sequence_));
    displaced_.insert(displaced_.end(), displaced.begin(), displaced.end());
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

  Result<> add(StoreRecord record, const JournalRecord& journalled) {
    auto header = header_of(store_, record, journalled.payload, options_.rules);
    auto row = std::make_unique<IndexedInstance>();
    if (header) {
      row->columns = column_values(header->data_set);
      row->header = record.header.empty() ? encode_header(*header).value_or(Bytes{})
                                          : std::move(record.header);
    } else {
      // It was read once to be acknowledged. Its place in the index matters more than its columns.
      logger_.error("", "the header of a recovered object cannot be read again",
                    {{"sop_instance_uid", record.record.sop_instance_uid},
                     {"error", header.error().to_string()}});
      row->columns = column_values(DataSet{});
    }
    row->number = record.number;
    row->record = std::move(record.record);
    row->source_ae = std::move(record.source_ae);
    row->received_ms = record.received_ms;
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
  const std::string boot_id_;
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

}  // namespace

Result<Recovered> recover(FileSystem& files, ObjectStore& store, Index& index,
                          const RecoveryOptions& options, const integration::Logger& logger) {
  PACS_TRY(const auto position, index.position());
  Replay replay(store, index, options, logger, files.boot_id(), position);
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
  PACS_TRY(store.discard_all());
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
  if (recovered.records > 0 || reindexed > 0) {
    PACS_TRY(make_checkpoint(store, index, recovered.last_sequence, replay.displaced(),
                             options.durable));
    if (recovered.records > 0) {
      logger.info("", fmt::format("recovered {} objects from the journal", recovered.records));
    }
  }
  return recovered;
}

}  // namespace pacs::storage
