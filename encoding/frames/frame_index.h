// FrameIndex: where each frame of pixel data lies, in bytes from the start of the data set as
// stored (of a deflated one: as inflated). Found once, then one look-up for each frame.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/result.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/frames/pixel_format.h"
#include "encoding/scan/departure.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

struct FramePlace {
  std::vector<BulkReference>
      pieces;              ///< the frame's bytes or codestream is these, one behind another
  unsigned first_bit = 0;  ///< of the first byte, 0 the lowest: native frames of one bit allocated
};

/// How the fragments were shared among the frames.
enum class FoundBy : std::uint8_t {
  Size,             ///< native, or uncompressed in fragments: every frame has its size
  OneFragmentEach,  ///< as many fragments as frames
  SingleFrame,      ///< all fragments are of the only frame
  ExtendedOffsetTable,
  BasicOffsetTable,
  Marks,  ///< by how codestreams begin, see codestream_marks.h; as the header has it where it does
};

/// 12 bytes for each fragment, and 4 for each frame where frames have several; nothing for native
/// pixel data.
class FrameIndex {
 public:
  /// `read` is asked for the fronts and ends of fragments, and only where a frame may have several,
  /// no offset table says which and the layout has no frame_starts: it is of a header that an
  /// earlier program stored. An offset table that does not fit the fragments is passed over.
  /// Errors: Unsupported for video, one stream for all frames; Mismatch for fragments under a
  /// native transfer syntax; what `read` answers.
  [[nodiscard]] static Result<FrameIndex> create(const PixelDataLayout& layout,
                                                 const PixelFormat& format,
                                                 const TransferSyntax& syntax,
                                                 const ReadStored& read);

  /// Frames that Number of Frames announces; not all need be there.
  [[nodiscard]] std::uint32_t frames() const { return frames_; }
  /// The frame's place, counted from 0. InvalidArgument beyond frames(); Truncated for a frame that
  /// is announced and not there, named by Number of Frames: the others can be read.
  [[nodiscard]] Result<FramePlace> find(std::uint32_t frame) const;

  [[nodiscard]] bool encapsulated() const { return encapsulated_; }
  /// Those of encapsulated pixel data: what the index takes memory for.
  [[nodiscard]] std::size_t fragments() const { return offsets_.size(); }
  /// The value of native pixel data, no bytes of encapsulated.
  [[nodiscard]] BulkReference native_value() const { return value_; }
  [[nodiscard]] FoundBy found_by() const { return found_by_; }
  /// OffsetTable and MoreFragments, where it is so.
  [[nodiscard]] Departures departures() const { return departures_; }
  /// Native YBR_FULL_422 with half as many chroma samples (PS3.3 §C.7.6.3.1.2), as it should be;
  /// some writers leave all.
  [[nodiscard]] bool halved_chroma() const { return halved_chroma_; }

 private:
  using Starts = std::vector<std::uint32_t>;  // the first fragment of each frame that is there

  void index_native(const PixelDataLayout& layout, const PixelFormat& format);
  void keep_fragments(const PixelDataLayout& layout);
  Result<> share_fragments(const PixelDataLayout& layout, const PixelFormat& format, Codec codec,
                           const ReadStored& read);
  [[nodiscard]] std::optional<Starts> starts_by(const std::vector<std::uint64_t>& table);
  [[nodiscard]] std::uint64_t uncompressed_frame_bytes(const FrameFormat& frame) const;
  [[nodiscard]] Starts starts_by_size(std::uint64_t frame_bytes) const;
  [[nodiscard]] Result<Starts> starts_by_marks(Codec codec, const ReadStored& read) const;
  void take(Starts starts, FoundBy found_by);
  [[nodiscard]] Result<FramePlace> find_native(std::uint32_t frame) const;

  std::uint32_t frames_ = 0;
  FoundBy found_by_ = FoundBy::Size;
  bool encapsulated_ = false;
  bool halved_chroma_ = false;
  Departures departures_;
  BulkReference value_;                 // native: the whole value
  std::uint64_t frame_bits_ = 0;        // native
  std::vector<std::uint64_t> offsets_;  // of fragments' first bytes
  std::vector<std::uint32_t> lengths_;
  Starts starts_;  // and one more: where the last ends; empty with one fragment each
};

}  // namespace pacs
