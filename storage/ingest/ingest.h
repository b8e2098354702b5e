// Ingest: an object arriving as a stream of bytes, as its sender sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/data_sets/pixel_data_end.h"

namespace pacs::storage {

enum class Durability : std::uint8_t { Full, Os };  ///< survives power loss | survives kill -9

enum class DuplicatePolicy : std::uint8_t { Keep, Replace, Reject };

/// Where an object comes from and what its sender said of it (the C-STORE command, the STOW part).
struct IngestContext {
  std::string transfer_syntax_uid;
  std::string sop_class_uid;              ///< empty: take what the data set says
  std::string sop_instance_uid;           ///< empty: take what the data set says
  std::string source_ae;                  ///< calling AE title; empty for import
  std::string trace_id;                   ///< the association's or request's id, for logs
  DataSetEnd end = DataSetEnd::MaybeCut;  ///< what commit says of it
  std::string study_instance_uid{};       ///< the only study it may belong to; empty: any
};

enum class StoreOutcome : std::uint8_t {
  Stored,         ///< new
  AlreadyStored,  ///< identical content was there: acknowledged
  Kept,           ///< different content, policy keep: the first stays
  Replaced,       ///< different content, policy replace
};

struct StoredInstance {
  StoreOutcome outcome = StoreOutcome::Stored;
  std::string sop_class_uid, sop_instance_uid, series_instance_uid, study_instance_uid;
  std::uint64_t bytes = 0;  ///< of the data set
};

/// One object arriving. Dropped without commit it has stored nothing. Not for use from two threads
/// at once. Lives no longer than its archive.
class Ingest {
 public:
  virtual ~Ingest() = default;
  /// Next bytes of the data set. May write to disk (page cache). An error is final for this object:
  /// Malformed / LimitExceeded (the data set), Mismatch, OutOfResources (disk full), Io.
  [[nodiscard]] virtual Result<> append(ByteView bytes) = 0;
  /// Ends the object. `done` is called exactly once, maybe on another thread, maybe before commit
  /// returns, when object and index entry are durable (or it failed). Errors: Truncated, Malformed,
  /// Mismatch (command against data set: offending element in `tag`), Duplicate (policy reject),
  /// OutOfResources, Io. It must be quick: others wait behind it.
  virtual void commit(std::function<void(Result<StoredInstance>)> done) = 0;
};

}  // namespace pacs::storage
