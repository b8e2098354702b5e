// Drawing shades of grey: for cells up to 16 bits by a table of all their numbers, of which only
// those within the window are worked out; else number by number.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "encoding/frames/cells.h"
#include "encoding/rendering/grey.h"

namespace pacs {
namespace {

/// Samples of an image out of shades from 0 to 1. Not a number is black.
template <typename Sample>
Sample sample_of(double shade, bool inverse) {
  constexpr double kHighest = std::numeric_limits<Sample>::max();
  const auto sample = static_cast<Sample>(shade > 0 ? shade * kHighest + 0.5 : 0);
  return inverse ? static_cast<Sample>(std::numeric_limits<Sample>::max() - sample) : sample;
}

/// Stored values, both ends included.
struct StoredRange {
  std::int32_t lowest;
  std::int32_t highest;
};

/// Where the shades lie between black and white; beyond it they are as at its ends.
StoredRange sloping_range(const GreyTransform& transform, StoredRange all) {
  if (transform.modality || transform.voi || transform.window->function == VoiFunction::Sigmoid) {
    return all;
  }
  const Window& window = *transform.window;
  const double one = (window.center - window.width / 2 - 1 - transform.rescale.intercept) /
                     transform.rescale.slope;
  const double other = (window.center + window.width / 2 + 1 - transform.rescale.intercept) /
                       transform.rescale.slope;
  if (!std::isfinite(one) || !std::isfinite(other)) return all;
  const double first = all.lowest, last = all.highest;
  const auto within = [&](double stored) {
    return static_cast<std::int32_t>(std::clamp(stored, first, last));
  };
  return {within(std::floor(std::min(one, other))), within(std::ceil(std::max(one, other)))};
}

/// The straight part of a window, where no shade is cut off; written without choices, so that
/// compilers work out several numbers at once.
template <typename Sample>
void fill_line(const GreyTransform& transform, StoredRange range, Sample* samples) {
  constexpr double kHighest = std::numeric_limits<Sample>::max();
  const double slope = transform.rescale.slope, intercept = transform.rescale.intercept;
  const double center = transform.window->line_center(), width = transform.window->line_width();
  const std::int32_t count = range.highest - range.lowest + 1;
  for (std::int32_t i = 0; i < count; ++i) {
    const double value = static_cast<double>(range.lowest + i) * slope + intercept;
    const double shade = (value - center) / width + 0.5;
    samples[i] = static_cast<Sample>(static_cast<std::int32_t>(shade * kHighest + 0.5));
  }
}

/// The same for any transform. `at_zero` is where the sample of the stored value 0 belongs.
template <typename Sample>
void fill_range(const GreyTransform& transform, StoredRange range, Sample* at_zero) {
  const auto put = [&](std::int32_t stored) {
    at_zero[stored] = sample_of<Sample>(transform.shade(stored), false);
  };
  const bool is_line = !transform.voi && !transform.modality && transform.window->is_line();
  const auto is_cut = [&](std::int32_t stored) {
    const Window& window = *transform.window;
    const double shade =
        (transform.value(stored) - window.line_center()) / window.line_width() + 0.5;
    return !(shade >= 0 && shade <= 1);
  };
  while (range.lowest <= range.highest && (!is_line || is_cut(range.lowest))) put(range.lowest++);
  while (range.lowest <= range.highest && is_cut(range.highest)) put(range.highest--);
  if (range.lowest <= range.highest) fill_line(transform, range, at_zero + range.lowest);
}

/// The sample of each number that a cell may hold, found by the cell's bits.
template <typename Sample>
std::vector<Sample> table_of(const GreyTransform& transform, const FrameFormat& format) {
  const std::int32_t count = 1 << format.bits_stored;
  const std::int32_t lowest = format.is_signed ? -(count / 2) : 0;
  const StoredRange all{lowest, lowest + count - 1};
  const StoredRange sloping = sloping_range(transform, all);
  std::vector<Sample> samples(static_cast<std::size_t>(count));  // from the lowest number on
  Sample* const at_zero = samples.data() - lowest;
  fill_range(transform, sloping, at_zero);
  const auto sample_at = [&](std::int32_t stored) {
    return sample_of<Sample>(transform.shade(stored), false);
  };
  std::fill(samples.data(), at_zero + sloping.lowest, sample_at(all.lowest));
  std::fill(at_zero + sloping.highest + 1, samples.data() + count, sample_at(all.highest));
  if (transform.inverse) {
    for (Sample& sample : samples) {
      sample = static_cast<Sample>(std::numeric_limits<Sample>::max() - sample);
    }
  }
  // Two's complement: negative numbers stand behind the others.
  if (format.is_signed) std::rotate(samples.begin(), samples.begin() + count / 2, samples.end());
  return samples;
}

/// The table by whole cells, whatever their other bits hold, so that a pixel costs one look.
template <typename Cell, typename Sample>
void widen_table(std::vector<Sample>& table, unsigned shift) {
  constexpr std::size_t kCells = std::size_t{1} << (sizeof(Cell) * 8);
  if (table.size() == kCells) return;
  const std::vector<Sample> narrow = std::exchange(table, std::vector<Sample>(kCells));
  if (shift == 0) {
    for (std::size_t at = 0; at < kCells; at += narrow.size()) {
      std::ranges::copy(narrow, table.data() + at);
    }
    return;
  }
  for (std::size_t cell = 0; cell < kCells; ++cell) {
    table[cell] = narrow[cell >> shift & (narrow.size() - 1)];
  }
}

template <typename Cell, typename Sample>
void draw_by_table(std::vector<Sample> table, unsigned shift, ByteView pixels,
                   std::span<Sample> to) {
  widen_table<Cell>(table, shift);
  const Sample* const samples = table.data();
  const std::byte* from = pixels.data();
  for (Sample& sample : to) {
    Cell cell;
    std::memcpy(&cell, from, sizeof cell);
    from += sizeof cell;
    sample = samples[cell];
  }
}

template <typename Sample>
void draw_bits(const std::vector<Sample>& table, ByteView pixels, std::span<Sample> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] = table[std::to_integer<unsigned>(pixels[i / 8]) >> i % 8 & 1];
  }
}

template <typename Sample>
void draw(const GreyTransform& transform, const FramePixels& what, PixelFormat::Kind kind,
          ByteView pixels, std::span<Sample> to) {
  if (kind != PixelFormat::Kind::Integer || what.format.bits_allocated > 16) {
    visit_cells(what, kind, pixels, [&](std::size_t i, auto number) {
      to[i] = sample_of<Sample>(transform.shade(static_cast<double>(number)), transform.inverse);
    });
    return;
  }
  std::vector<Sample> table = table_of<Sample>(transform, what.format);
  if (what.format.bits_allocated == 1) return draw_bits(table, pixels, to);
  if (what.format.bits_allocated == 8) {
    return draw_by_table<std::uint8_t>(std::move(table), what.shift, pixels, to);
  }
  draw_by_table<std::uint16_t>(std::move(table), what.shift, pixels, to);
}

}  // namespace

void draw_grey(const GreyTransform& transform, const FramePixels& what, PixelFormat::Kind kind,
               ByteView pixels, Image& image) {
  if (image.bits == 8) return draw(transform, what, kind, pixels, image.samples<std::uint8_t>());
  draw(transform, what, kind, pixels, image.samples<std::uint16_t>());
}

}  // namespace pacs
