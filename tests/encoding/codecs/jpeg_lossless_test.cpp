#include <gtest/gtest.h>

#include <random>

#include "encoding/codecs/codecs.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/codecs/jpeg_writer.h"

namespace pacs::jpeg_lossless_test {
namespace {

using codecs::decode_jpeg_lossless;
using test::b;
using test::LosslessJpeg;
using Samples = std::vector<std::uint16_t>;

// Made by dcmcjpeg 3.6.7 with selection value 6, of the samples below.
const Bytes kDcmtk16 =
    b("FFD8FFE000104A46494600010100000100010000FFC3000B100003000401011100FFC4001900010002030000"
      "000000000000000000000F010E020310FFDA0008010100060000E9C400036CBFFF00D000870E8C780000AFFF"
      "009FFFD9");
const Bytes kDcmtk16Pixels = b("00000100FFFF008005000400FF7F0300409C020001000000");
// Made by gdcmconv 3.0.21; "Adobe" says that the components are RGB.
const Bytes kGdcmRgb =
    b("FFD8FFEE000E41646F626500640000000000FFC30011080002000303521100471100421100FFC40018000003"
      "01010000000000000000000000000307080201FFDA000C0352004700420001000040205057CE4D061F37F3FB"
      "3004FF00C214DFFFD900");
const Bytes kGdcmRgbPixels = b("010203FA0009070707FF8001000000040506");

struct Decoded {
  Result<DecodedFrame> frame;
  Bytes pixels;
};
Decoded decode(const Bytes& codestream, const FrameFormat& format) {
  Decoded decoded{.frame = DecodedFrame{}, .pixels = Bytes(format.bytes())};
  decoded.frame = decode_jpeg_lossless(codestream, format, decoded.pixels);
  return decoded;
}
Error error_of(const Bytes& codestream, const FrameFormat& format) {
  const auto decoded = decode(codestream, format);
  return decoded.frame ? Error{ErrorKind::Internal, "no error"} : decoded.frame.error();
}

FrameFormat format_of(const LosslessJpeg& jpeg) {
  FrameFormat format{.rows = jpeg.rows, .columns = jpeg.columns};
  format.samples_per_pixel = static_cast<std::uint16_t>(jpeg.components);
  format.bits_allocated = jpeg.precision <= 8 ? 8 : 16;
  format.bits_stored = static_cast<std::uint16_t>(jpeg.precision);
  if (jpeg.components == 3) format.colour = Colour::Rgb;
  return format;
}
/// Every number of the precision is as likely, so every category comes.
Samples noise(const LosslessJpeg& jpeg, unsigned seed) {
  std::mt19937 random{seed};
  Samples samples(std::size_t{jpeg.rows} * jpeg.columns * jpeg.components);
  for (std::uint16_t& sample : samples) {
    const auto all = static_cast<std::uint16_t>(random() & ((1U << jpeg.precision) - 1));
    sample = static_cast<std::uint16_t>(all >> jpeg.point_transform << jpeg.point_transform);
  }
  return samples;
}
Bytes native(const Samples& samples, const FrameFormat& format) {
  Bytes bytes;
  for (const std::uint16_t sample : samples) {
    bytes.push_back(static_cast<std::byte>(sample));
    if (format.bits_allocated == 16) bytes.push_back(static_cast<std::byte>(sample >> 8));
  }
  return bytes;
}
void expect_round_trip(const LosslessJpeg& jpeg, unsigned seed) {
  const Samples samples = noise(jpeg, seed);
  const FrameFormat format = format_of(jpeg);
  const auto [frame, pixels] = decode(jpeg.write(samples), format);
  ASSERT_TRUE(frame) << frame.error().to_string();
  EXPECT_EQ(pixels, native(samples, format)) << jpeg.precision << ' ' << jpeg.predictor;
  EXPECT_TRUE(frame->departures.empty());
}

TEST(JpegLossless, ReadsWhatDcmtkWrote) {
  const FrameFormat format{.rows = 3, .columns = 4, .bits_allocated = 16, .bits_stored = 16};
  const auto [frame, pixels] = decode(kDcmtk16, format);
  ASSERT_TRUE(frame);
  EXPECT_EQ(pixels, kDcmtk16Pixels);
  EXPECT_EQ(frame->colour, Colour::Monochrome);
  EXPECT_TRUE(frame->departures.empty());
}

TEST(JpegLossless, ReadsWhatGdcmWrote) {
  const FrameFormat format{
      .rows = 2, .columns = 3, .samples_per_pixel = 3, .planar = true, .colour = Colour::Rgb};
  const auto [frame, pixels] = decode(kGdcmRgb, format);
  ASSERT_TRUE(frame);
  EXPECT_EQ(pixels, kGdcmRgbPixels);
  EXPECT_EQ(frame->colour, Colour::Rgb);
  EXPECT_FALSE(frame->planar);
}

TEST(JpegLossless, ReadsEveryPrecisionByEveryPredictor) {
  for (unsigned precision = 2; precision <= 16; ++precision) {
    for (unsigned predictor = 0; predictor < 8; ++predictor) {
      expect_round_trip({.rows = 9, .columns = 14, .precision = precision, .predictor = predictor},
                        precision);
    }
  }
}

TEST(JpegLossless, ReadsOneToFourComponentsInOneScanOrSeveral) {
  for (std::size_t components = 1; components <= 4; ++components) {
    for (const bool interleaved : {false, true}) {
      for (const unsigned restart_rows : {0, 1, 3}) {
        expect_round_trip({.rows = 31,
                           .columns = 5,
                           .components = components,
                           .precision = 16,
                           .predictor = 7,
                           .restart_rows = restart_rows,
                           .interleaved = interleaved,
                           .filled = restart_rows == 3},
                          7);
      }
    }
  }
}

TEST(JpegLossless, ReadsImagesOfOneRowOrColumnAndLongerThanItsBuffer) {
  expect_round_trip({.rows = 1, .columns = 1, .precision = 12}, 1);
  expect_round_trip({.rows = 1, .columns = 77, .precision = 12, .predictor = 4}, 1);
  expect_round_trip({.rows = 77, .columns = 1, .precision = 12, .predictor = 4}, 1);
  expect_round_trip({.rows = 300, .columns = 251, .precision = 16, .predictor = 4}, 1);
}

TEST(JpegLossless, ShiftsByThePointTransform) {
  for (unsigned shift = 1; shift < 12; ++shift) {
    expect_round_trip({.rows = 6,
                       .columns = 9,
                       .precision = 12,
                       .predictor = 5,
                       .point_transform = shift,
                       .restart_rows = 2},
                      shift);
  }
}

TEST(JpegLossless, ReadsFlatPartsOfEveryLength) {
  for (unsigned predictor = 0; predictor < 8; ++predictor) {
    for (std::uint16_t columns = 1; columns < 70; ++columns) {
      const LosslessJpeg jpeg{
          .rows = 3, .columns = columns, .precision = 12, .predictor = predictor};
      Samples samples(std::size_t{3} * columns, predictor == 0 ? 0 : 2048);
      samples[columns + columns / 3] = 7;
      const auto [frame, pixels] = decode(jpeg.write(samples), format_of(jpeg));
      ASSERT_TRUE(frame);
      EXPECT_EQ(pixels, native(samples, format_of(jpeg))) << predictor << ' ' << columns;
    }
  }
}

TEST(JpegLossless, ReadsTheDifferenceThatHasNoBits) {
  const LosslessJpeg jpeg{.columns = 3, .precision = 16};
  const auto [frame, pixels] = decode(jpeg.write({0, 0x8000, 0}), format_of(jpeg));
  ASSERT_TRUE(frame);
  EXPECT_EQ(pixels, b("0000 0080 0000"));
}

TEST(JpegLossless, ExtendsTheSignFromBitsStored) {
  const LosslessJpeg jpeg{.columns = 3, .precision = 12};
  FrameFormat format = format_of(jpeg);
  format.is_signed = true;
  EXPECT_EQ(decode(jpeg.write({0x800, 0xFFF, 0x7FF}), format).pixels, b("00F8 FFFF FF07"));
  format.bits_allocated = 32;
  EXPECT_EQ(decode(jpeg.write({0x800, 0xFFF, 0x7FF}), format).pixels,
            b("00F8FFFF FFFFFFFF FF070000"));
}

TEST(JpegLossless, ReadsSignedSamplesOfMoreBitsThanAreStored) {
  const LosslessJpeg jpeg{.columns = 3, .precision = 16};
  FrameFormat format = format_of(jpeg);
  format.bits_stored = 12;
  format.is_signed = true;
  const auto [frame, pixels] = decode(jpeg.write({0xF800, 0x0FFF, 0x07FF}), format);
  ASSERT_TRUE(frame);
  EXPECT_EQ(pixels, b("00F8 FFFF FF07"));
  EXPECT_EQ(frame->departures.to_string(), "codestream_precision");
}

TEST(JpegLossless, LeavesColourToTheDataSetExceptSubsampling) {
  FrameFormat format{.rows = 2, .columns = 3, .samples_per_pixel = 3, .colour = Colour::YbrFull};
  EXPECT_EQ(decode(kGdcmRgb, format).frame->colour, Colour::YbrFull);
  EXPECT_TRUE(decode(kGdcmRgb, format).frame->departures.empty());
  format.colour = Colour::YbrFull422;
  EXPECT_EQ(decode(kGdcmRgb, format).frame->colour, Colour::YbrFull);
  EXPECT_EQ(decode(kGdcmRgb, format).frame->departures.to_string(), "codestream_colour");
}

TEST(JpegLossless, NamesTheAttributeThatIsNotTheCodestreams) {
  const LosslessJpeg jpeg{.rows = 2, .columns = 3, .precision = 12};
  const Bytes codestream = jpeg.write(noise(jpeg, 1));
  const auto message = [&](auto change) {
    FrameFormat format = format_of(jpeg);
    change(format);
    const Error error = error_of(codestream, format);
    EXPECT_EQ(error.kind, ErrorKind::Mismatch);
    return error.message;
  };
  EXPECT_EQ(message([](FrameFormat& f) { f.rows = 3; }), "Rows is 3 and the JPEG codestream has 2");
  EXPECT_EQ(message([](FrameFormat& f) { f.columns = 4; }),
            "Columns is 4 and the JPEG codestream has 3");
  EXPECT_EQ(message([](FrameFormat& f) { f.samples_per_pixel = 3; }),
            "Samples per Pixel is 3 and the JPEG codestream has 1");
  EXPECT_EQ(message([](FrameFormat& f) { f.bits_allocated = 8; }),
            "Bits Allocated is 8 and the JPEG codestream has 12");
}

/// The codestream of three components with one byte changed.
Bytes changed(std::size_t place, std::uint8_t to) {
  Bytes codestream = kGdcmRgb;
  codestream[place] = std::byte{to};
  return codestream;
}
const FrameFormat kRgbFormat{
    .rows = 2, .columns = 3, .samples_per_pixel = 3, .colour = Colour::Rgb};

TEST(JpegLossless, RefusesOtherProcessesAndSubsampling) {
  EXPECT_EQ(error_of(changed(19, 0xC0), kRgbFormat).kind, ErrorKind::Unsupported);
  EXPECT_EQ(error_of(changed(29, 0x21), kRgbFormat).kind, ErrorKind::Unsupported);
  EXPECT_EQ(error_of(changed(22, 1), kRgbFormat).kind, ErrorKind::Malformed);     // precision
  EXPECT_EQ(error_of(changed(74, 8), kRgbFormat).kind, ErrorKind::Malformed);     // predictor
  EXPECT_EQ(error_of(changed(76, 0x08), kRgbFormat).kind, ErrorKind::Malformed);  // point transform
}

TEST(JpegLossless, RefusesHuffmanCodesThatNoTableHas) {
  EXPECT_EQ(error_of(changed(45, 5), kRgbFormat).kind, ErrorKind::Malformed);  // 5 codes of 2 bits
  const std::size_t scan = as_text(kGdcmRgb).find("\xFF\xDA");
  EXPECT_EQ(error_of(changed(scan + 6, 0x10), kRgbFormat).message,
            "a JPEG scan uses a Huffman table that is not defined");
}

TEST(JpegLossless, RefusesARestartIntervalWithinARow) {
  LosslessJpeg jpeg{.rows = 4, .columns = 4, .restart_rows = 1};
  Bytes codestream = jpeg.write(noise(jpeg, 1));
  const auto dri = as_text(codestream).find("\xFF\xDD");
  codestream[dri + 5] = std::byte{3};
  EXPECT_EQ(error_of(codestream, format_of(jpeg)).kind, ErrorKind::Malformed);
}

TEST(JpegLossless, RefusesRestartMarkersOutOfOrder) {
  LosslessJpeg jpeg{.rows = 4, .columns = 4, .restart_rows = 1};
  Bytes codestream = jpeg.write(noise(jpeg, 1));
  const auto restart = as_text(codestream).find("\xFF\xD1");
  codestream[restart + 1] = std::byte{0xD2};
  EXPECT_EQ(error_of(codestream, format_of(jpeg)).message,
            "the JPEG marker FFD2H stands where restart marker 1 should");
}

TEST(JpegLossless, CountsPaddingBeforeTheEndOfImage) {
  Bytes codestream = kDcmtk16;
  codestream.insert(codestream.end() - 2, 3, std::byte{0});
  const FrameFormat format{.rows = 3, .columns = 4, .bits_allocated = 16, .bits_stored = 16};
  const auto [frame, pixels] = decode(codestream, format);
  ASSERT_TRUE(frame);
  EXPECT_EQ(pixels, kDcmtk16Pixels);
  EXPECT_EQ(frame->departures.to_string(), "codestream_padding");
}

TEST(JpegLossless, RefusesACodestreamWithoutAllComponents) {
  LosslessJpeg jpeg{.rows = 2, .columns = 2, .components = 3, .interleaved = false};
  Bytes codestream = jpeg.write(noise(jpeg, 1));
  const auto last_scan = as_text(codestream).rfind("\xFF\xDA");
  codestream.resize(last_scan);
  append(codestream, b("FFD9"));
  EXPECT_EQ(error_of(codestream, format_of(jpeg)).message,
            "the JPEG codestream has scans of 2 of 3 components");
}

TEST(JpegLossless, SaysTruncatedOfACodestreamCutAnywhere) {
  for (const bool interleaved : {false, true}) {
    const LosslessJpeg jpeg{.rows = 5,
                            .columns = 6,
                            .components = 3,
                            .precision = 12,
                            .restart_rows = 2,
                            .interleaved = interleaved};
    const Bytes whole = jpeg.write(noise(jpeg, 1));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(error_of(cut, format_of(jpeg)).kind, ErrorKind::Truncated) << size;
    }
  }
}

}  // namespace
}  // namespace pacs::jpeg_lossless_test
