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
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "encoding/data_sets/streamed_data_set.h"
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
/// Frames of one object that are converted at once.
inline constexpr std::size_t kFramesAtOnce = 4;

/// For one association: used on its executor, reading on the workers. Archive and workers outlive
/// what has been opened; the executor outlives the workers' work.
class ObjectReader : public std::enable_shared_from_this<ObjectReader> {
 public:
  ObjectReader(storage::Archive& archive, integration::WorkPool& workers,
               const boost::asio::any_io_executor& executor)
      : archive_(archive), workers_(workers), executor_(executor), changed_(executor) {}

  /// Begins to read an object, behind those that have been opened before. Sources are meant to be
  /// used in the order they were opened; one that is dropped is read no further. `as` is the stored
  /// transfer syntax, or another one to convert to.
  [[nodiscard]] network::DataSource open(storage::InstanceRecord record, std::string_view as);

 private:
  struct Piece {
    std::unique_ptr<std::byte[]> memory;  ///< of kObjectPieceBytes
    std::size_t bytes = 0;

    [[nodiscard]] std::span<std::byte> room() const {
      return {memory.get() + bytes, kObjectPieceBytes - bytes};
    }
  };
  struct Object {
    storage::InstanceRecord record;
    std::string convert_to;  ///< empty: as stored
    std::uint64_t offset = 0, end = 0;
    bool pad = false;  ///< one zero byte behind it
    // Of one that is converted, once its reading has begun.
    Pieces converted{};
    ByteView converted_left{};  ///< of its last piece
    bool is_read = false;       ///< to its end
    // Guarded by the reader's mutex.
    std::deque<Piece> pieces{};
    Result<> outcome{};
    bool complete = false;    ///< nothing more is to be read
    bool being_read = false;  ///< a worker is at it
    bool awaited = false;     ///< its user waits for a piece
  };
  using ObjectPtr = std::shared_ptr<Object>;
  class Source;

  network::Task<Result<ByteView>> next(ObjectPtr object, Piece& current);
  void drop(const ObjectPtr& object, Piece current);
  void recycle(Piece piece);
  [[nodiscard]] ObjectPtr next_to_read() const;
  [[nodiscard]] bool must_read();
  void start_reading();
  void read_ahead();
  [[nodiscard]] Result<> read_stored(Object& object, Piece& piece);
  [[nodiscard]] Result<> read_converted(Object& object, Piece& piece);
  [[nodiscard]] Result<Pieces> convert(const Object& object);

  storage::Archive& archive_;
  integration::WorkPool& workers_;
  boost::asio::any_io_executor executor_;
  Event changed_;  ///< on the executor only

  std::mutex mutex_;              // guards what follows
  std::deque<ObjectPtr> unread_;  ///< not read to the end, in the order they were opened
  std::vector<std::unique_ptr<std::byte[]>> free_;
  std::size_t bytes_ahead_ = 0;
  std::size_t readers_ = 0;  ///< workers that read
};

}  // namespace pacs::services
