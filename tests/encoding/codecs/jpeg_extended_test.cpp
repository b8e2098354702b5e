#include "encoding/codecs/jpeg_extended.h"

#include <gtest/gtest.h>

#include "tests/encoding/bytes_language.h"

namespace pacs::jpeg_extended_test {
namespace {

using codecs::decode_jpeg_12_bit;
using test::b;

// Made by dcmcjpeg 3.6.7 (+ee, quality 90); the pixels are what dcmdjpeg makes of it.
const Bytes kGray =
    b("FFD8FFE000104A46494600010100000100010000FFDB00430003020203020203030303040303040508050504"
      "04050A070706080C0A0C0C0B0A0B0B0D0E12100D0E110E0B0B1016101113141515150C0F1718161418121415"
      "14FFC1000B0C0009000D01011100FFC40016000101010000000000000000000000000009070DFFC400251000"
      "000503030403000000000000000000020304050701060800090B0A3A78B6131424FFDA0008010100003F00CE"
      "72E33ADA0B00F3C134E92C649C311864CCB8CF76156982C2965B5BAE66963B7C49522B297059959661651AAD"
      "4FDB2A8B4F00AB50B70CA4C32BF650F3D3930F68DC09D9BBA944D8BF0012B059B6848311304A724C4B6ABDA5"
      "56D31B5ECE8E0ED454CC8D0121A0D9139CDE999DDCB6B3AB5F800F4112609084D449C9B0715A7723491E3E3D"
      "7B45AFA05FAA0FB97B76BF2E65BF7275D7FFFFD9");
const Bytes kGrayPixels =
    b("020000000200000001000200000003000000000007000000030000000000000009000000D50227036503A803"
      "02000000000000000700000007000000C202D70220038903AF03EF030400040004000000040000005E029402"
      "E00223036A03A503F3032D04050000000300000000005002B402DD0215035D03A503E9031E04000001000000"
      "0A0000004102A802F8021C035903B503EA0332040700000004000000000062028D02C702350372039403EC03"
      "2E040000000000000100020002007602E20223034B03AF03D40300000600000000000000000000000100DE02"
      "150365039F030100000001000000");
const FrameFormat kGrayFormat{.rows = 9, .columns = 13, .bits_allocated = 16, .bits_stored = 12};

// The same with colour, +cy +s4: YCbCr without subsampling under a JFIF header.
const Bytes kColour =
    b("FFD8FFE000104A46494600010100000100010000FFDB00430003020203020203030303040303040508050504"
      "04050A070706080C0A0C0C0B0A0B0B0D0E12100D0E110E0B0B1016101113141515150C0F1718161418121415"
      "14FFDB00430103040405040509050509140D0B0D141414141414141414141414141414141414141414141414"
      "1414141414141414141414141414141414141414141414141414FFC100110C00050006030111000211010311"
      "01FFC4001400010000000000000000000000000000000AFFC40020100000020B000000000000000000000000"
      "000403050A0B0C192646475364FFC4001501010100000000000000000000000000000809FFC4002011000101"
      "080300000000000000000000000300090A0B1824444563255253FFDA000C03010002110311003F0068AEC761"
      "5D19209759AA2EDC2F8E55FB10F5021BF7B1321B213522E42F4B903F42E952CE163BF84D3B9133D663017A6F"
      "406A5FFFFFD9");
const Bytes kColourPixels =
    b("000000009F0FBE020000770E79050000490D360800001C0CEF0A0000EE0AAE0D0000C90900008903720EB802"
      "8603480D730586031B0C31088903ED0AE90A8603C009A90D87039B0800000607460DBE0204071F0C79050307"
      "F00A37080707C409F00A04079508AF0D0607700700008E0A180CBE028C0AF00A79058B0AC10937088F0A9508"
      "EE0A8D0A6807AE0D8F0A42060000120EF10AB802100EC8097505100E9B083208130E6D07E90A100E4006A90D"
      "130E1905");
const FrameFormat kColourFormat{.rows = 5,
                                .columns = 6,
                                .samples_per_pixel = 3,
                                .bits_allocated = 16,
                                .bits_stored = 12,
                                .colour = Colour::YbrFull};

struct Decoded {
  Result<DecodedFrame> frame;
  Bytes pixels;
};
Decoded decode(const Bytes& codestream, const FrameFormat& format) {
  Decoded decoded{.frame = DecodedFrame{}, .pixels = Bytes(format.bytes())};
  decoded.frame = decode_jpeg_12_bit(codestream, format, decoded.pixels);
  return decoded;
}
Error error_of(const Bytes& codestream, const FrameFormat& format) {
  const auto decoded = decode(codestream, format);
  return decoded.frame ? Error{ErrorKind::Internal, "no error"} : decoded.frame.error();
}
/// With one byte changed.
Bytes changed(Bytes codestream, std::size_t place, std::uint8_t to) {
  codestream[place] = std::byte{to};
  return codestream;
}

TEST(JpegExtended, GivesTheSamePixelsAsDcmtk) {
  const auto [frame, pixels] = decode(kGray, kGrayFormat);
  ASSERT_TRUE(frame) << frame.error().to_string();
  EXPECT_EQ(pixels, kGrayPixels);
  EXPECT_EQ(frame->colour, Colour::Monochrome);
  EXPECT_TRUE(frame->departures.empty());
}

TEST(JpegExtended, MakesRgbOfYCbCrAsDcmtkDoes) {
  const auto [frame, pixels] = decode(kColour, kColourFormat);
  ASSERT_TRUE(frame) << frame.error().to_string();
  EXPECT_EQ(pixels, kColourPixels);
  EXPECT_EQ(frame->colour, Colour::Rgb);
  EXPECT_TRUE(frame->departures.empty());
}

TEST(JpegExtended, CountsColoursThatTheDataSetDoesNotSay) {
  FrameFormat format = kColourFormat;
  format.colour = Colour::Rgb;
  const auto [frame, pixels] = decode(kColour, format);
  ASSERT_TRUE(frame);
  EXPECT_EQ(pixels, kColourPixels);
  EXPECT_EQ(frame->departures.to_string(), "codestream_colour");
}

TEST(JpegExtended, ExtendsTheSignFromBitsStored) {
  FrameFormat format = kGrayFormat;
  format.bits_stored = 10;
  format.is_signed = true;
  const auto [frame, pixels] = decode(kGray, format);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->departures.to_string(), "codestream_precision");
  for (std::size_t i = 0; i < pixels.size(); i += 2) {
    const int bits = load<std::uint16_t>(&kGrayPixels[i], ByteOrder::Little) & 0x3FF;
    EXPECT_EQ(load<std::int16_t>(&pixels[i], ByteOrder::Little), bits < 512 ? bits : bits - 1024);
  }
}

TEST(JpegExtended, RefusesWhatIsNotSequentialOrNotThere) {
  const std::size_t sof = as_text(kGray).find("\xFF\xC1");
  EXPECT_EQ(error_of(changed(kGray, sof + 1, 0xC2), kGrayFormat).message,
            "JPEG SOF2 of 12 bits is no sequential process with Huffman codes");
  EXPECT_EQ(error_of(changed(kGray, sof + 4, 10), kGrayFormat).kind, ErrorKind::Unsupported);
  EXPECT_EQ(error_of(changed(kGray, sof + 12, 1), kGrayFormat).message,
            "a JPEG component uses a quantization table that is not defined");
  EXPECT_EQ(error_of(changed(kGray, sof + 6, 8), kGrayFormat).message,
            "Rows is 9 and the JPEG codestream has 8");
}

TEST(JpegExtended, RefusesACoefficientBehindTheLast) {
  // One block whose only AC code says 15 zeros and a number, over and over.
  const Bytes codestream =
      b("FFD8 FFDB 0043 00 01*64 FFC1 000B 0C 0001 0001 01 01 11 00"
        "FFC4 0014 00 01 00*15 00  FFC4 0014 10 01 00*15 F1"
        "FFDA 0008 01 01 00 00 3F 00  00*16 FFD9");
  const FrameFormat format{.rows = 1, .columns = 1, .bits_allocated = 16, .bits_stored = 12};
  EXPECT_EQ(error_of(codestream, format).kind, ErrorKind::Malformed);
}

TEST(JpegExtended, SaysTruncatedOfACodestreamCutAnywhere) {
  for (const auto& [whole, format] :
       {std::pair{kGray, kGrayFormat}, std::pair{kColour, kColourFormat}}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(error_of(cut, format).kind, ErrorKind::Truncated) << size;
    }
  }
}

}  // namespace
}  // namespace pacs::jpeg_extended_test
