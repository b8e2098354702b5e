// StoredImage: the pixel data of a stored object: its frames, decoded or as pictures, one at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/result.h"
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
  /// NotFound for an object without pixel data; else what is wrong with it, naming the attribute.
  [[nodiscard]] static Result<StoredImage> open(const Header& header, const TransferSyntax& syntax,
                                                ReadStored stored);

  [[nodiscard]] const PixelFormat& format() const { return format_; }
  /// Fills `pixels`, which has format().frame.bytes() bytes, with a frame, counted from 0.
  [[nodiscard]] Result<FramePixels> decode(std::uint32_t frame, std::span<std::byte> pixels) const {
    return decode_frame({index_, format_, *syntax_, stored_}, frame, pixels);
  }
  /// A frame as a picture; `data_set` is that of the header.
  [[nodiscard]] Result<Image> render(const DataSet& data_set, std::uint32_t frame,
                                     const RenderOptions& options) const;

 private:
  StoredImage(const PixelFormat& format, FrameIndex index, const TransferSyntax& syntax,
              ReadStored stored)
      : format_(format), index_(std::move(index)), syntax_(&syntax), stored_(std::move(stored)) {}

  PixelFormat format_;
  FrameIndex index_;
  const TransferSyntax* syntax_;
  ReadStored stored_;
};

}  // namespace pacs
