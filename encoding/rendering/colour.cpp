#include "encoding/rendering/colour.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "core/dicom_tags.h"
#include "encoding/frames/cells.h"

namespace pacs {
namespace {

/// Where the samples of memory go: of three planes, or as they are.
struct SamplePlace {
  std::size_t pixels;
  bool planar;
  [[nodiscard]] std::size_t operator()(std::size_t i) const {
    return planar ? i % pixels * 3 + i / pixels : i;
  }
};

/// Spreads numbers of so many bits over all of a sample's.
template <typename Sample>
class Spread {
 public:
  explicit Spread(unsigned bits)
      : highest_(bits >= 64 ? UINT64_MAX : (std::uint64_t{1} << bits) - 1) {}
  Sample operator()(std::uint64_t number) const {
    constexpr std::uint64_t kHighest = std::numeric_limits<Sample>::max();
    if (highest_ == kHighest) return static_cast<Sample>(number);
    if (highest_ <= UINT32_MAX) {
      return static_cast<Sample>((number * kHighest + highest_ / 2) / highest_);
    }
    return static_cast<Sample>(static_cast<double>(number) / static_cast<double>(highest_) *
                                   static_cast<double>(kHighest) +
                               0.5);
  }

 private:
  std::uint64_t highest_;
};

template <typename Sample>
void spread_samples(FramePixels what, ByteView pixels, std::span<Sample> to) {
  const bool as_is = what.format.bits_stored == sizeof(Sample) * 8 &&
                     what.format.bits_allocated == sizeof(Sample) * 8 && !what.format.planar;
  if (as_is) {
    std::memcpy(to.data(), pixels.data(), to.size_bytes());
    return;
  }
  what.format.is_signed = false;
  const Spread<Sample> spread{what.format.bits_stored};
  const SamplePlace place{to.size() / 3, what.format.planar};
  visit_cells(what, PixelFormat::Kind::Integer, pixels, [&](std::size_t i, auto number) {
    to[place(i)] = spread(static_cast<std::uint64_t>(number));
  });
}

// PS3.3 §C.7.6.3.1.2, YBR_FULL, the equations turned around: what CB and CR add to Y.
constexpr double kRedOfCr = 1.402;
constexpr double kGreenOfCb = -0.344136286;
constexpr double kGreenOfCr = -0.714136286;
constexpr double kBlueOfCb = 1.772;

std::uint16_t clamped(double number) {
  return static_cast<std::uint16_t>(std::clamp(number + 0.5, 0.0, double{UINT16_MAX}));
}

void to_rgb(std::span<std::uint16_t> samples) {
  constexpr double kMiddle = 1 << 15;
  for (std::size_t i = 0; i + 2 < samples.size(); i += 3) {
    const double y = samples[i], cb = samples[i + 1] - kMiddle, cr = samples[i + 2] - kMiddle;
    samples[i] = clamped(y + kRedOfCr * cr);
    samples[i + 1] = clamped(y + kGreenOfCb * cb + kGreenOfCr * cr);
    samples[i + 2] = clamped(y + kBlueOfCb * cb);
  }
}

/// The products for every CB and CR of 8 bits, rounded, and what cuts off sums.
struct RgbTables {
  static constexpr int kFraction = 16;  // bits of the green ones, which are added before rounding
  static constexpr int kBeyond = 256;   // how far a sum may lie outside of the samples
  std::array<std::int32_t, 256> red_of_cr{}, green_of_cb{}, green_of_cr{}, blue_of_cb{};
  std::array<std::uint8_t, 256 + 2 * kBeyond> cut{};

  constexpr RgbTables() {
    const auto floor = [](double number) {
      const auto whole = static_cast<std::int32_t>(number);
      return whole > number ? whole - 1 : whole;
    };
    for (int i = 0; i < 256; ++i) {
      const int chroma = i - 128;
      const auto at = static_cast<std::size_t>(i);
      red_of_cr[at] = floor(kRedOfCr * chroma + 0.5);
      green_of_cb[at] = floor(kGreenOfCb * chroma * (1 << kFraction) + (1 << (kFraction - 1)));
      green_of_cr[at] = floor(kGreenOfCr * chroma * (1 << kFraction) + 0.5);
      blue_of_cb[at] = floor(kBlueOfCb * chroma + 0.5);
    }
    for (int i = 0; i < static_cast<int>(cut.size()); ++i) {
      cut[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(std::clamp(i - kBeyond, 0, 255));
    }
  }
};

void to_rgb(std::span<std::uint8_t> samples) {
  static constexpr RgbTables kTables;
  const std::uint8_t* const cut = kTables.cut.data() + RgbTables::kBeyond;
  for (std::size_t i = 0; i + 2 < samples.size(); i += 3) {
    const int y = samples[i];
    const std::uint8_t cb = samples[i + 1], cr = samples[i + 2];
    samples[i] = cut[y + kTables.red_of_cr[cr]];
    samples[i + 1] =
        cut[y + ((kTables.green_of_cb[cb] + kTables.green_of_cr[cr]) >> RgbTables::kFraction)];
    samples[i + 2] = cut[y + kTables.blue_of_cb[cb]];
  }
}

template <typename Sample>
void draw_samples(const FramePixels& what, ByteView pixels, std::span<Sample> to) {
  spread_samples(what, pixels, to);
  if (what.format.colour != Colour::Rgb) to_rgb(to);
}

/// An entry in so many bits; the high ones of 16 make 8.
template <typename Sample>
Sample entry_sample(const LookupTable& table, std::int64_t number) {
  constexpr unsigned kBits = sizeof(Sample) * 8;
  const unsigned entry = table.at(number);
  if (table.bits == kBits) return static_cast<Sample>(entry);
  if (table.bits == 16) return static_cast<Sample>(entry >> (16 - kBits));
  return Spread<Sample>{table.bits}(entry);
}

template <typename Sample>
void draw_entries(const Palette& palette, std::int64_t from, const FramePixels& what,
                  ByteView pixels, std::span<Sample> to) {
  visit_cells(what, PixelFormat::Kind::Integer, pixels, [&](std::size_t i, auto stored) {
    const auto number = static_cast<std::int64_t>(+stored);
    if (number < from) return;
    to[3 * i] = entry_sample<Sample>(palette.red, number);
    to[3 * i + 1] = entry_sample<Sample>(palette.green, number);
    to[3 * i + 2] = entry_sample<Sample>(palette.blue, number);
  });
}

}  // namespace

Result<> draw_colour(const FramePixels& what, ByteView pixels, Image& image) {
  const Colour colour = what.format.colour;
  if (what.format.samples_per_pixel != 3 || what.format.bits_allocated == 1 ||
      !(colour == Colour::Rgb || colour == Colour::YbrFull || colour == Colour::YbrFull422)) {
    return fail(Error{ErrorKind::Unsupported, "the pixels are neither RGB nor YBR_FULL"}.on(
        tags::PhotometricInterpretation));
  }
  if (image.bits == 8) {
    draw_samples(what, pixels, image.samples<std::uint8_t>());
  } else {
    draw_samples(what, pixels, image.samples<std::uint16_t>());
  }
  return {};
}

void draw_palette(const Palette& palette, std::int64_t from, const FramePixels& what,
                  ByteView pixels, Image& image) {
  if (image.bits == 8) {
    return draw_entries(palette, from, what, pixels, image.samples<std::uint8_t>());
  }
  draw_entries(palette, from, what, pixels, image.samples<std::uint16_t>());
}

}  // namespace pacs
