// IngestSession: one object arriving: its header is read, its checksum taken and its bytes kept,
// all in one pass. A small one stays in memory, a large one goes to the object store as it comes.
#pragma once

#include <atomic>
#include <memory>

#include "encoding/data_sets/header_reader.h"
#include "integration/logging.h"
#include "storage/disk/checksum.h"
#include "storage/disk/chunk_pool.h"
#include "storage/disk/free_space.h"
#include "storage/ingest/committer.h"
#include "storage/ingest/departure_log.h"
#include "storage/ingest/ingest.h"
#include "storage/ingest/storage_metrics.h"
#include "storage/objects/object_header.h"

namespace pacs::storage {

/// What all sessions share.
struct IngestServices {
  ObjectStore& store;
  Committer& committer;
  FreeSpace& space;
  StorageMetrics& metrics;
  std::shared_ptr<ChunkPool> chunks;
  HeaderRules rules;
  /// Objects above it are written to the object store directly and only named in the journal.
  std::uint64_t journal_object_bytes_max = 1 << 20;
  /// Bytes that the headers of all objects on their way may take together. One may take
  /// limits.header_bytes_max, most take some 10 KiB: several large ones at a time are honest,
  /// hundreds are an attack.
  std::uint64_t header_bytes_max = 0;
  integration::Logger logger{};
  DepartureLog departure_log{logger};
  std::atomic<std::uint64_t> header_bytes{0};
};

class IngestSession final : public Ingest {
 public:
  IngestSession(IngestServices& services, IngestContext context, const TransferSyntax& syntax);
  ~IngestSession() override;
  IngestSession(const IngestSession&) = delete;
  IngestSession& operator=(const IngestSession&) = delete;
  Result<> append(ByteView bytes) override;
  void commit(std::function<void(Result<StoredInstance>)> done) override;

 private:
  void note_refusal(const Error& error);
  [[nodiscard]] Result<> keep(ByteView bytes);
  /// Counts what the header has grown by against what all may take.
  [[nodiscard]] Result<> charge_header();
  [[nodiscard]] Result<> begin_writing();
  [[nodiscard]] Result<> write_out();
  /// Puts the meta group before a data set whose identity only its own header told.
  [[nodiscard]] Result<> put_meta_before();
  [[nodiscard]] Result<std::shared_ptr<PendingObject>> complete();

  IngestServices& services_;
  IngestContext context_;
  HeaderReader reader_;
  std::uint64_t header_bytes_ = 0;  // counted in services_.header_bytes
  Checksum checksum_;
  Bytes meta_;            // what stands before the data set; empty while its identity is unknown
  ChunkedBytes content_;  // meta and data set, or what of them is not written yet
  std::unique_ptr<ObjectWriter> writer_;
  std::uint64_t number_ = 0;       // of the object, once writing has begun
  std::uint64_t bare_number_ = 0;  // of the one written without meta group, if it was
  std::uint64_t bytes_ = 0, bytes_at_space_check_ = 0;
  Departures departures_;  // once complete
  Result<> health_;
};

}  // namespace pacs::storage
