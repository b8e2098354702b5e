#include "encoding/rendering/grey.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/dicom_tags.h"
#include "encoding/frames/optional_values.h"
#include "encoding/rendering/functional_groups.h"

namespace pacs {
namespace {

std::optional<LookupTable> read_lut_item(const DataSet& item, bool signed_input, Departures& met) {
  auto lut = read_lut(item, tags::LUTDescriptor, tags::LUTData, signed_input);
  if (lut) return *std::move(lut);
  met.add(Departure::Display);
  return {};
}

Result<Rescale> read_rescale(const DataSet& group) {
  PACS_TRY(const auto slope, optional_number(group, tags::RescaleSlope));
  PACS_TRY(const auto intercept, optional_number(group, tags::RescaleIntercept));
  const Rescale rescale{slope.value_or(1), intercept.value_or(0)};
  // A slope of about 0 makes all pixels one; a far one makes them infinite.
  constexpr double kHighest = UINT32_MAX;
  if (rescale.value(0) != rescale.value(1) && std::isfinite(rescale.value(kHighest)) &&
      std::isfinite(rescale.value(-kHighest))) {
    return rescale;
  }
  return fail(Error{ErrorKind::Malformed,
                    fmt::format("a slope of {} and an intercept of {} tell no values apart",
                                rescale.slope, rescale.intercept)}
                  .on(tags::RescaleSlope));
}

/// Whether values of interest are signed: what the modality makes of the lowest pixel is below 0.
bool makes_signed(const GreyTransform& transform, const PixelFormat& format) {
  if (transform.modality) return false;
  const double all = std::exp2(format.frame.bits_stored);
  const double lowest = format.frame.is_signed ? -all / 2 : 0;
  return std::min(transform.value(lowest), transform.value(lowest + all - 1)) < 0;
}

/// A number from a lookup table's point of view; what is no number is its lowest.
std::int64_t as_input(double value) {
  constexpr double kFar = 1e9;  // beyond all tables
  return value > -kFar ? std::llround(std::min(value, kFar)) : static_cast<std::int64_t>(-kFar);
}

/// PS3.3 §C.11.6.1.2: INVERSE for MONOCHROME1, IDENTITY for MONOCHROME2. Where they disagree,
/// whichever says that the lowest value is white counts.
bool reads_inverse(const DataSet& data_set, const PixelFormat& format) {
  return format.minimum_is_white || data_set.text(tags::PresentationLUTShape, 0) == "INVERSE";
}

}  // namespace

double GreyTransform::value(double stored) const {
  return modality ? modality->at(as_input(stored)) : rescale.value(stored);
}

double GreyTransform::shade(double stored) const {
  const double one = value(stored);
  if (voi) return double{static_cast<double>(voi->at(as_input(one)))} / voi->highest();
  return window ? window->shade(one) : 0;
}

Result<GreyTransform> read_grey_transform(const DataSet& data_set, const PixelFormat& format,
                                          std::uint32_t frame, std::size_t view, Departures& met) {
  GreyTransform transform;
  transform.inverse = reads_inverse(data_set, format);
  const Sequence& modality = data_set.items(tags::ModalityLUTSequence);
  if (!modality.empty()) {
    transform.modality = read_lut_item(modality.front().data_set, format.frame.is_signed, met);
  } else {
    const auto values = tags::PixelValueTransformationSequence;
    transform.rescale =
        shown_with(read_rescale(functional_group(data_set, values, frame)), {}, met);
  }
  const DataSet& group = functional_group(data_set, tags::FrameVOILUTSequence, frame);
  const Sequence& luts = group.items(tags::VOILUTSequence);
  if (view < luts.size()) {
    transform.voi = read_lut_item(luts[view].data_set, makes_signed(transform, format), met);
    return transform;
  }
  auto window = read_window(group, view - luts.size(), met);
  if (window && !*window && view > 0) {
    return fail(
        Error{ErrorKind::InvalidArgument, fmt::format("there is no window {}", view + 1)}.on(
            tags::WindowCenter));
  }
  transform.window = shown_with(std::move(window), {}, met);
  return transform;
}

Result<Excluded> read_padding(const DataSet& data_set, const PixelFormat& format) {
  Tag tag = tags::PixelPaddingValue;
  Tag limit = tags::PixelPaddingRangeLimit;
  if (format.kind == PixelFormat::Kind::Float) {
    tag = tags::FloatPixelPaddingValue, limit = tags::FloatPixelPaddingRangeLimit;
  } else if (format.kind == PixelFormat::Kind::Double) {
    tag = tags::DoubleFloatPixelPaddingValue, limit = tags::DoubleFloatPixelPaddingRangeLimit;
  }
  PACS_TRY(const auto first, optional_number(data_set, tag));
  if (!first) return Excluded{};
  PACS_TRY(const auto last, optional_number(data_set, limit));
  if (format.kind == PixelFormat::Kind::Integer &&
      !(std::isfinite(*first) && std::isfinite(last.value_or(0)))) {
    return fail(Error{ErrorKind::Malformed, "padding that is not finite"}.on(tag));
  }
  // US or SS as Pixel Representation says, whatever VR came.
  const auto as_pixel = [&](double number) {
    if (format.kind != PixelFormat::Kind::Integer || std::abs(number) > UINT16_MAX) return number;
    const auto bits = static_cast<std::uint16_t>(static_cast<std::int32_t>(number));
    return format.frame.is_signed ? static_cast<double>(static_cast<std::int16_t>(bits))
                                  : static_cast<double>(bits);
  };
  const double one = as_pixel(*first);
  const double other = as_pixel(last.value_or(*first));
  return Excluded{std::min(one, other), std::max(one, other)};
}

}  // namespace pacs
