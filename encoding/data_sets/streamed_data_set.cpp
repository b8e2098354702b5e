#include "encoding/data_sets/streamed_data_set.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "encoding/byte_order.h"
#include "encoding/data_sets/data_set_writer.h"
#include "encoding/scan/inflate.h"

namespace pacs {
namespace {

constexpr std::size_t kPieceBytes = 256U << 10;  // of bulk values; a whole number of any unit
constexpr std::uint64_t kDeflatedPieceBytes = 64U << 10;  // at a time, going forwards
constexpr std::uint64_t kDeflatedRangeBytes = 8U << 20;   // at a time, for one place

class BulkPieces {
 public:
  BulkPieces(ReadStored stored, BulkReference where, std::size_t swap_unit)
      : stored_(std::move(stored)), where_(where), swap_unit_(swap_unit) {}

  Result<ByteView> next() {
    buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, where_.length)));
    if (buffer_.empty()) return ByteView{};
    PACS_TRY(stored_(where_.offset, buffer_));
    where_.offset += buffer_.size();
    where_.length -= buffer_.size();
    if (swap_unit_ > 1) swap_units(buffer_, swap_unit_);
    return ByteView{buffer_};
  }

 private:
  const ReadStored stored_;
  BulkReference where_;
  const std::size_t swap_unit_;
  Bytes buffer_;
};

class StreamedDataSet {
 public:
  StreamedDataSet(DataSet data_set, OpenBulk open_bulk)
      : data_set_(std::move(data_set)), open_bulk_(std::move(open_bulk)) {}

  Result<> write(const TransferSyntax& syntax) {
    DataSetWriter writer{syntax, {.conforming = true, .even_lengths = true}, nullptr, &gaps_};
    PACS_TRY(writer.write(data_set_));
    written_ = std::move(writer.bytes());
    return {};
  }

  Result<ByteView> next() {
    for (;;) {
      if (bulk_) {
        PACS_TRY(const ByteView piece, bulk_());
        if (!piece.empty()) return piece;
        bulk_ = {};
      }
      const std::size_t end = gap_ < gaps_.size() ? gaps_[gap_].at : written_.size();
      const ByteView piece = ByteView{written_}.subspan(at_, end - at_);
      at_ = end;
      if (gap_ < gaps_.size()) {
        bulk_ = open_bulk_(*gaps_[gap_].element, gaps_[gap_].swap_unit);
        ++gap_;
      } else if (piece.empty()) {
        return piece;
      }
      if (!piece.empty()) return piece;
    }
  }

 private:
  const DataSet data_set_;  // gaps name its elements
  const OpenBulk open_bulk_;
  Bytes written_;
  std::vector<DataSetWriter::Gap> gaps_;
  std::size_t at_ = 0, gap_ = 0;  // what comes next of either
  Pieces bulk_;                   // whose turn it is
};

class InflatedReader {
 public:
  InflatedReader(ReadStored deflated, std::uint64_t bytes, const Limits& limits,
                 std::vector<InflatePoint> points)
      : deflated_(std::move(deflated)),
        bytes_(bytes),
        limits_(limits),
        points_(std::move(points)),
        inflater_(limits) {}

  Result<> read(std::uint64_t offset, std::span<std::byte> into) {
    begin_near(offset, offset + into.size());
    while (!into.empty()) {
      if (inflated_.empty()) {
        PACS_TRY(inflate_more());
        continue;
      }
      take(static_cast<std::size_t>(std::min<std::uint64_t>(offset - at_, inflated_.size())));
      const std::size_t got = std::min(into.size(), inflated_.size());
      std::ranges::copy(inflated_.first(got), into.begin());
      take(got);
      offset += got;
      into = into.subspan(got);
    }
    return {};
  }

 private:
  /// Goes to the last point before the offset, unless it goes on to it from where it is.
  void begin_near(std::uint64_t offset, std::uint64_t end) {
    const auto after = [this](std::uint64_t place) {
      return std::ranges::upper_bound(points_, place, {}, &InflatePoint::inflated_offset);
    };
    const auto behind = after(offset);
    const InflatePoint* point = behind == points_.begin() ? nullptr : &*std::prev(behind);
    const std::uint64_t start = point == nullptr ? 0 : point->inflated_offset;
    const bool goes_on = offset >= at_ && start <= at_ + inflated_.size();
    if (std::exchange(begun_, true) && goes_on) return;
    inflater_ = point == nullptr ? Inflater{limits_} : Inflater{limits_, *point};
    inflated_ = input_ = {};
    at_ = start;
    read_ = point == nullptr ? 0 : point->deflated_offset;
    const auto next = after(end);
    range_end_ = next == points_.end() ? bytes_ : next->deflated_offset;
  }
  void take(std::size_t bytes) {
    inflated_ = inflated_.subspan(bytes);
    at_ += bytes;
  }
  Result<> inflate_more() {
    PACS_TRY(inflated_, inflater_.next(input_));
    if (!inflated_.empty() || !input_.empty()) return {};
    const std::uint64_t range = range_end_ - std::min(read_, range_end_);
    const std::uint64_t piece = std::clamp(range, kDeflatedPieceBytes, kDeflatedRangeBytes);
    const auto bytes = std::min(piece, bytes_ - read_);
    if (bytes == 0) return fail(ErrorKind::Truncated, "the deflated data set ends too early");
    buffer_.resize(static_cast<std::size_t>(bytes));
    PACS_TRY(deflated_(read_, buffer_));
    read_ += bytes;
    input_ = buffer_;
    return {};
  }

  const ReadStored deflated_;
  const std::uint64_t bytes_;
  const Limits limits_;
  const std::vector<InflatePoint> points_;
  Inflater inflater_;
  Bytes buffer_;
  ByteView input_, inflated_;  // of what was read; of what was inflated, not yet taken
  std::uint64_t read_ = 0;     // of the deflated bytes
  std::uint64_t at_ = 0;       // of the inflated ones: where `inflated_` begins
  bool begun_ = false;
  std::uint64_t range_end_ = 0;  // up to which deflated bytes are surely needed
};

/// The raw deflate stream of pieces (PS3.5 §A.5).
class DeflatedPieces {
 public:
  explicit DeflatedPieces(Pieces pieces)
      : pieces_(std::move(pieces)),
        is_ready_(deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS,
                               MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK) {}
  ~DeflatedPieces() {
    if (is_ready_) deflateEnd(&stream_);
  }
  DeflatedPieces(const DeflatedPieces&) = delete;
  DeflatedPieces& operator=(const DeflatedPieces&) = delete;

  Result<ByteView> next() {
    if (!is_ready_) return fail(ErrorKind::OutOfResources, "no memory to deflate with");
    if (is_done_) return ByteView{};
    stream_.next_out = reinterpret_cast<Bytef*>(window_.data());
    stream_.avail_out = static_cast<uInt>(window_.size() - 1);  // one is for padding
    while (stream_.avail_out != 0 && !is_done_) {
      if (stream_.avail_in == 0 && !has_ended_) {
        PACS_TRY(const ByteView piece, pieces_());
        has_ended_ = piece.empty();
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(piece.data()));
        stream_.avail_in = static_cast<uInt>(piece.size());
      }
      is_done_ = deflate(&stream_, has_ended_ ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END;
    }
    std::size_t bytes = window_.size() - 1 - stream_.avail_out;
    given_ += bytes;
    // PS3.5 §A.5: "if the resulting length is odd, a trailing NULL byte shall be added".
    if (is_done_ && given_ % 2 != 0) window_[bytes++] = std::byte{0};
    return ByteView{window_}.first(bytes);
  }

 private:
  const Pieces pieces_;
  z_stream stream_{};
  std::array<std::byte, (64U << 10) + 1> window_{};
  std::uint64_t given_ = 0;
  const bool is_ready_;
  bool has_ended_ = false, is_done_ = false;
};

Pieces deflate_pieces(Pieces pieces) {
  const auto deflated = std::make_shared<DeflatedPieces>(std::move(pieces));
  return [deflated] { return deflated->next(); };
}

}  // namespace

ReadStored stored_in(SharedBytes bytes, std::uint64_t first_offset) {
  return [bytes = std::move(bytes), first_offset](std::uint64_t offset,
                                                  std::span<std::byte> into) -> Result<> {
    const std::uint64_t size = bytes.view.size();
    const std::uint64_t begin = offset - first_offset;
    if (offset < first_offset || begin > size || into.size() > size - begin) {
      return fail(Error{ErrorKind::Truncated, "the data set ends too early"}.at(offset));
    }
    std::ranges::copy(bytes.view.subspan(static_cast<std::size_t>(begin), into.size()),
                      into.begin());
    return {};
  };
}

Result<Bytes> read_bytes(const ReadStored& stored, BulkReference where) {
  Bytes bytes(static_cast<std::size_t>(where.length));
  PACS_TRY(stored(where.offset, bytes));
  return bytes;
}

Pieces bulk_pieces(ReadStored stored, BulkReference where, std::size_t swap_unit) {
  const auto bulk = std::make_shared<BulkPieces>(std::move(stored), where, swap_unit);
  return [bulk] { return bulk->next(); };
}

Result<Pieces> stream_data_set(DataSet data_set, const TransferSyntax& syntax, OpenBulk open_bulk) {
  const auto stream = std::make_shared<StreamedDataSet>(std::move(data_set), std::move(open_bulk));
  PACS_TRY(stream->write(syntax));
  const Pieces pieces = [stream] { return stream->next(); };
  return syntax.deflated ? deflate_pieces(pieces) : pieces;
}

ReadStored read_inflated(ReadStored deflated, std::uint64_t deflated_bytes, const Limits& limits,
                         std::vector<InflatePoint> points) {
  const auto reader = std::make_shared<InflatedReader>(std::move(deflated), deflated_bytes, limits,
                                                       std::move(points));
  return [reader](std::uint64_t offset, std::span<std::byte> into) {
    return reader->read(offset, into);
  };
}

}  // namespace pacs
