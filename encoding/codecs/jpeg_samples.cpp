#include "encoding/codecs/jpeg_samples.h"

#include <fmt/format.h>

#include "core/bytes.h"

namespace pacs::codecs {
namespace {

struct SampleRule {
  unsigned shift;
  std::uint32_t mask, sign;

  [[nodiscard]] std::uint32_t operator()(std::uint16_t sample) const {
    const std::uint32_t value = (std::uint32_t{sample} << shift) & mask;
    return (value ^ sign) - sign;
  }
};

template <typename T>
void put_samples(const std::uint16_t* from, std::size_t count, std::byte* to, std::size_t step,
                 SampleRule rule) {
  if (step == 1) {  // a loop of its own, for vectors
    for (std::size_t i = 0; i < count; ++i) {
      store(to + i * sizeof(T), static_cast<T>(rule(from[i])), ByteOrder::Little);
    }
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    store(to + i * step * sizeof(T), static_cast<T>(rule(from[i])), ByteOrder::Little);
  }
}

}  // namespace

Result<JpegSamples> JpegSamples::create(const FrameFormat& format, unsigned precision,
                                        unsigned point_transform) {
  if (format.bits_allocated != 8 && format.bits_allocated != 16 && format.bits_allocated != 32) {
    return fail(ErrorKind::Unsupported,
                fmt::format("JPEG is not decoded to Bits Allocated {}", format.bits_allocated));
  }
  JpegSamples samples;
  samples.sample_bytes_ = format.bits_allocated / 8U;
  samples.point_transform_ = point_transform;
  samples.mask_ = (std::uint32_t{1} << precision) - 1;
  if (format.is_signed && format.bits_stored >= 1 && format.bits_stored <= precision) {
    samples.sign_ = std::uint32_t{1} << (format.bits_stored - 1);
    samples.mask_ &= 2 * samples.sign_ - 1;
  }
  return samples;
}

void JpegSamples::put(const std::uint16_t* from, std::size_t count, std::byte* to,
                      std::size_t step) const {
  const SampleRule rule{.shift = point_transform_, .mask = mask_, .sign = sign_};
  switch (sample_bytes_) {
    case 1:
      return put_samples<std::uint8_t>(from, count, to, step, rule);
    case 2:
      return put_samples<std::uint16_t>(from, count, to, step, rule);
    default:
      return put_samples<std::uint32_t>(from, count, to, step, rule);
  }
}

}  // namespace pacs::codecs
