#include "encoding/codecs/halved_chroma.h"

#include <fmt/format.h>

#include <cstring>

#include "core/dicom_tags.h"

namespace pacs::codecs {
namespace {

template <typename Sample>
void double_chroma_of(ByteView from, std::span<std::byte> to) {
  constexpr std::size_t kSample = sizeof(Sample);
  const std::size_t pairs = to.size() / (6 * kSample);
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::byte* four = from.data() + 4 * kSample * i;
    std::byte* six = to.data() + 6 * kSample * i;
    std::memcpy(six, four, kSample);
    std::memcpy(six + kSample, four + 2 * kSample, 2 * kSample);
    std::memcpy(six + 3 * kSample, four + kSample, kSample);
    std::memcpy(six + 4 * kSample, four + 2 * kSample, 2 * kSample);
  }
}

}  // namespace

Result<> double_chroma(const FrameFormat& format, ByteView halved, std::span<std::byte> pixels) {
  if (format.columns % 2 != 0) {
    return fail(Error{ErrorKind::Mismatch,
                      fmt::format("{} columns cannot share chroma by two", format.columns)}
                    .on(tags::Columns));
  }
  if (format.bits_allocated == 8) {
    double_chroma_of<std::uint8_t>(halved, pixels);
  } else if (format.bits_allocated == 16) {
    double_chroma_of<std::uint16_t>(halved, pixels);
  } else {
    return fail(
        Error{ErrorKind::Unsupported, fmt::format("YBR_FULL_422 of {} bits", format.bits_allocated)}
            .on(tags::BitsAllocated));
  }
  return {};
}

}  // namespace pacs::codecs
