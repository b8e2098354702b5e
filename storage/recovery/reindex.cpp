#include "storage/recovery/reindex.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/dicom_tags.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/data_sets/header_blob.h"
#include "integration/clock.h"
#include "storage/disk/checksum.h"
#include "storage/ingest/identity.h"
#include "storage/objects/file_storage.h"

namespace pacs::storage {
namespace {

constexpr std::size_t kReadBytes = 1U << 20;
/// Rows in one transaction.
constexpr std::size_t kRowsOfTransaction = 256;
constexpr std::chrono::seconds kProgressInterval{10};

/// Numbers of objects without a row, in ascending order.
Result<std::vector<std::uint64_t>> unknown_objects(ObjectStore& store, Index& index) {
  std::vector<std::uint64_t> known;
  PACS_TRY(index.for_each([&](std::uint64_t number, const InstanceRecord&) {
    known.push_back(number);
    return true;
  }));
  std::vector<std::uint64_t> unknown;
  PACS_TRY(store.list([&](std::string_view key, const std::string&) {
    const auto number = object_number(key);
    if (number && !std::ranges::binary_search(known, *number)) {
      unknown.push_back(*number);
    }
    return true;
  }));
  std::ranges::sort(unknown);
  return unknown;
}

class Reindexer {
 public:
  Reindexer(ObjectStore& store, Index& index, const ReindexOptions& options,
            const integration::Logger& logger)
      : store_(store), index_(index), options_(options), logger_(logger), buffer_(kReadBytes) {}

  Result<std::unique_ptr<IndexedInstance>> row_of(std::uint64_t number) {
    auto row = std::make_unique<IndexedInstance>();
    row->number = number;
    InstanceRecord& record = row->record;
    record.object_key = object_key(number);
    PACS_TRY(const auto got, store_.read(record.object_key, 0, buffer_));
    PACS_TRY(auto front, read_file_header(share(Bytes(buffer_.begin(), buffer_.begin() + got))));
    record.transfer_syntax_uid = front.transfer_syntax_uid;
    record.data_set_offset = front.data_set_offset;
    row->source_ae = front.meta.text(tags::SourceApplicationEntityTitle);
    PACS_TRY(auto header, read_header(record, row->source_ae));
    PACS_TRY(auto identity, identify(header.data_set, {}));
    record.sop_class_uid = std::move(identity.sop_class_uid);
    record.sop_instance_uid = std::move(identity.sop_instance_uid);
    record.series_instance_uid = std::move(identity.series_instance_uid);
    record.study_instance_uid = std::move(identity.study_instance_uid);
    row->columns = column_values(header.data_set);
    PACS_TRY(row->header, encode_header(header));
    record.received_ms = integration::now_ms();
    return row;
  }

  /// Adds the row unless the index has the instance from a later object.
  Result<> add(std::unique_ptr<IndexedInstance> row) {
    const auto there = index_.find(row->record.sop_instance_uid);
    if (!there && there.error().kind != ErrorKind::NotFound) return fail(there.error());
    if (there && there->object_key > row->record.object_key) return {};
    batch_.push_back(std::move(row));
    return batch_.size() >= kRowsOfTransaction ? apply() : Result<>{};
  }

  Result<> apply() {
    if (batch_.empty()) return {};
    std::vector<const IndexedInstance*> rows;
    for (const auto& row : batch_) rows.push_back(row.get());
    // An object that lost its row here stays: what is taken for a leftover may be all there is.
    PACS_TRY(const auto applied, index_.apply(rows, options_.sequence));
    for (const auto& [place, why] : applied.refused) say_left(batch_[place]->number, why);
    added_ += batch_.size() - applied.refused.size();
    batch_.clear();
    return {};
  }

  void say_left(std::uint64_t number, const Error& why) const {
    logger_.error("", "an object cannot be indexed and stays as it is",
                  {{"object", object_key(number)}, {"why", why.to_string()}});
  }

  [[nodiscard]] std::uint64_t added() const { return added_; }

 private:
  /// Checksum and length besides.
  Result<Header> read_header(InstanceRecord& record, std::string_view source_ae) {
    Checksum checksum;
    const auto read = [&](std::uint64_t offset, std::span<std::byte> to) {
      auto got = store_.read(record.object_key, offset, to);
      if (got) {
        checksum.update(ByteView(to).first(*got));
        record.data_set_bytes += *got;
      }
      return got;
    };
    PACS_TRY(auto header, header_of_object(record, source_ae, options_.rules, read));
    record.checksum = checksum.value();
    return header;
  }

  ObjectStore& store_;
  Index& index_;
  const ReindexOptions& options_;
  const integration::Logger& logger_;
  Bytes buffer_;
  std::vector<std::unique_ptr<IndexedInstance>> batch_;
  std::uint64_t added_ = 0;
};

}  // namespace

Result<std::uint64_t> reindex(ObjectStore& store, Index& index, const ReindexOptions& options,
                              const integration::Logger& logger) {
  PACS_TRY(const auto unknown, unknown_objects(store, index));
  if (unknown.empty()) return 0;
  const std::string total = std::to_string(unknown.size());
  logger.warning(
      "",
      "there are objects that the index has never seen: they are read and indexed again; "
      "what only a lost index held (worklist, performed steps, remote AEs, jobs) is gone",
      {{"objects", total}});
  Reindexer reindexer(store, index, options, logger);
  auto said = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    auto row = reindexer.row_of(unknown[i]);
    store.forget(object_key(unknown[i]));
    if (!row) {
      reindexer.say_left(unknown[i], row.error());
      continue;
    }
    PACS_TRY(reindexer.add(std::move(*row)));
    const auto now = std::chrono::steady_clock::now();
    if (now - said < kProgressInterval) continue;
    said = now;
    logger.info("", "indexing again", {{"done", std::to_string(i + 1)}, {"of", total}});
  }
  PACS_TRY(reindexer.apply());
  logger.warning("", "objects were indexed again",
                 {{"instances", std::to_string(reindexer.added())}, {"of", total}});
  return reindexer.added();
}

}  // namespace pacs::storage
