#include "encoding/frames/pixel_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/dicom_tags.h"
#include "core/letter_case.h"
#include "encoding/frames/optional_values.h"

namespace pacs {
namespace {

struct PhotometricRow {
  std::string_view name;
  std::uint16_t samples;
  Colour colour;
};
// PS3.3 §C.7.6.3.1.2. The retired ones (HSV, ARGB, CMYK, YBR_PARTIAL_422), YBR_PARTIAL_420, which
// is of video, and XYB are not read.
constexpr std::array kPhotometricRows{
    PhotometricRow{"MONOCHROME1", 1, Colour::Monochrome},
    PhotometricRow{"MONOCHROME2", 1, Colour::Monochrome},
    PhotometricRow{"PALETTE COLOR", 1, Colour::Palette},
    PhotometricRow{"RGB", 3, Colour::Rgb},
    PhotometricRow{"YBR_FULL", 3, Colour::YbrFull},
    PhotometricRow{"YBR_FULL_422", 3, Colour::YbrFull422},
    PhotometricRow{"YBR_RCT", 3, Colour::YbrRct},
    PhotometricRow{"YBR_ICT", 3, Colour::YbrIct},
};

tl::unexpected<Error> wrong_format(Tag tag, std::string message,
                                   ErrorKind kind = ErrorKind::Mismatch) {
  return fail(Error{kind, std::move(message)}.on(tag));
}

Result<std::uint16_t> in_range(const DataSet& data_set, Tag tag, std::int64_t lowest,
                               std::int64_t highest) {
  PACS_TRY(const std::int64_t value, data_set.integer(tag));
  if (value >= lowest && value <= highest) return static_cast<std::uint16_t>(value);
  return wrong_format(
      tag, fmt::format("the value is {} and must be from {} to {}", value, lowest, highest),
      ErrorKind::Malformed);
}

/// The same, and `otherwise` where the attribute is absent or empty.
Result<std::uint16_t> in_range_or(const DataSet& data_set, Tag tag, std::int64_t lowest,
                                  std::int64_t highest, std::uint16_t otherwise) {
  PACS_TRY(const auto value, optional_integer(data_set, tag));
  return value ? in_range(data_set, tag, lowest, highest) : otherwise;
}

Result<> read_kind(const DataSet& data_set, PixelFormat& format) {
  const bool is_float = data_set.contains(tags::FloatPixelData);
  const bool is_double = data_set.contains(tags::DoubleFloatPixelData);
  const Element* integers = data_set.find(tags::PixelData);
  // PS3.3 §C.7.6.24: only one of Pixel Data, Float and Double Float Pixel Data is there.
  if (int{is_float} + int{is_double} + int{integers != nullptr} > 1) {
    return wrong_format(is_double ? tags::DoubleFloatPixelData : tags::FloatPixelData,
                        "there is more than one kind of pixel data");
  }
  if (is_float || is_double) {
    format.kind = is_float ? PixelFormat::Kind::Float : PixelFormat::Kind::Double;
    format.word_bytes = is_float ? 4 : 8;
  } else if (integers != nullptr && integers->vr() != VR::UN) {
    format.word_bytes = static_cast<std::uint8_t>(info(integers->vr()).unit_bytes);
  }
  return {};
}

/// The row of Photometric Interpretation, in upper or lower case. Without one, where the data set
/// says that a pixel has one sample, that of grey: nothing that is decoded depends on it.
Result<PhotometricRow> find_photometric(const DataSet& data_set, PixelFormat& format) {
  constexpr Tag kTag = tags::PhotometricInterpretation;
  const std::string_view name = data_set.text(kTag, 0);
  const auto row = std::ranges::find(kPhotometricRows, upper_case(name), &PhotometricRow::name);
  const bool is_known = row != kPhotometricRows.end();
  if (!is_known || row->name != name) {
    format.departures.add(Departure::PhotometricInterpretation);
  }
  if (is_known) return *row;
  format.has_meaning = false;
  PACS_TRY(const auto samples, optional_integer(data_set, tags::SamplesPerPixel));
  if (samples == 1) return PhotometricRow{"MONOCHROME2", 1, Colour::Monochrome};
  if (name.empty())
    return wrong_format(kTag, "the element is absent or empty", ErrorKind::NotFound);
  return wrong_format(kTag, fmt::format("'{}' is not read here", name), ErrorKind::Unsupported);
}

Result<> read_photometric(const DataSet& data_set, PixelFormat& format) {
  PACS_TRY(const PhotometricRow row, find_photometric(data_set, format));
  PACS_TRY(const auto samples,
           in_range_or(data_set, tags::SamplesPerPixel, 1, UINT16_MAX, row.samples));
  if (samples != row.samples) {
    return wrong_format(tags::SamplesPerPixel, fmt::format("{} samples per pixel, but {} has {}",
                                                           samples, row.name, row.samples));
  }
  if (format.kind != PixelFormat::Kind::Integer && row.colour != Colour::Monochrome) {
    return wrong_format(tags::PhotometricInterpretation,
                        fmt::format("floating point pixels cannot be {}", row.name));
  }
  format.frame.samples_per_pixel = samples;
  format.frame.colour = row.colour;
  format.minimum_is_white = row.name == "MONOCHROME1";
  return {};
}

bool is_read(PixelFormat::Kind kind, std::uint16_t bits_allocated) {
  constexpr std::array<std::uint16_t, 5> kInteger{1, 8, 16, 32, 64};
  if (kind == PixelFormat::Kind::Float) return bits_allocated == 32;
  if (kind == PixelFormat::Kind::Double) return bits_allocated == 64;
  return std::ranges::find(kInteger, bits_allocated) != kInteger.end();
}

/// PS3.5 §8.1.1: Bits Stored bits below and with High Bit, within Bits Allocated. That High Bit is
/// Bits Stored - 1 holds since 2014; older images have their pixels higher.
Result<> read_bits(const DataSet& data_set, PixelFormat& format) {
  FrameFormat& frame = format.frame;
  PACS_TRY(frame.bits_allocated, in_range(data_set, tags::BitsAllocated, 1, UINT16_MAX));
  if (!is_read(format.kind, frame.bits_allocated)) {
    return wrong_format(tags::BitsAllocated,
                        fmt::format("{} bits are not read here", frame.bits_allocated),
                        ErrorKind::Unsupported);
  }
  if (frame.bits_allocated == 1 && frame.samples_per_pixel != 1) {
    return wrong_format(tags::BitsAllocated, "one bit for each sample of a colour image");
  }
  frame.bits_stored = frame.bits_allocated;
  format.high_bit = static_cast<std::uint16_t>(frame.bits_allocated - 1);
  if (format.kind != PixelFormat::Kind::Integer) return {};
  PACS_TRY(frame.bits_stored,
           in_range_or(data_set, tags::BitsStored, 1, frame.bits_allocated, frame.bits_allocated));
  const auto lowest = static_cast<std::uint16_t>(frame.bits_stored - 1);
  PACS_TRY(format.high_bit,
           in_range_or(data_set, tags::HighBit, lowest, frame.bits_allocated - 1, lowest));
  PACS_TRY(const auto sign, in_range_or(data_set, tags::PixelRepresentation, 0, 1, 0));
  frame.is_signed = sign == 1;
  // OW is a string of 16-bit words (PS3.5 §6.2), but writers of big endian turn cells of 32 bits
  // around as a whole, and pydicom reads them so.
  if (format.word_bytes > 1 && frame.bits_allocated > 16) {
    format.word_bytes = static_cast<std::uint8_t>(frame.bits_allocated / 8);
  }
  return {};
}

Result<> read_frames(const DataSet& data_set, PixelFormat& format) {
  PACS_TRY(const auto frames, optional_integer(data_set, tags::NumberOfFrames));
  // IS: at most 2^31 - 1 (PS3.5 Table 6.2-1).
  if (frames && (*frames < 1 || *frames > INT32_MAX)) {
    return wrong_format(tags::NumberOfFrames, fmt::format("the number of frames is {}", *frames),
                        ErrorKind::Malformed);
  }
  format.frames = static_cast<std::uint32_t>(frames.value_or(1));
  // Rows, columns and samples are of 16 bits each, so a frame's bits cannot pass 64.
  std::uint64_t bits = 0;
  if (__builtin_mul_overflow(format.frame.samples() * format.frame.bits_allocated, format.frames,
                             &bits)) {
    return wrong_format(tags::NumberOfFrames, "the pixels of all frames pass 2^64 bits",
                        ErrorKind::LimitExceeded);
  }
  return {};
}

}  // namespace

Result<PixelFormat> pixel_format(const DataSet& data_set) {
  PixelFormat format;
  PACS_TRY(read_kind(data_set, format));
  PACS_TRY(format.frame.rows, in_range(data_set, tags::Rows, 1, UINT16_MAX));
  PACS_TRY(format.frame.columns, in_range(data_set, tags::Columns, 1, UINT16_MAX));
  PACS_TRY(read_photometric(data_set, format));
  PACS_TRY(read_bits(data_set, format));
  if (format.frame.samples_per_pixel > 1) {
    PACS_TRY(const auto planar, in_range_or(data_set, tags::PlanarConfiguration, 0, 1, 0));
    format.frame.planar = planar == 1;
  }
  PACS_TRY(read_frames(data_set, format));
  return format;
}

}  // namespace pacs
