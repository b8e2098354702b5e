#include "services/retrieve/object_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "encoding/pixels/lossy_copy.h"
#include "encoding/pixels/transcoder.h"
#include "encoding/transfer_syntax.h"
#include "integration/thread_adapter.h"
#include "services/store/storable_file.h"
#include "storage/stored_data_set.h"

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

network::DataSource ObjectReader::open(storage::InstanceRecord record, const SentAs& as) {
  const auto object = std::make_shared<Object>();
  object->offset = record.data_set_offset;
  object->end = record.data_set_offset + record.data_set_bytes;
  if (as.transfer_syntax_uid != record.transfer_syntax_uid ||
      !can_go_unchanged(as.transfer_syntax_uid, record.data_set_bytes)) {
    object->convert_to = as.transfer_syntax_uid;
  }
  object->lossy_jpeg_quality = as.lossy_jpeg_quality;
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
    if (object->being_read || object->turn.is_waiting) continue;
    if (object->awaited) return object;
    if (object->turn.is_put_off) continue;
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

/// The next object, with memory for a piece of it. Where there is none its worker ends.
ObjectReader::ObjectPtr ObjectReader::take_next(Piece& piece) {
  const std::lock_guard lock{mutex_};
  ObjectPtr object = next_to_read();
  if (object == nullptr) {
    --readers_;
    return nullptr;
  }
  object->being_read = true;
  object->turn.is_put_off = false;
  if (!free_.empty()) {
    piece.memory = std::move(free_.back());
    free_.pop_back();
  }
  return object;
}

void ObjectReader::read_ahead() {
  for (;;) {
    Piece piece;
    const ObjectPtr object = take_next(piece);
    if (object == nullptr) return;
    if (!piece.memory)
      piece.memory = std::make_unique_for_overwrite<std::byte[]>(kObjectPieceBytes);
    Result<> read =
        object->convert_to.empty() ? read_stored(*object, piece) : read_converted(*object, piece);
    if (put_off(object, read)) continue;
    // Frames are let go of as soon as the last is copied, not when the receiver has it.
    if (!read || object->is_read) object->converted = {};
    if ((!read || object->is_read) && !object->departures.empty()) {
      archive_.pixels_depart(object->record, object->departures, trace_id_);
    }
    const std::lock_guard lock{mutex_};
    object->being_read = false;
    object->turn.has_begun = true;
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

Result<Pieces> ObjectReader::convert(Object& object) {
  PACS_TRY(Header header, archive_.read_header(object.record.sop_instance_uid));
  ReadStored stored = storage::stored_data_set(archive_, object.record);
  const auto for_each = [this](std::size_t count, const std::function<void(std::size_t)>& work) {
    workers_.for_each(count, work);
  };
  const std::string& from = object.record.transfer_syntax_uid;
  TranscodeOptions options{
      .frames_at_once = kFramesAtOnce,
      .for_each = for_each,
      .departed = [&object](Departures met) { object.departures.add(met); },
      .memory = [this, &object](std::uint64_t bytes) { return memory_for(object, bytes); }};
  if (object.lossy_jpeg_quality == 0) {
    return transcode(std::move(header), from, object.convert_to, std::move(stored),
                     std::move(options));
  }
  options.encode.jpeg_quality = object.lossy_jpeg_quality;
  return transcode_to_lossy_copy(
      std::move(header), from,
      lossy_copy_uid(object.record.sop_instance_uid, object.lossy_jpeg_quality), std::move(stored),
      std::move(options));
}

/// Of the objects of one association those that hold memory are always the ones that are sent
/// first: one that held some while another before it waited could wait for itself. So only what the
/// network waits for queues up, and what is read ahead is put off where it could not begin at once.
Result<integration::WorkMemory::Held> ObjectReader::memory_for(Object& object,
                                                               std::uint64_t bytes) {
  const std::lock_guard lock{mutex_};
  MemoryTurn& turn = object.turn;
  if (turn.granted != nullptr) {
    turn.has_begun = true;
    return std::exchange(turn.granted, nullptr);
  }
  turn.is_put_off = !object.awaited && !earlier_ones_have_begun(object);
  if (turn.is_put_off) return fail(ErrorKind::OutOfResources, "objects before it have no memory");
  auto held = frame_memory_.hold(bytes);
  turn.has_begun = held.has_value();
  turn.is_put_off = !held;
  turn.bytes = bytes;
  return held;
}

bool ObjectReader::earlier_ones_have_begun(const Object& object) const {
  for (const ObjectPtr& earlier : unread_) {
    if (earlier.get() == &object) break;
    if (!earlier->convert_to.empty() && !earlier->turn.has_begun) return false;
  }
  return true;
}

/// Whether it was read in vain because it has no memory yet.
bool ObjectReader::put_off(const ObjectPtr& object, const Result<>& read) {
  std::uint64_t bytes = 0;
  {
    const std::lock_guard lock{mutex_};
    MemoryTurn& turn = object->turn;
    if (read || !turn.is_put_off || object->complete) return false;
    object->being_read = false;
    turn.is_waiting = object->awaited && turn.bytes != 0;
    if (turn.is_waiting) bytes = turn.bytes;
  }
  if (bytes != 0) wait_for_memory(object, bytes);
  return true;
}

void ObjectReader::wait_for_memory(const ObjectPtr& object, std::uint64_t bytes) {
  // Memory is given by whoever gives some back, under whatever lock: on a worker nobody holds any.
  frame_memory_.hold_later(bytes,
                           [weak = weak_from_this(), object](integration::WorkMemory::Held held) {
                             const auto self = weak.lock();
                             if (self == nullptr) return;
                             self->workers_.post([self, object, held = std::move(held)]() mutable {
                               {
                                 const std::lock_guard lock{self->mutex_};
                                 object->turn.is_waiting = false;
                                 if (!object->complete) object->turn.granted = std::move(held);
                               }
                               held = nullptr;
                               self->start_reading();
                             });
                           });
}

}  // namespace pacs::services
