// Objects between acknowledgement and their final place, so that what was acknowledged can be read
// at once, and the claims that keep two arrivals of one instance apart.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "encoding/data_sets/header_reader.h"
#include "storage/disk/chunk_pool.h"
#include "storage/index/index.h"
#include "storage/objects/storage_interface.h"

namespace pacs::storage {

/// One object that has arrived whole. Its content lies in memory (and then in the journal), or in
/// an unfinished object of the store when it is large.
struct PendingObject {
  PendingObject(ChunkedBytes bytes, Header parsed)
      : content(std::move(bytes)), parsed_(std::move(parsed)) {}

  IndexedInstance row;  ///< columns and header only after prepare()
  std::string trace_id;
  Bytes meta;                            ///< what precedes the data set in the object
  ChunkedBytes content;                  ///< the object, meta included; empty when external
  std::unique_ptr<ObjectWriter> writer;  ///< set: external, not flushed yet
  bool external = false;
  /// Not empty: the external object lies under this key without meta group and is to be copied.
  std::string bare_key;
  std::uint64_t replaces = 0;  ///< object number; 0 for none
  std::uint64_t sequence = 0;  ///< in the journal, once durable

  /// Fills the row from the header. Whoever needs it first does it; any thread.
  void prepare();
  /// What it keeps in memory. The header counts once it is prepared: before, it is about as long as
  /// the content that it was read from.
  [[nodiscard]] std::uint64_t memory_bytes() const { return content.size() + header_bytes_; }

 private:
  std::once_flag prepared_;
  std::atomic<std::uint64_t> header_bytes_{0};
  std::optional<Header> parsed_;
};

/// Thread-safe.
class PendingTable {
 public:
  using Object = std::shared_ptr<PendingObject>;

  enum class Claim : std::uint8_t {
    Taken,  ///< the caller decides about this instance until settle or give_up
    Busy,   ///< somebody else does: `retry` will be called afterwards
  };
  struct Claimed {
    Claim claim;
    Object durable;  ///< the acknowledged one that no index row names yet, if any
  };
  [[nodiscard]] Claimed claim(const std::string& sop_instance_uid, std::function<void()> retry);
  /// The claim ends with `object` durable. Returns who waited.
  [[nodiscard]] std::vector<std::function<void()>> settle(const Object& object);
  /// The claim ends with nothing changed. Returns who waited.
  [[nodiscard]] std::vector<std::function<void()>> give_up(const std::string& sop_instance_uid);
  /// The object lies in its final place and the index names it.
  void applied(const Object& object);

  [[nodiscard]] Object find(std::string_view sop_instance_uid) const;
  [[nodiscard]] Object find_key(std::string_view object_key) const;
  /// Acknowledged objects that the index does not name yet.
  [[nodiscard]] std::vector<Object> durable() const;

 private:
  struct Slot {
    Object durable;
    bool claimed = false;
    std::vector<std::function<void()>> waiting;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  template <typename Value>
  using Map = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  mutable std::mutex mutex_;
  Map<Slot> slots_;
  Map<Object> keys_;
};

}  // namespace pacs::storage
