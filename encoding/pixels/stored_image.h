// StoredImage: the pixel data of a stored object: its frames, decoded or as pictures, one at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/codecs/frame_codec.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/frames/frame_reader.h"
#include "encoding/frames/pixel_format.h"
#include "encoding/rendering/image.h"
#include "encoding/rendering/render.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

/// Frames may be decoded on several threads at once if `stored` may be called so.
class StoredImage {
 public:
  /// Of the data set that `header` was read from and `stored` reads (of a deflated one: inflated).
  /// NotFound for an object without pixel data; LimitExceeded for frames above kFrameBytesMax; else
  /// what is wrong with it, naming the attribute.
  [[nodiscard]] static Result<StoredImage> open(const Header& header, const TransferSyntax& syntax,
                                                ReadStored stored);

  [[nodiscard]] const PixelFormat& format() const { return format_; }
  [[nodiscard]] const TransferSyntax& syntax() const { return *syntax_; }
  [[nodiscard]] const FrameIndex& index() const { return index_; }
  [[nodiscard]] const ReadStored& stored() const { return stored_; }
  /// Those of the format, the fragments and offset tables; those of a frame come with it.
  [[nodiscard]] Departures departures() const {
    Departures met = format_.departures;
    met.add(index_.departures());
    return met;
  }
  /// Fills `pixels`, which has format().frame.bytes() bytes, with a frame, counted from 0.
  [[nodiscard]] Result<FramePixels> decode(std::uint32_t frame, std::span<std::byte> pixels) const {
    return decode_frame({index_, format_, *syntax_, stored_}, frame, pixels);
  }
  /// Memory that decoding a frame takes, and encoding it: at most, of what its header promises.
  [[nodiscard]] std::uint64_t work_bytes(const FrameCodec* encoder = nullptr) const;
  /// The same in memory of its own. This and what follows add what they meet to `departures`, if
  /// given.
  [[nodiscard]] Result<Bytes> decode(std::uint32_t frame, Departures* departures) const;
  /// A frame in the codestream of another codec.
  [[nodiscard]] Result<Bytes> encode(std::uint32_t frame, const FrameCodec& codec,
                                     Departures* departures = nullptr) const;
  /// A frame as a picture; `data_set` is that of the header.
  [[nodiscard]] Result<Image> render(const DataSet& data_set, std::uint32_t frame,
                                     const RenderOptions& options,
                                     Departures* departures = nullptr) const;

 private:
  [[nodiscard]] Result<FramePixels> decode(std::uint32_t frame, Bytes& pixels,
                                           Departures* departures) const;
  StoredImage(const PixelFormat& format, FrameIndex index, const TransferSyntax& syntax,
              ReadStored stored)
      : format_(format), index_(std::move(index)), syntax_(&syntax), stored_(std::move(stored)) {}

  PixelFormat format_;
  FrameIndex index_;
  const TransferSyntax* syntax_;
  ReadStored stored_;
};

}  // namespace pacs
