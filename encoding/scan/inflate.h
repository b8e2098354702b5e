// Inflater and deflate: the raw deflate stream of Deflated Explicit VR Little Endian (PS3.5 §A.5).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/limits.h"
#include "encoding/scan/departure.h"

namespace pacs {

/// A place within a deflate stream where inflating can begin, as zlib's example zran.c has it.
struct InflatePoint {
  std::uint64_t inflated_offset = 0;  ///< of the first byte that inflating gives then
  std::uint64_t deflated_offset = 0;  ///< of the first byte that it takes
  std::uint8_t bits = 0;              ///< of the byte before that one which are still to be taken
  std::uint8_t carried = 0;           ///< these bits
  Bytes window;  ///< the inflated bytes before, which the stream refers to: 32 KiB

  friend bool operator==(const InflatePoint&, const InflatePoint&) = default;
};

/// Inflated bytes between two points, at first: whoever wants a frame inflates half of it in vain.
inline constexpr std::uint64_t kInflatePointBytes = 4ULL << 20;
/// Points of one stream, 2 MiB of windows: of a longer one they lie twice, four times ... as far
/// from each other.
inline constexpr std::size_t kInflatePointsMax = 64;

/// Inflates a stream that arrives in pieces, in bounded memory, and stops bombs. Some writers put a
/// zlib or gzip header before it (RFC 1950, RFC 1952): its checksum tells it from the raw stream.
class Inflater {
 public:
  explicit Inflater(const Limits& limits);
  /// Begins at a point: `next` takes the bytes from its deflated_offset on.
  Inflater(const Limits& limits, const InflatePoint& from);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// Takes deflated bytes off the front of `input` and gives inflated ones, at most 64 KiB at a
  /// time; empty when it needs more input or the stream has ended. The view holds until the next
  /// call.
  [[nodiscard]] Result<ByteView> next(ByteView& input);
  /// The input has ended: Truncated unless the deflate stream has too.
  [[nodiscard]] Result<> finish() const;
  /// Notes points from now on, so many inflated bytes apart or more.
  void note_points(std::uint64_t apart_bytes = kInflatePointBytes);
  [[nodiscard]] const std::vector<InflatePoint>& points() const;
  /// Met so far.
  [[nodiscard]] Departures departures() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Adds what it meets to `departures`, if given.
[[nodiscard]] Result<Bytes> inflate_all(ByteView deflated, const Limits& limits,
                                        Departures* departures = nullptr);
/// Even length: PS3.5 §A.5 pads with one NULL byte.
[[nodiscard]] Result<Bytes> deflate_all(ByteView bytes);

}  // namespace pacs
