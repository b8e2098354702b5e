#include "encoding/pixels/stored_image.h"

#include <utility>

#include "encoding/rendering/bulk_values.h"

namespace pacs {

Result<StoredImage> StoredImage::open(const Header& header, const TransferSyntax& syntax,
                                      ReadStored stored) {
  if (!header.pixel_data) return fail(ErrorKind::NotFound, "the object has no pixel data");
  PACS_TRY(const PixelFormat format, pixel_format(header.data_set));
  PACS_TRY(FrameIndex index, FrameIndex::create(*header.pixel_data, format, syntax, stored));
  return StoredImage{format, std::move(index), syntax, std::move(stored)};
}

Result<Image> StoredImage::render(const DataSet& data_set, std::uint32_t frame,
                                  const RenderOptions& options) const {
  DataSet complete = data_set;
  PACS_TRY(load_bulk_values(complete, stored_));
  Bytes pixels(static_cast<std::size_t>(format_.frame.bytes()));
  PACS_TRY(const FramePixels what, decode(frame, pixels));
  return render_frame(complete, format_, what, pixels, frame, options);
}

}  // namespace pacs
