// ObjectReader: objects of the archive as data sets to be sent, read by workers while others are
// being sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/scan/departure.h"
#include "integration/work_memory.h"
#include "network/data_source.h"
#include "services/dispatch/event.h"
#include "storage/archive.h"

namespace pacs::integration {
class WorkPool;
}

namespace pacs::services {

/// A piece fills several PDUs and stays in the processor's cache on its way from disk to socket. 8
/// KiB for the header let the usual images, which are powers of two, be few whole pieces.
inline constexpr std::size_t kObjectPieceBytes = (256U << 10) + (8U << 10);
/// Read and not yet sent, for each association: keeps the wire full over a disk that answers within
/// some milliseconds.
inline constexpr std::size_t kReadAheadBytes = 2U << 20;
/// Workers that read for one association: one as long as it keeps up, which it does out of memory;
/// more where it waits for the disk, which answers several as fast as one.
inline constexpr std::size_t kReadersMax = 3;

/// How an object goes.
struct SentAs {
  std::string_view transfer_syntax_uid;  ///< the stored one, or another one to convert to
  int lossy_jpeg_quality = 0;            ///< 1 to 100: as a lossy copy; 0: without loss
};

/// What an ObjectReader stands on; all of it outlives what has been opened.
struct ReadSetup {
  storage::Archive& archive;
  integration::WorkPool& workers;
  integration::WorkMemory& frame_memory;  ///< for frames that are converted, of all associations
};

/// For one association: used on its executor, reading on the workers. The executor outlives the
/// workers' work.
class ObjectReader : public std::enable_shared_from_this<ObjectReader> {
 public:
  /// `trace_id` is the association's, for the log.
  ObjectReader(const ReadSetup& setup, const boost::asio::any_io_executor& executor,
               std::string trace_id = {})
      : archive_(setup.archive),
        workers_(setup.workers),
        frame_memory_(setup.frame_memory),
        executor_(executor),
        trace_id_(std::move(trace_id)),
        changed_(executor) {}

  /// Begins to read an object, behind those that have been opened before. Sources are meant to be
  /// used in the order they were opened; one that is dropped is read no further.
  [[nodiscard]] network::DataSource open(storage::InstanceRecord record, const SentAs& as);

 private:
  struct Piece {
    std::unique_ptr<std::byte[]> memory;  ///< of kObjectPieceBytes
    std::size_t bytes = 0;

    [[nodiscard]] std::span<std::byte> room() const {
      return {memory.get() + bytes, kObjectPieceBytes - bytes};
    }
  };
  /// How an object comes to the memory for its frames.
  struct MemoryTurn {
    bool has_begun = false;                   ///< it has what it takes
    bool is_put_off = false;                  ///< until somebody waits for the object
    bool is_waiting = false;                  ///< in the queue for `bytes`
    std::uint64_t bytes = 0;                  ///< that were not to be had at once
    integration::WorkMemory::Held granted{};  ///< for the next try
  };
  struct Object {
    storage::InstanceRecord record;
    std::string convert_to;  ///< empty: as stored
    int lossy_jpeg_quality = 0;
    std::uint64_t offset = 0, end = 0;
    bool pad = false;  ///< one zero byte behind it
    // Of one that is converted, once its reading has begun.
    Pieces converted{};
    ByteView converted_left{};  ///< of its last piece
    Departures departures{};    ///< of its pixel data, so far
    bool is_read = false;       ///< to its end
    // Guarded by the reader's mutex.
    std::deque<Piece> pieces{};
    Result<> outcome{};
    bool complete = false;    ///< nothing more is to be read
    bool being_read = false;  ///< a worker is at it
    bool awaited = false;     ///< its user waits for a piece
    MemoryTurn turn{};        ///< of one that is converted
  };
  using ObjectPtr = std::shared_ptr<Object>;
  class Source;

  network::Task<Result<ByteView>> next(ObjectPtr object, Piece& current);
  void drop(const ObjectPtr& object, Piece current);
  void recycle(Piece piece);
  [[nodiscard]] ObjectPtr next_to_read() const;
  [[nodiscard]] ObjectPtr take_next(Piece& piece);
  [[nodiscard]] bool must_read();
  void start_reading();
  void read_ahead();
  [[nodiscard]] Result<> read_stored(Object& object, Piece& piece);
  [[nodiscard]] Result<> read_converted(Object& object, Piece& piece);
  [[nodiscard]] Result<Pieces> convert(Object& object);
  [[nodiscard]] Result<integration::WorkMemory::Held> memory_for(Object& object,
                                                                 std::uint64_t bytes);
  [[nodiscard]] bool earlier_ones_have_begun(const Object& object) const;
  [[nodiscard]] bool put_off(const ObjectPtr& object, const Result<>& read);
  void wait_for_memory(const ObjectPtr& object, std::uint64_t bytes);

  storage::Archive& archive_;
  integration::WorkPool& workers_;
  integration::WorkMemory& frame_memory_;
  boost::asio::any_io_executor executor_;
  const std::string trace_id_;
  Event changed_;  ///< on the executor only

  std::mutex mutex_;              // guards what follows
  std::deque<ObjectPtr> unread_;  ///< not read to the end, in the order they were opened
  std::vector<std::unique_ptr<std::byte[]>> free_;
  std::size_t bytes_ahead_ = 0;
  std::size_t readers_ = 0;  ///< workers that read
};

}  // namespace pacs::services
