#include "encoding/rendering/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/dicom_tags.h"
#include "encoding/frames/optional_values.h"
#include "encoding/rendering/colour.h"
#include "encoding/rendering/grey.h"
#include "encoding/rendering/overlay.h"
#include "encoding/rendering/pixel_shape.h"
#include "encoding/rendering/scale.h"

namespace pacs {
namespace {

struct FrameToRender {
  const DataSet& data_set;
  const PixelFormat& format;
  const FramePixels& what;
  ByteView pixels;
  std::uint32_t frame;
  const RenderOptions& options;
  Departures& met;

  [[nodiscard]] Image blank(unsigned channels) const {
    return Image{what.format.columns, what.format.rows, channels, options.bits};
  }
};

Result<> check_request(const FrameToRender& one) {
  const RenderOptions& options = one.options;
  const auto wrong = [](std::string message) {
    return fail(ErrorKind::InvalidArgument, std::move(message));
  };
  if (one.pixels.size() != one.what.format.bytes()) {
    return wrong(fmt::format("a frame of {} bytes came with {}", one.what.format.bytes(),
                             one.pixels.size()));
  }
  if (options.bits != 8 && options.bits != 16) {
    return wrong(fmt::format("images have 8 or 16 bits for each sample, not {}", options.bits));
  }
  if (std::max(options.width_max, options.height_max) > kImageSideMax) {
    return wrong(fmt::format("images have at most {} pixels at a side", kImageSideMax));
  }
  if (const auto& part = options.region) {
    const bool within = part->width > 0 && part->height > 0 &&
                        std::uint64_t{part->left} + part->width <= one.what.format.columns &&
                        std::uint64_t{part->top} + part->height <= one.what.format.rows;
    if (!within) {
      return wrong(fmt::format("the region does not lie within the image of {} by {} pixels",
                               one.what.format.columns, one.what.format.rows));
    }
  }
  return options.window ? check(*options.window) : Result<>{};
}

/// §C.7.6.19: which stored values a supplemental palette colours; nothing where there is none.
Result<std::optional<std::int64_t>> coloured_from(const FrameToRender& one,
                                                  std::optional<Palette>& palette) {
  const std::string_view presentation = one.data_set.text(tags::PixelPresentation, 0);
  const bool has_palette = one.format.kind == PixelFormat::Kind::Integer &&
                           (presentation == "COLOR" || presentation == "MIXED") &&
                           one.data_set.contains(tags::RedPaletteColorLookupTableDescriptor);
  if (!has_palette) return std::optional<std::int64_t>{};
  PACS_TRY(palette, read_palette(one.data_set, one.what.format.is_signed));
  PACS_TRY(const auto largest_grey,
           optional_integer(one.data_set, tags::LargestMonochromePixelValue));
  return std::optional{largest_grey ? *largest_grey + 1 : std::int64_t{palette->red.first}};
}

Image in_three_channels(const Image& grey) {
  Image image{grey.width, grey.height, 3, grey.bits};
  const std::size_t unit = grey.bits / 8;
  for (std::size_t i = 0; i < grey.pixels(); ++i) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      std::copy_n(grey.bytes.data() + i * unit, unit,
                  image.bytes.data() + (3 * i + channel) * unit);
    }
  }
  return image;
}

Result<Image> render_grey(const FrameToRender& one) {
  const RenderOptions& options = one.options;
  PACS_TRY(GreyTransform transform,
           read_grey_transform(one.data_set, one.format, one.frame, options.view, one.met));
  if (options.window) {
    transform.voi.reset();
    transform.window = options.window;
  }
  transform.inverse = transform.inverse != options.inverse;
  std::optional<Palette> palette;
  PACS_TRY(const auto colours, coloured_from(one, palette));
  if (!transform.voi && !transform.window) {
    Excluded excluded = shown_with(read_padding(one.data_set, one.format), {}, one.met);
    if (colours) excluded.colours_from = static_cast<double>(*colours);
    transform.window = window_of_frame(transform, one.what, one.format.kind, one.pixels, excluded);
  }
  Image image = one.blank(1);
  draw_grey(transform, one.what, one.format.kind, one.pixels, image);
  if (!palette) return image;
  image = in_three_channels(image);
  draw_palette(*palette, *colours, one.what, one.pixels, image);
  return image;
}

Result<Image> render_base(const FrameToRender& one) {
  const Colour colour = one.what.format.colour;
  if (one.what.format.samples_per_pixel == 1 && colour != Colour::Palette) return render_grey(one);
  Image image = one.blank(3);
  if (colour != Colour::Palette) {
    PACS_TRY(draw_colour(one.what, one.pixels, image));
    return image;
  }
  PACS_TRY(const Palette palette, read_palette(one.data_set, one.what.format.is_signed));
  draw_palette(palette, INT64_MIN, one.what, one.pixels, image);
  return image;
}

/// The size that makes pixels square and the image fit.
Result<Image> shape(const FrameToRender& one, Image image) {
  const RenderOptions& options = one.options;
  double width = image.width, height = image.height;
  if (options.square_pixels) {
    const double ratio = pixel_shape(one.data_set, one.frame, one.met);
    (ratio < 1 ? width : height) *= std::max(ratio, 1 / ratio);
  }
  double factor = options.width_max > 0 ? options.width_max / width : INFINITY;
  if (options.height_max > 0) factor = std::min(factor, options.height_max / height);
  if (!std::isfinite(factor)) factor = 1;
  width = std::max(1.0, std::round(width * factor));
  height = std::max(1.0, std::round(height * factor));
  if (width == image.width && height == image.height) return image;
  if (std::max(width, height) > kImageSideMax || width * height > kScaledPixelsMax) {
    return fail(
        Error{ErrorKind::LimitExceeded,
              fmt::format("an image of {} by {} pixels; ask for a smaller one", width, height)}
            .on(tags::PixelAspectRatio));
  }
  return scale(image, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height));
}

}  // namespace

Result<Image> render_frame(const DataSet& data_set, const PixelFormat& format,
                           const FramePixels& what, ByteView pixels, std::uint32_t frame,
                           const RenderOptions& options, Departures& met) {
  const FrameToRender one{data_set, format, what, pixels, frame, options, met};
  if (!format.has_meaning) {
    return fail(Error{ErrorKind::Unsupported, "nothing says whether the lowest value is black"}.on(
        tags::PhotometricInterpretation));
  }
  PACS_TRY(check_request(one));
  PACS_TRY(Image image, render_base(one));
  if (options.overlays) {
    for (const Overlay& overlay : read_overlays(data_set, what, pixels, frame, met)) {
      draw_overlay(overlay, image);
    }
  }
  if (options.region) image = crop(image, *options.region);
  return shape(one, std::move(image));
}

}  // namespace pacs
