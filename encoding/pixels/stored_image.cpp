#include "encoding/pixels/stored_image.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "encoding/limits.h"
#include "encoding/rendering/bulk_values.h"

namespace pacs {

Result<StoredImage> StoredImage::open(const Header& header, const TransferSyntax& syntax,
                                      ReadStored stored) {
  if (!header.pixel_data) return fail(ErrorKind::NotFound, "the object has no pixel data");
  PACS_TRY(const PixelFormat format, pixel_format(header.data_set));
  if (format.frame.bytes() > kFrameBytesMax) {
    return fail(
        Error{ErrorKind::LimitExceeded, fmt::format("a frame of {} bytes passes the {} that "
                                                    "are decoded at once",
                                                    format.frame.bytes(), kFrameBytesMax)}
            .on(tags::Rows));
  }
  PACS_TRY(FrameIndex index, FrameIndex::create(*header.pixel_data, format, syntax, stored));
  return StoredImage{format, std::move(index), syntax, std::move(stored)};
}

std::uint64_t StoredImage::work_bytes(const FrameCodec* encoder) const {
  const FrameFormat& frame = format_.frame;
  const FrameCodec* decoder =
      index_.encapsulated() ? find_frame_codec(syntax_->codec) : nullptr;  // none for native ones
  std::uint64_t sample_bytes = decoder == nullptr ? 0 : decoder->sample_bytes;
  if (encoder != nullptr)
    sample_bytes = std::max<std::uint64_t>(sample_bytes, encoder->sample_bytes);
  // The frame, and its bytes or codestream as they are read or written.
  return 2 * frame.bytes() + sample_bytes * frame.samples();
}

Result<FramePixels> StoredImage::decode(std::uint32_t frame, Bytes& pixels,
                                        Departures* departures) const {
  pixels.resize(static_cast<std::size_t>(format_.frame.bytes()));
  PACS_TRY(const FramePixels what, decode(frame, std::span{pixels}));
  if (departures != nullptr) {
    departures->add(this->departures());
    departures->add(what.departures);
  }
  return what;
}

Result<Bytes> StoredImage::decode(std::uint32_t frame, Departures* departures) const {
  Bytes pixels;
  PACS_TRY(decode(frame, pixels, departures));
  return pixels;
}

Result<Bytes> StoredImage::encode(std::uint32_t frame, const FrameCodec& codec,
                                  Departures* departures) const {
  Bytes pixels;
  PACS_TRY(FramePixels what, decode(frame, pixels, departures));
  settle_pixels(what, pixels);
  Bytes codestream;
  PACS_TRY(codec.encode(pixels, what.format, EncodeOptions{}, codestream));
  return codestream;
}

Result<Image> StoredImage::render(const DataSet& data_set, std::uint32_t frame,
                                  const RenderOptions& options, Departures* departures) const {
  DataSet complete = data_set;
  PACS_TRY(load_bulk_values(complete, stored_));
  Bytes pixels;
  PACS_TRY(const FramePixels what, decode(frame, pixels, departures));
  Departures met;
  Result<Image> image = render_frame(complete, format_, what, pixels, frame, options, met);
  if (departures != nullptr) departures->add(met);
  return image;
}

}  // namespace pacs
