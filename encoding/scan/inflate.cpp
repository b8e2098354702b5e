#include "encoding/scan/inflate.h"

#include <fmt/format.h>
#include <libdeflate.h>
#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace pacs {
namespace {

constexpr std::size_t kWindowBytes = 64 * 1024;  // inflated at a time: fits the second-level cache
constexpr std::uint64_t kRatioAppliesAbove = 16ULL << 20;  // inflated bytes, see Limits
/// What may follow the stream: the pad byte of PS3.5 §A.5, or the checksum and length of a gzip
/// trailer that some writers leave. Behind it only NULs.
constexpr std::size_t kTrailerBytesMax = 9;
constexpr std::size_t kReach = 32 * 1024;  // how far back a stream refers, RFC 1951 §2
constexpr std::size_t kWrapperBytes = 2;   // tell a zlib or gzip header

/// RFC 1950 §2.2: method 8, a window of at most 32 KiB, no dictionary, and "CMF and FLG, when
/// viewed as a 16-bit unsigned integer ..., is a multiple of 31"; RFC 1952 §2.3.1: 1F 8B. Read as a
/// raw stream (RFC 1951 §3.2) the first would be a stored block with bits set in its padding, which
/// nobody writes, the second an undefined type of block.
bool begins_wrapped(const std::array<std::byte, kWrapperBytes>& front) {
  const auto first = std::to_integer<unsigned>(front[0]);
  const auto second = std::to_integer<unsigned>(front[1]);
  const bool zlib = (first & 0x0F) == 8 && first >> 4 <= 7 && (second & 0x20) == 0 &&
                    (first << 8 | second) % 31 == 0;
  return zlib || (first == 0x1F && second == 0x8B);
}

}  // namespace

struct Inflater::State {
  Limits limits;
  z_stream stream{};
  std::uint64_t taken = 0;
  std::uint64_t given = 0;
  std::size_t trailer = 0;
  bool ended = false;
  Departures departures;
  std::array<std::byte, kWrapperBytes> front{};
  std::size_t front_held =
      0;  // of the first bytes, which are looked at before anything is inflated
  std::size_t front_given = 0;  // of them, inflated
  // Points: how far apart, and the last byte taken.
  std::uint64_t points_apart = 0;  // 0: none are noted
  std::vector<InflatePoint> points;
  std::byte last_taken{0};
  std::array<std::byte, kWindowBytes> window;

  explicit State(const Limits& given_limits) : limits(given_limits) {
    // Negative window bits: a raw deflate stream without zlib header (PS3.5 §A.5).
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { inflateEnd(&stream); }

  [[nodiscard]] bool point_is_due() const {
    return points_apart != 0 &&
           given - (points.empty() ? 0 : points.back().inflated_offset) >= points_apart;
  }

  /// zlib's manual, inflate: after Z_BLOCK, data_type has 128 at the end of a block, 64 in the last
  /// block, and the number of unused bits in the last byte taken.
  void note_point() {
    constexpr int kBlockEnd = 128, kLastBlock = 64, kUnusedBits = 7;
    if ((stream.data_type & kBlockEnd) == 0 || (stream.data_type & kLastBlock) != 0) return;
    InflatePoint point{.inflated_offset = given, .deflated_offset = taken, .window = Bytes(kReach)};
    point.bits = static_cast<std::uint8_t>(stream.data_type & kUnusedBits);
    point.carried =
        static_cast<std::uint8_t>(std::to_integer<unsigned>(last_taken) >> (8U - point.bits));
    uInt reached = 0;
    inflateGetDictionary(&stream, reinterpret_cast<Bytef*>(point.window.data()), &reached);
    point.window.resize(reached);
    points.push_back(std::move(point));
    if (points.size() < kInflatePointsMax) return;
    for (std::size_t i = 0; i < points.size() / 2; ++i) points[i] = std::move(points[2 * i + 1]);
    points.resize(points.size() / 2);
    points_apart *= 2;
  }

  /// False until the first bytes are there.
  bool sees_front(ByteView& input) {
    while (front_held < front.size()) {
      if (input.empty()) return false;
      front[front_held++] = input.front();
      input = input.subspan(1);
      if (front_held == front.size() && begins_wrapped(front)) {
        departures.add(Departure::ZlibHeader);
        // 32: zlib or gzip, by the header; the checksum behind the stream is compared.
        inflateReset2(&stream, MAX_WBITS + 32);
      }
    }
    return true;
  }

  Result<> take_trailer(ByteView bytes) {
    for (const std::byte byte : bytes) {
      if (++trailer <= kTrailerBytesMax) continue;
      if (byte != std::byte{0}) {
        return fail(
            Error{ErrorKind::Malformed, "bytes follow the end of the deflate stream"}.at(taken));
      }
      departures.add(Departure::TrailingNuls);
    }
    return {};
  }

  Result<> check_limits() const {
    if (given > limits.inflated_bytes_max) {
      return fail(Error{ErrorKind::LimitExceeded,
                        fmt::format("inflated data set passes inflated_bytes_max = {}",
                                    limits.inflated_bytes_max)}
                      .at(taken));
    }
    if (given > kRatioAppliesAbove && given / limits.inflate_ratio_max > taken) {
      return fail(Error{ErrorKind::LimitExceeded,
                        fmt::format("data set inflates by more than inflate_ratio_max = {}",
                                    limits.inflate_ratio_max)}
                      .at(taken));
    }
    return {};
  }
};

Inflater::Inflater(const Limits& limits) : state_(std::make_unique<State>(limits)) {}
Inflater::Inflater(const Limits& limits, const InflatePoint& from) : Inflater(limits) {
  State& state = *state_;
  const auto window = static_cast<uInt>(std::min(from.window.size(), kReach));
  inflatePrime(&state.stream, from.bits, from.carried);
  inflateSetDictionary(&state.stream, reinterpret_cast<const Bytef*>(from.window.data()), window);
  state.front_held = state.front_given = state.front.size();  // a header lies before
  state.taken = from.deflated_offset;
  state.given = from.inflated_offset;
}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

Result<ByteView> Inflater::next(ByteView& input) {
  State& state = *state_;
  if (state.ended) {
    PACS_TRY(state.take_trailer(std::exchange(input, {})));
    return ByteView{};
  }
  if (!state.sees_front(input)) return ByteView{};
  const bool in_front = state.front_given < state.front_held;
  const ByteView from = in_front ? ByteView{state.front}.subspan(state.front_given) : input;
  const std::size_t offered = std::min<std::size_t>(from.size(), std::numeric_limits<uInt>::max());
  state.stream.next_in = reinterpret_cast<const Bytef*>(from.data());
  state.stream.avail_in = static_cast<uInt>(offered);
  state.stream.next_out = reinterpret_cast<Bytef*>(state.window.data());
  state.stream.avail_out = static_cast<uInt>(state.window.size());
  const bool wants_point = state.point_is_due();
  const int answer = inflate(&state.stream, wants_point ? Z_BLOCK : Z_NO_FLUSH);
  const std::size_t taken = offered - state.stream.avail_in;
  const std::size_t given = state.window.size() - state.stream.avail_out;
  if (in_front) {
    state.front_given += taken;
  } else {
    input = input.subspan(taken);
  }
  if (taken > 0) state.last_taken = from[taken - 1];
  state.taken += taken;
  state.given += given;
  if (answer == Z_STREAM_END) {
    state.ended = true;
  } else if (answer != Z_OK && answer != Z_BUF_ERROR) {
    return fail(Error{ErrorKind::Malformed,
                      fmt::format("the deflate stream is broken: {}",
                                  state.stream.msg != nullptr ? state.stream.msg : "unknown cause")}
                    .at(state.taken));
  }
  PACS_TRY(state.check_limits());
  if (wants_point && answer == Z_OK) state.note_point();
  return ByteView{state.window.data(), given};
}

void Inflater::note_points(std::uint64_t apart_bytes) {
  state_->points_apart = apart_bytes;
}

const std::vector<InflatePoint>& Inflater::points() const {
  return state_->points;
}

Departures Inflater::departures() const {
  return state_->departures;
}

Result<> Inflater::finish() const {
  if (state_->ended) return {};
  return fail(Error{ErrorKind::Truncated, "the deflate stream does not end"}.at(state_->taken));
}

Result<Bytes> inflate_all(ByteView deflated, const Limits& limits, Departures* departures) {
  Inflater inflater{limits};
  Bytes all;
  while (true) {
    PACS_TRY(const ByteView piece, inflater.next(deflated));
    if (piece.empty() && deflated.empty()) break;
    append(all, piece);
  }
  PACS_TRY(inflater.finish());
  if (departures != nullptr) departures->add(inflater.departures());
  return all;
}

Result<Bytes> deflate_all(ByteView bytes) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor{
      libdeflate_alloc_compressor(6), &libdeflate_free_compressor};
  if (!compressor) return fail(ErrorKind::OutOfResources, "no memory to deflate with");
  Bytes deflated(libdeflate_deflate_compress_bound(compressor.get(), bytes.size()));
  const std::size_t size = libdeflate_deflate_compress(compressor.get(), bytes.data(), bytes.size(),
                                                       deflated.data(), deflated.size());
  deflated.resize(size);
  // PS3.5 §A.5: "if the resulting length is odd, a trailing NULL byte shall be added".
  if (deflated.size() % 2 != 0) deflated.push_back(std::byte{0});
  return deflated;
}

}  // namespace pacs
