// How a codestream begins and ends: what tells the fragments of one frame from those of the next
// where no offset table does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/bytes.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

/// Bytes of a fragment's front and end that are looked at.
inline constexpr std::size_t kMarkBytes = 64;

/// Whether codestreams of the codec have a beginning that no fragment within one can have by rule.
[[nodiscard]] bool has_marks(Codec codec);
/// Whether a fragment with this front begins a codestream.
[[nodiscard]] bool begins_codestream(Codec codec, ByteView front);
/// Whether one with this end ends a codestream; padding behind is passed over (PS3.5 §A.4). Always
/// true for codecs whose codestreams have no end marker.
[[nodiscard]] bool ends_codestream(Codec codec, ByteView end);

/// Tells by their marks which fragments begin a frame, while they pass one behind another.
class MarkedFragments {
 public:
  explicit MarkedFragments(Codec codec) : codec_(codec) {}

  void begin() {
    end();
    is_open_ = true;
  }
  /// Bytes of the fragment that has begun, in order and in pieces of any size; what lies between
  /// its first and its last kMarkBytes may be left out.
  void append(ByteView bytes);
  void end();
  /// The numbers of the fragments that begin a codestream, from 0. Where these are more than
  /// `frames`, something within a frame looks like a beginning (the preview picture of a JPEG):
  /// then those behind an end, if they are enough.
  [[nodiscard]] std::vector<std::uint32_t> starts(std::uint64_t frames) const;

 private:
  Codec codec_;
  bool is_open_ = false;
  Bytes front_, last_;  // of the fragment that is open, at most kMarkBytes
  std::uint32_t fragments_ = 0;
  bool ended_ = true;  // the last one that has bytes ended a codestream
  std::vector<std::uint32_t> begins_, behind_end_;
};

}  // namespace pacs
