#include "services/retrieve/object_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "encoding/pixels/transcoder.h"
#include "encoding/transfer_syntax.h"
#include "integration/thread_adapter.h"
#include "services/store/storable_file.h"

namespace pacs::services {

namespace {

tl::unexpected<Error> is_too_short(const storage::InstanceRecord& record) {
  return fail(Error{ErrorKind::Corrupt, "the stored object is shorter than the index says"}.in(
      record.sop_instance_uid));
}

}  // namespace

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
        piece = ByteView{current.memory.get(), current.bytes};
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
    Piece piece;
    {
      const std::lock_guard lock{mutex_};
      object = next_to_read();
      if (object == nullptr) {
        --readers_;
        return;
      }
      object->being_read = true;
      if (!free_.empty()) {
        piece.memory = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (!piece.memory)
      piece.memory = std::make_unique_for_overwrite<std::byte[]>(kObjectPieceBytes);
    Result<> read =
        object->convert_to.empty() ? read_stored(*object, piece) : read_converted(*object, piece);
    const std::lock_guard lock{mutex_};
    object->being_read = false;
    if (object->complete) {  // dropped meanwhile
      recycle(std::move(piece));
      continue;
    }
    if (read) {
      bytes_ahead_ += piece.bytes;
      object->pieces.push_back(std::move(piece));
      object->complete = object->is_read;
    } else {
      object->outcome = fail(std::move(read.error()));
      object->complete = true;
    }
    if (object->complete) std::erase(unread_, object);
    if (std::exchange(object->awaited, false)) {
      boost::asio::post(executor_, [self = shared_from_this()] { self->changed_.notify_all(); });
    }
  }
}

Result<> ObjectReader::read_stored(Object& object, Piece& piece) {
  const auto room = [&] {
    const auto left = std::min<std::uint64_t>(object.end - object.offset, piece.room().size());
    return piece.room().first(static_cast<std::size_t>(left));
  };
  while (!room().empty()) {
    PACS_TRY(const std::size_t got, archive_.read_object(object.record, object.offset, room()));
    if (got == 0) return is_too_short(object.record);
    piece.bytes += got;
    object.offset += got;
  }
  if (object.pad && object.offset == object.end && !piece.room().empty()) {
    piece.room().front() = std::byte{0};
    ++piece.bytes;
    object.pad = false;
  }
  object.is_read = object.offset == object.end && !object.pad;
  return {};
}

Result<> ObjectReader::read_converted(Object& object, Piece& piece) {
  if (!object.converted) {
    PACS_TRY(object.converted, convert(object));
  }
  while (!piece.room().empty()) {
    if (object.converted_left.empty()) {
      PACS_TRY(object.converted_left, object.converted());
      object.is_read = object.converted_left.empty();
      if (object.is_read) break;
    }
    const std::size_t bytes = std::min(piece.room().size(), object.converted_left.size());
    std::ranges::copy(object.converted_left.first(bytes), piece.room().begin());
    object.converted_left = object.converted_left.subspan(bytes);
    piece.bytes += bytes;
  }
  return {};
}

Result<Pieces> ObjectReader::convert(const Object& object) {
  PACS_TRY(Header header, archive_.read_header(object.record.sop_instance_uid));
  ReadStored stored = [this, record = object.record](std::uint64_t offset,
                                                     std::span<std::byte> into) -> Result<> {
    while (!into.empty()) {
      PACS_TRY(const std::size_t got,
               archive_.read_object(record, record.data_set_offset + offset, into));
      if (got == 0) return is_too_short(record);
      offset += got;
      into = into.subspan(got);
    }
    return {};
  };
  const auto for_each = [this](std::size_t count, const std::function<void(std::size_t)>& work) {
    workers_.for_each(count, work);
  };
  return transcode(std::move(header), object.record.transfer_syntax_uid, object.convert_to,
                   std::move(stored), {{}, kFramesAtOnce, for_each});
}

}  // namespace pacs::services
