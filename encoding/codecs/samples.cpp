#include "encoding/codecs/samples.h"

#include <fmt/format.h>

#include <string_view>
#include <type_traits>

namespace pacs::codecs {
namespace {

constexpr unsigned kWidestSample = 32;  // bits: libraries give samples as std::int32_t

Result<> check_attribute(std::string_view attribute, std::uint64_t codestream,
                         std::uint64_t data_set) {
  if (codestream == data_set) return {};
  return fail(ErrorKind::Mismatch, fmt::format("{} is {} in the data set, {} in the codestream",
                                               attribute, data_set, codestream));
}

/// A sample's low bits, extended to 32 by zeros or by the sign.
struct SampleExtension {
  unsigned shift;
  bool is_signed;

  [[nodiscard]] std::int32_t operator()(std::int32_t value) const {
    const std::uint32_t high = static_cast<std::uint32_t>(value) << shift;
    return is_signed ? static_cast<std::int32_t>(high) >> shift
                     : static_cast<std::int32_t>(high >> shift);
  }
};

/// For samples that are extended already.
struct NoExtension {
  std::int32_t operator()(std::int32_t value) const { return value; }
};

void put_sample_bit(std::byte* pixels, std::uint64_t index, bool set) {
  const std::byte bit = std::byte{1} << (index % 8);
  pixels[index / 8] = set ? pixels[index / 8] | bit : pixels[index / 8] & ~bit;
}

template <typename Sample, typename Value, typename Extension>
void put_samples_as(std::byte* to, std::uint64_t step, std::span<const Value> values,
                    Extension extend) {
  const auto put = [=](std::byte* at, Value value) {
    store(at, static_cast<Sample>(extend(value)), ByteOrder::Little);
  };
  if (step == 1) {  // several at a time, where the compiler sees that they lie side by side
    for (std::size_t i = 0; i < values.size(); ++i) put(to + i * sizeof(Sample), values[i]);
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) put(to + i * step * sizeof(Sample), values[i]);
}

template <typename Sample>
void take_samples_as(const std::byte* from, std::uint64_t step, std::span<std::int32_t> values,
                     SampleExtension extend) {
  const auto take = [=](const std::byte* at) {
    return extend(static_cast<std::int32_t>(load<Sample>(at, ByteOrder::Little)));
  };
  if (step == 1) {  // as in put_samples_as
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = take(from + i * sizeof(Sample));
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = take(from + i * step * sizeof(Sample));
}

}  // namespace

Result<Departures> check_shape(const CodestreamShape& shape, const FrameFormat& format) {
  PACS_TRY(check_attribute("Rows", shape.rows, format.rows));
  PACS_TRY(check_attribute("Columns", shape.columns, format.columns));
  PACS_TRY(check_attribute("Samples per Pixel", shape.samples_per_pixel, format.samples_per_pixel));
  if (shape.precision == 0 || shape.precision > format.bits_allocated) {
    return fail(ErrorKind::Mismatch,
                fmt::format("the codestream's samples of {} bits do not fit Bits Allocated {}",
                            shape.precision, format.bits_allocated));
  }
  if (format.bits_allocated > kWidestSample) {
    return fail(ErrorKind::Unsupported,
                fmt::format("Bits Allocated {} is not supported for compressed frames",
                            format.bits_allocated));
  }
  Departures departures;
  if (shape.is_signed != format.is_signed) departures.add(Departure::CodestreamSign);
  if (shape.precision != format.bits_stored) departures.add(Departure::CodestreamPrecision);
  return departures;
}

Colour colour_as_labelled(Colour label, Departures& departures) {
  switch (label) {
    case Colour::YbrFull422:
      departures.add(Departure::CodestreamColour);
      return Colour::YbrFull;
    case Colour::YbrRct:
    case Colour::YbrIct:
      departures.add(Departure::CodestreamColour);
      return Colour::Rgb;
    default:
      return label;
  }
}

Result<> check_encodes(const FrameFormat& format, unsigned bits_min, unsigned bits_max) {
  const bool one = format.samples_per_pixel == 1 &&
                   (format.colour == Colour::Monochrome || format.colour == Colour::Palette);
  const bool three = format.samples_per_pixel == 3 &&
                     (format.colour == Colour::Rgb || format.colour == Colour::YbrFull);
  if ((!one && !three) || format.bytes() == 0) {
    return fail(ErrorKind::Unsupported,
                "only MONOCHROME, PALETTE COLOR, RGB and YBR_FULL can be encoded");
  }
  if (format.bits_stored < bits_min || format.bits_stored > bits_max ||
      format.bits_stored > format.bits_allocated || format.bits_allocated > kWidestSample) {
    return fail(ErrorKind::Unsupported,
                fmt::format("Bits Stored {} of {} cannot be encoded, only {} to {}",
                            format.bits_stored, format.bits_allocated, bits_min, bits_max));
  }
  return {};
}

SampleWriter::SampleWriter(const CodestreamShape& shape, const FrameFormat& format,
                           std::span<std::byte> pixels)
    : shape_(shape),
      is_signed_(format.is_signed),
      bits_allocated_(format.bits_allocated),
      pixels_(pixels) {}

template <typename Value>
void SampleWriter::put(std::uint64_t first, std::uint64_t step,
                       std::span<const Value> values) const {
  if (std::is_signed_v<Value> && is_signed_ == shape_.is_signed) {
    return put_extended(first, step, values, NoExtension{});
  }
  put_extended(first, step, values, SampleExtension{kWidestSample - shape_.precision, is_signed_});
}

template <typename Value, typename Extension>
void SampleWriter::put_extended(std::uint64_t first, std::uint64_t step,
                                std::span<const Value> values, Extension extend) const {
  std::byte* const to = pixels_.data() + first * (bits_allocated_ / 8);
  switch (bits_allocated_) {
    case 8:
      return put_samples_as<std::uint8_t>(to, step, values, extend);
    case 16:
      return put_samples_as<std::uint16_t>(to, step, values, extend);
    case 32:
      return put_samples_as<std::uint32_t>(to, step, values, extend);
    default:
      for (std::size_t i = 0; i < values.size(); ++i) {
        put_sample_bit(pixels_.data(), first + i * step, (values[i] & 1) != 0);
      }
  }
}

template void SampleWriter::put(std::uint64_t, std::uint64_t, std::span<const std::uint8_t>) const;
template void SampleWriter::put(std::uint64_t, std::uint64_t, std::span<const std::uint16_t>) const;
template void SampleWriter::put(std::uint64_t, std::uint64_t, std::span<const std::int32_t>) const;

SampleReader::SampleReader(ByteView pixels, const FrameFormat& format)
    : pixels_(pixels), format_(format) {}

void SampleReader::take(std::uint64_t first, std::uint16_t sample,
                        std::span<std::int32_t> values) const {
  const std::uint64_t step = format_.planar ? 1 : format_.samples_per_pixel;
  const std::uint64_t plane = std::uint64_t{format_.rows} * format_.columns;
  const std::uint64_t index = format_.planar ? sample * plane + first : first * step + sample;
  const SampleExtension extend{kWidestSample - format_.bits_stored, format_.is_signed};
  const std::byte* const from = pixels_.data() + index * (format_.bits_allocated / 8);
  switch (format_.bits_allocated) {
    case 8:
      return take_samples_as<std::uint8_t>(from, step, values, extend);
    case 16:
      return take_samples_as<std::uint16_t>(from, step, values, extend);
    case 32:
      return take_samples_as<std::uint32_t>(from, step, values, extend);
    default:
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint64_t bit = index + i * step;
        values[i] = std::to_integer<int>(pixels_[bit / 8] >> (bit % 8)) & 1;
      }
  }
}

}  // namespace pacs::codecs
