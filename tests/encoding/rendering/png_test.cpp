#include "encoding/rendering/png.h"

#include <gtest/gtest.h>
#include <png.h>

#include "tests/encoding/bytes_language.h"

namespace pacs {
namespace {

/// What libpng's simple reader makes of it: 8 bits, or 16 in linear light where `format` says so.
Bytes read_again(const Bytes& png, png_uint_32 format, png_uint_32& width, png_uint_32& height) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, png.data(), png.size()), 0) << image.message;
  image.format = format;
  Bytes bytes(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, bytes.data(), 0, nullptr), 0) << image.message;
  width = image.width, height = image.height;
  return bytes;
}

TEST(Png, HoldsGreyAndColourOf8Bits) {
  for (const unsigned channels : {1U, 3U}) {
    Image image{5, 3, channels, 8};
    for (std::size_t i = 0; i < image.bytes.size(); ++i) {
      image.bytes[i] = static_cast<std::byte>(i * 17);
    }
    const Bytes png = write_png(image).value();
    png_uint_32 width = 0, height = 0;
    EXPECT_EQ(read_again(png, channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB, width, height),
              image.bytes);
    EXPECT_EQ(width, 5U);
    EXPECT_EQ(height, 3U);
  }
}

TEST(Png, SaysItsBitsAndWritesTheHighByteFirst) {
  Image image{1, 1, 1, 16};
  image.samples<std::uint16_t>()[0] = 0x1234;
  const Bytes png = write_png(image).value();
  // IHDR: width, height, 16 bits, grey.
  EXPECT_EQ(test::hex(ByteView{png}.subspan(16, 10)), "00000001000000011000");
  // Behind zlib's header a row: its filter (1, the pixel to the left, of which there is none).
  png_image reader{};
  reader.version = PNG_IMAGE_VERSION;
  ASSERT_NE(png_image_begin_read_from_memory(&reader, png.data(), png.size()), 0);
  reader.format = PNG_FORMAT_LINEAR_Y;
  std::uint16_t linear = 0;
  ASSERT_NE(png_image_finish_read(&reader, nullptr, &linear, 0, nullptr), 0);
  EXPECT_EQ(linear, 0x1234);  // files of 16 bits without gamma are taken as linear
}

TEST(Png, RefusesAnImageThatIsNotWhatItSays) {
  Image image{2, 2, 1, 8};
  image.bytes.pop_back();
  EXPECT_EQ(write_png(image).error().kind, ErrorKind::InvalidArgument);
  EXPECT_FALSE(write_png(Image{0, 2, 1, 8}));
  EXPECT_FALSE(write_png(Image{2, 2, 2, 8}));
}

}  // namespace
}  // namespace pacs
