// Inflater and deflate: the raw deflate stream of Deflated Explicit VR Little Endian (PS3.5 §A.5).
#pragma once

#include <memory>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/limits.h"
#include "encoding/scan/departure.h"

namespace pacs {

/// Inflates a stream that arrives in pieces, in bounded memory, and stops bombs. Some writers put a
/// zlib or gzip header before it (RFC 1950, RFC 1952): its checksum tells it from the raw stream.
class Inflater {
 public:
  explicit Inflater(const Limits& limits);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// Takes deflated bytes off the front of `input` and gives inflated ones, at most 64 KiB at a
  /// time; empty when it needs more input or the stream has ended. The view holds until the next
  /// call.
  [[nodiscard]] Result<ByteView> next(ByteView& input);
  /// The input has ended: Truncated unless the deflate stream has too.
  [[nodiscard]] Result<> finish() const;
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
