#include "services/retrieve/object_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "encoding/transfer_syntax.h"
#include "integration/thread_adapter.h"
#include "services/store/storable_file.h"

namespace pacs::services {

/// What the network pulls from; ends the reading when it is dropped.
class ObjectReader::Source {
 public:
  Source(std::shared_ptr<ObjectReader> reader, ObjectPtr object)
      : reader_(std::move(reader)), object_(std::move(object)) {}
  ~Source() { reader_->drop(object_, std::move(current_)); }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  network::Task<Result<ByteView>> next() { return reader_->next(object_, current_); }

 private:
  std::shared_ptr<ObjectReader> reader_;
  ObjectPtr object_;
  Piece current_;
};

network::DataSource ObjectReader::open(storage::InstanceRecord record, std::string_view as) {
  const auto object = std::make_shared<Object>();
  object->offset = record.data_set_offset;
  object->end = record.data_set_offset + record.data_set_bytes;
  if (as != record.transfer_syntax_uid || !can_go_unchanged(as, record.data_set_bytes)) {
    object->convert_to = as;
  }
  // PS3.5 §A.5: a deflated data set of odd length is padded; receivers abort when a fragment is
  // odd.
  const TransferSyntax* stored = find_transfer_syntax(record.transfer_syntax_uid);
  object->pad = object->convert_to.empty() && stored != nullptr && stored->deflated &&
                record.data_set_bytes % 2 != 0;
  object->record = std::move(record);
  {
    const std::lock_guard lock{mutex_};
    unread_.push_back(object);
  }
  start_reading();
  const auto source = std::make_shared<Source>(shared_from_this(), object);
  return network::DataSource{[source] { return source->next(); }};
}

network::Task<Result<ByteView>> ObjectReader::next(ObjectPtr object, Piece& current) {
  for (;;) {
    std::optional<Result<ByteView>> piece;
    {
      const std::lock_guard lock{mutex_};
      recycle(std::exchange(current, {}));
      if (!object->pieces.empty()) {
        current = std::move(object->pieces.front());
        object->pieces.pop_front();
        bytes_ahead_ -= current.bytes;
        piece = current.view();
      } else if (!object->outcome) {
        piece = fail(object->outcome.error());
      } else if (object->complete) {
        piece = ByteView{};
      } else {
        object->awaited = true;
      }
    }
    start_reading();
    if (piece) co_return std::move(*piece);
    co_await changed_.wait();
  }
}

void ObjectReader::drop(const ObjectPtr& object, Piece current) {
  const std::lock_guard lock{mutex_};
  recycle(std::move(current));
  std::erase(unread_, object);
  object->complete = true;
  for (Piece& piece : std::exchange(object->pieces, {})) {
    bytes_ahead_ -= piece.bytes;
    recycle(std::move(piece));
  }
}

void ObjectReader::recycle(Piece piece) {
  if (piece.memory) free_.push_back(std::move(piece.memory));
}

/// What somebody waits for goes first, however much lies ready for others: else they could wait for
/// each other.
ObjectReader::ObjectPtr ObjectReader::next_to_read() const {
  ObjectPtr next;
  for (const ObjectPtr& object : unread_) {
    if (object->being_read) continue;
    if (object->awaited) return object;
    if (next == nullptr && bytes_ahead_ < kReadAheadBytes) next = object;
  }
  return next;
}

bool ObjectReader::must_read() {
  const std::lock_guard lock{mutex_};
  const ObjectPtr next = next_to_read();
  if (next == nullptr || readers_ == kReadersMax) return false;
  const bool starving = std::ranges::any_of(unread_, [](const auto& o) { return o->awaited; });
  // The first is called when half of what may lie ready has gone: seldom, and in time.
  if (!starving && (readers_ != 0 || bytes_ahead_ > kReadAheadBytes / 2)) return false;
  ++readers_;
  return true;
}

void ObjectReader::start_reading() {
  if (!must_read()) return;
  workers_.post([self = shared_from_this()] { self->read_ahead(); });
}

void ObjectReader::read_ahead() {
  for (;;) {
    ObjectPtr object;
    std::unique_ptr<std::byte[]> memory;
    std::uint64_t converting = 0;
    {
      const std::lock_guard lock{mutex_};
      object = next_to_read();
      if (object == nullptr) {
        --readers_;
        return;
      }
      object->being_read = true;
      converting = object->convert_to.empty() ? 0 : object->record.data_set_bytes;
      bytes_ahead_ += converting;  // it is in memory before it is ready
      if (!free_.empty()) {
        memory = std::move(free_.back());
        free_.pop_back();
      }
    }
    Result<Piece> piece = object->convert_to.empty() ? read_piece(*object, std::move(memory))
                                                     : read_converted(*object);
    const std::lock_guard lock{mutex_};
    object->being_read = false;
    bytes_ahead_ -= converting;
    if (object->complete) {  // dropped meanwhile
      if (piece) recycle(std::move(*piece));
      continue;
    }
    if (piece) {
      bytes_ahead_ += piece->bytes;
      object->pieces.push_back(std::move(*piece));
      object->complete = object->offset == object->end && !object->pad;
    } else {
      object->outcome = fail(std::move(piece.error()));
      object->complete = true;
    }
    if (object->complete) std::erase(unread_, object);
    if (std::exchange(object->awaited, false)) {
      boost::asio::post(executor_, [self = shared_from_this()] { self->changed_.notify_all(); });
    }
  }
}

Result<ObjectReader::Piece> ObjectReader::read_piece(Object& object,
                                                     std::unique_ptr<std::byte[]> memory) {
  if (!memory) memory = std::make_unique_for_overwrite<std::byte[]>(kObjectPieceBytes);
  Piece piece{std::move(memory), {}, 0};
  const auto room = [&] {
    const std::uint64_t left = object.end - object.offset;
    return std::span{
        piece.memory.get() + piece.bytes,
        static_cast<std::size_t>(std::min<std::uint64_t>(left, kObjectPieceBytes - piece.bytes))};
  };
  while (!room().empty()) {
    PACS_TRY(const std::size_t got, archive_.read_object(object.record, object.offset, room()));
    if (got == 0) {
      return fail(Error{ErrorKind::Corrupt, "the stored object is shorter than the index says"}.in(
          object.record.sop_instance_uid));
    }
    piece.bytes += got;
    object.offset += got;
  }
  if (object.pad && object.offset == object.end && piece.bytes < kObjectPieceBytes) {
    piece.memory[piece.bytes++] = std::byte{0};
    object.pad = false;
  }
  return piece;
}

Result<ObjectReader::Piece> ObjectReader::read_converted(Object& object) {
  const storage::InstanceRecord& record = object.record;
  if (record.data_set_bytes > kConvertedBytesMax) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("above {} MiB it is not written anew: the peer takes another transfer "
                            "syntax, or its length is odd",
                            kConvertedBytesMax >> 20));
  }
  Bytes stored(static_cast<std::size_t>(record.data_set_bytes));
  while (object.offset < object.end) {
    const std::size_t done = stored.size() - static_cast<std::size_t>(object.end - object.offset);
    PACS_TRY(const std::size_t got,
             archive_.read_object(record, object.offset, std::span{stored}.subspan(done)));
    if (got == 0) return fail(ErrorKind::Corrupt, "the stored object is shorter than indexed");
    object.offset += got;
  }
  PACS_TRY(SharedBytes converted, convert_data_set(share(std::move(stored)),
                                                   record.transfer_syntax_uid, object.convert_to));
  const std::size_t bytes = converted.view.size();
  return Piece{nullptr, std::move(converted), bytes};
}

}  // namespace pacs::services
