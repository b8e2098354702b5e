// CodedFrames: the value of Pixel Data as it is written in another transfer syntax, frame by frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/result.h"
#include "encoding/codecs/frame_codec.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/pixels/pixel_attributes.h"
#include "encoding/pixels/stored_image.h"
#include "encoding/pixels/transcoder.h"

namespace pacs {

/// What makes frames of a transfer syntax; nullptr where nothing here writes it.
[[nodiscard]] const FrameCodec* find_encoder(const TransferSyntax& syntax);

/// For one thread; the work on frames is shared out as the options say.
class CodedFrames {
 public:
  /// Works on the first frames. Errors as transcode has them.
  [[nodiscard]] static Result<std::shared_ptr<CodedFrames>> create(const Header& header,
                                                                   const TransferSyntax& from,
                                                                   const TransferSyntax& to,
                                                                   ReadStored stored,
                                                                   TranscodeOptions options);

  [[nodiscard]] const StoredImage& image() const { return image_; }
  [[nodiscard]] const WrittenPixels& written() const { return written_; }
  /// Of all codestreams together (native: 0), once every frame was found to be right. To be called
  /// before the first bytes are asked for; frames that are not in memory are worked on for it, and
  /// again when their turn comes.
  [[nodiscard]] Result<std::uint64_t> codestream_bytes();
  /// The next bytes of the value: native pixels in little endian, turned around in units of so many
  /// bytes (1: not), or items with their headers and the delimiter. Empty at the end.
  [[nodiscard]] Result<ByteView> next(std::size_t swap_unit);

 private:
  struct Slot {
    Bytes pixels, codestream;
    FramePixels what;  ///< what `pixels` are
    Colour colour{};   ///< as written
    Result<> outcome{};
  };

  CodedFrames(StoredImage image, const FrameCodec* encoder, TranscodeOptions options);
  [[nodiscard]] std::size_t slots_wanted() const;
  [[nodiscard]] Result<> work_on_next();
  void tell(Departures met) const;
  void describe(const Slot& first);
  [[nodiscard]] Result<> decode(Slot& slot, std::uint32_t frame) const;
  [[nodiscard]] Result<> encode(Slot& slot) const;
  [[nodiscard]] Result<std::reference_wrapper<Slot>> next_slot();
  [[nodiscard]] Result<ByteView> next_of_fragments();
  void join_bits(Bytes& pixels, bool is_last);

  const StoredImage image_;
  const FrameCodec* const encoder_;  ///< nullptr: native
  const TranscodeOptions options_;
  const std::uint32_t frames_ = image_.format().frames;
  std::shared_ptr<const void> memory_;  // of TranscodeOptions, for what follows
  WrittenPixels written_;
  std::vector<Slot> slots_;   // of frame n: the n modulo their number
  std::uint32_t worked_ = 0;  // frames that are in slots or were
  std::uint32_t given_ = 0;   // those whose bytes were given
  // Fragments: the slot whose header was given, and what was given around all.
  Slot* open_ = nullptr;
  bool table_given_ = false, end_given_ = false;
  std::array<std::byte, 8> header_{};
  // Native, one bit a pixel: what does not fill a byte yet.
  std::byte carried_{0};
  unsigned carried_bits_ = 0;
};

}  // namespace pacs
