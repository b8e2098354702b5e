#include "encoding/rendering/scale.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace pacs {
namespace {

/// For each place of the result the weights of the places it is made of.
struct Taps {
  struct Place {
    std::size_t first;    // of the source
    std::size_t weights;  // where its weights begin
    std::size_t count;
  };
  std::vector<Place> places;
  std::vector<float> weights;
};

double lanczos(double x) {
  constexpr double kLobes = 3;
  if (std::abs(x) < 1e-9) return 1;
  if (std::abs(x) >= kLobes) return 0;
  const double angle = std::numbers::pi * x;
  return kLobes * std::sin(angle) * std::sin(angle / kLobes) / (angle * angle);
}

Taps make_taps(std::uint32_t from, std::uint32_t to) {
  const double ratio = static_cast<double>(from) / to;
  const double widening = std::max(1.0, ratio);
  const double reach = 3 * widening;
  Taps taps;
  taps.places.reserve(to);
  for (std::uint32_t i = 0; i < to; ++i) {
    const double center = (i + 0.5) * ratio - 0.5;
    const auto first = static_cast<std::size_t>(std::max(0.0, std::ceil(center - reach)));
    const auto last = static_cast<std::size_t>(std::min(from - 1.0, std::floor(center + reach)));
    const std::size_t begin = taps.weights.size();
    double sum = 0;
    for (std::size_t at = first; at <= last; ++at) {
      const double weight = lanczos((static_cast<double>(at) - center) / widening);
      taps.weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    // Together 1, at the edges too, where the filter is cut.
    for (std::size_t at = begin; at < taps.weights.size(); ++at) {
      taps.weights[at] = static_cast<float>(taps.weights[at] / sum);
    }
    taps.places.push_back({first, begin, taps.weights.size() - begin});
  }
  return taps;
}

/// One row, made narrower or wider.
template <typename Sample>
void scale_row(const Taps& taps, const Sample* from, std::size_t channels, float* to) {
  for (const Taps::Place& place : taps.places) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const Sample* sample = from + place.first * channels + channel;
      float sum = 0;
      for (std::size_t i = 0; i < place.count; ++i) {
        sum += taps.weights[place.weights + i] * static_cast<float>(sample[i * channels]);
      }
      *to++ = sum;
    }
  }
}

template <typename Sample>
void scale_samples(const Image& image, Image& scaled) {
  const std::size_t channels = image.channels;
  const std::size_t row_from = image.width * channels, row_to = scaled.width * channels;
  const Taps across = make_taps(image.width, scaled.width);
  const Taps down = make_taps(image.height, scaled.height);
  const auto from = image.samples<Sample>();
  std::vector<float> rows(row_to * image.height);
  for (std::size_t row = 0; row < image.height; ++row) {
    scale_row(across, from.data() + row * row_from, channels, rows.data() + row * row_to);
  }
  std::vector<float> sums(row_to);
  Sample* to = scaled.samples<Sample>().data();
  for (const Taps::Place& place : down.places) {
    std::fill(sums.begin(), sums.end(), 0.5F);  // rounds
    for (std::size_t i = 0; i < place.count; ++i) {
      const float weight = down.weights[place.weights + i];
      const float* row = rows.data() + (place.first + i) * row_to;
      for (std::size_t x = 0; x < row_to; ++x) sums[x] += weight * row[x];
    }
    constexpr float kHighest = std::numeric_limits<Sample>::max();
    for (const float sum : sums) *to++ = static_cast<Sample>(std::clamp(sum, 0.0F, kHighest));
  }
}

}  // namespace

Image scale(const Image& image, std::uint32_t width, std::uint32_t height) {
  if (width == image.width && height == image.height) return image;
  Image scaled{width, height, image.channels, image.bits};
  if (image.bits == 8) {
    scale_samples<std::uint8_t>(image, scaled);
  } else {
    scale_samples<std::uint16_t>(image, scaled);
  }
  return scaled;
}

}  // namespace pacs
