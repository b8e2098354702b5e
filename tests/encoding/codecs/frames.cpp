#include "tests/encoding/codecs/frames.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace pacs::test {

namespace {

void put_sample(Bytes& frame, const FrameFormat& format, std::uint64_t i, std::uint64_t value) {
  const std::uint64_t mask = (std::uint64_t{1} << format.bits_stored) - 1;
  value &= mask;
  if (format.is_signed && value > mask / 2) value |= ~mask;
  if (format.bits_allocated == 1) {
    frame[i / 8] |= static_cast<std::byte>((value & 1) << (i % 8));
    return;
  }
  const std::size_t sample_bytes = format.bits_allocated / 8;
  for (std::size_t byte = 0; byte < sample_bytes; ++byte) {
    frame[i * sample_bytes + byte] = static_cast<std::byte>(value >> (8 * byte));
  }
}

}  // namespace

Bytes frame_of(const FrameFormat& format) {
  Bytes frame(format.bytes());
  const std::uint64_t mask = (std::uint64_t{1} << format.bits_stored) - 1;
  std::uint64_t noise = 1;
  for (std::uint64_t i = 0; i < format.samples(); ++i) {
    noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
    std::uint64_t value = i * mask / format.samples() + (noise >> 60);
    if (i % 97 == 0) value = mask;
    if (i % 89 == 0) value = mask / 2 + 1;
    put_sample(frame, format, i, value);
  }
  return frame;
}

Bytes steps(const FrameFormat& format) {
  Bytes frame(format.bytes());
  for (std::uint64_t i = 0; i < format.samples(); ++i) {
    put_sample(frame, format, i, (i << format.bits_stored) / format.samples() + i % 4);
  }
  return frame;
}

double mean_difference(ByteView a, ByteView b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += std::abs(std::to_integer<int>(a[i]) - std::to_integer<int>(b[i]));
  }
  return sum / static_cast<double>(a.size());
}

Bytes interleaved(ByteView frame, const FrameFormat& format) {
  Bytes to(frame.begin(), frame.end());
  if (!format.planar) return to;
  const std::size_t sample_bytes = format.bits_allocated / 8;
  const std::size_t pixels = std::size_t{format.rows} * format.columns;
  for (std::size_t i = 0; i < frame.size(); ++i) {
    const std::size_t index = i / sample_bytes;
    const std::size_t at = index % pixels * format.samples_per_pixel + index / pixels;
    to[at * sample_bytes + i % sample_bytes] = frame[i];
  }
  return to;
}

Decoded decode(DecodeFrame* decoder, ByteView codestream, const FrameFormat& format) {
  Bytes pixels(format.bytes(), std::byte{0xA5});
  // A copy of exactly its size, so that the address sanitizer sees reads behind its end.
  const Bytes copy(codestream.begin(), codestream.end());
  auto frame = decoder(copy, format, pixels);
  return {std::move(frame), std::move(pixels)};
}

std::size_t cuts_that_decode(DecodeFrame* decoder, ByteView codestream, const FrameFormat& format) {
  const Decoded whole = decode(decoder, codestream, format);
  EXPECT_TRUE(whole.frame) << whole.frame.error().to_string();
  std::size_t decoding = 0;
  for (std::size_t size = 0; size < codestream.size(); ++size) {
    const Decoded cut = decode(decoder, codestream.first(size), format);
    if (!cut.frame) {
      EXPECT_FALSE(cut.frame.error().message.empty());
      continue;
    }
    ++decoding;
    EXPECT_EQ(cut.pixels, whole.pixels) << "cut to " << size << " of " << codestream.size();
  }
  return decoding;
}

namespace {

void expect_mismatch(DecodeFrame* decoder, ByteView codestream, const FrameFormat& format,
                     std::string_view attribute) {
  const Decoded decoded = decode(decoder, codestream, format);
  ASSERT_FALSE(decoded.frame) << attribute;
  EXPECT_EQ(decoded.frame.error().kind, ErrorKind::Mismatch);
  EXPECT_NE(decoded.frame.error().message.find(attribute), std::string::npos)
      << decoded.frame.error().message;
}

}  // namespace

void expect_mismatches(DecodeFrame* decoder, ByteView codestream, const FrameFormat& format) {
  FrameFormat other = format;
  other.rows += 1;
  expect_mismatch(decoder, codestream, other, "Rows");
  other = format;
  other.columns -= 1;
  expect_mismatch(decoder, codestream, other, "Columns");
  other = format;
  other.samples_per_pixel = format.samples_per_pixel == 1 ? 3 : 1;
  expect_mismatch(decoder, codestream, other, "Samples per Pixel");
  other = format;
  other.bits_allocated = other.bits_stored = 1;
  expect_mismatch(decoder, codestream, other, "Bits Allocated");
}

}  // namespace pacs::test
