#include "encoding/inflate.h"

#include <fmt/format.h>
#include <libdeflate.h>
#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace pacs {
namespace {

constexpr std::size_t kWindowBytes = 64 * 1024;  // inflated at a time: fits the second-level cache
constexpr std::uint64_t kRatioAppliesAbove = 16ULL << 20;  // inflated bytes, see Limits
/// What may follow the stream: the pad byte of PS3.5 §A.5, or the checksum and length of a gzip
/// trailer that some writers leave.
constexpr std::size_t kTrailerBytesMax = 9;

}  // namespace

struct Inflater::State {
  Limits limits;
  z_stream stream{};
  std::uint64_t taken = 0;
  std::uint64_t given = 0;
  std::size_t trailer = 0;
  bool ended = false;
  std::array<std::byte, kWindowBytes> window;

  explicit State(const Limits& given_limits) : limits(given_limits) {
    // Negative window bits: a raw deflate stream without zlib header (PS3.5 §A.5).
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { inflateEnd(&stream); }

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
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

Result<ByteView> Inflater::next(ByteView& input) {
  State& state = *state_;
  if (state.ended) {
    state.trailer += input.size();
    input = {};
    if (state.trailer > kTrailerBytesMax) {
      return fail(Error{ErrorKind::Malformed, "bytes follow the end of the deflate stream"}.at(
          state.taken));
    }
    return ByteView{};
  }
  const std::size_t offered = std::min<std::size_t>(input.size(), std::numeric_limits<uInt>::max());
  state.stream.next_in = reinterpret_cast<const Bytef*>(input.data());
  state.stream.avail_in = static_cast<uInt>(offered);
  state.stream.next_out = reinterpret_cast<Bytef*>(state.window.data());
  state.stream.avail_out = static_cast<uInt>(state.window.size());
  const int answer = inflate(&state.stream, Z_NO_FLUSH);
  const std::size_t taken = offered - state.stream.avail_in;
  const std::size_t given = state.window.size() - state.stream.avail_out;
  input = input.subspan(taken);
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
  return ByteView{state.window.data(), given};
}

Result<> Inflater::finish() const {
  if (state_->ended) return {};
  return fail(Error{ErrorKind::Truncated, "the deflate stream does not end"}.at(state_->taken));
}

Result<Bytes> inflate_all(ByteView deflated, const Limits& limits) {
  Inflater inflater{limits};
  Bytes all;
  while (true) {
    PACS_TRY(const ByteView piece, inflater.next(deflated));
    if (piece.empty() && deflated.empty()) break;
    append(all, piece);
  }
  PACS_TRY(inflater.finish());
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
