#include "encoding/rendering/png.h"

#include <png.h>

#include <array>
#include <bit>
#include <csetjmp>
#include <cstring>
#include <new>

namespace pacs {
namespace {

// Of zlib's levels the one where most is gained: 6 takes twice as long for some percent.
constexpr int kPngLevel = 3;

/// What libpng's calls back to us share. Nothing in it needs a destructor that longjmp could skip.
struct PngSink {
  Bytes* bytes;
  std::array<char, 120> message{};
};

void png_take(png_structp png, png_bytep data, std::size_t size) {
  auto& sink = *static_cast<PngSink*>(png_get_io_ptr(png));
  try {
    append(*sink.bytes, std::as_bytes(std::span{data, size}));
    return;
  } catch (const std::bad_alloc&) {  // must not pass through libpng's frames
  }
  png_error(png, "no memory for the image");
}

void png_flush_nothing(png_structp) {}
void png_warn_nothing(png_structp, png_const_charp) {}

[[noreturn]] void png_failed(png_structp png, png_const_charp message) {
  auto& sink = *static_cast<PngSink*>(png_get_error_ptr(png));
  std::strncpy(sink.message.data(), message, sink.message.size() - 1);
  png_longjmp(png, 1);
}

/// False after an error. Holds nothing that would have to be destroyed.
bool put_png(png_structp png, png_infop info, const Image& image, PngSink& sink) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng's only way
  png_set_write_fn(png, &sink, png_take, png_flush_nothing);
  png_set_IHDR(png, info, image.width, image.height, static_cast<int>(image.bits),
               image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, kPngLevel);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB | PNG_FILTER_UP);
  png_write_info(png, info);
  // PNG §7.1: the high byte of 16 bits first.
  if (image.bits == 16 && std::endian::native == std::endian::little) png_set_swap(png);
  const std::size_t row_bytes = std::size_t{image.width} * image.channels * (image.bits / 8);
  const auto* row = reinterpret_cast<png_const_bytep>(image.bytes.data());
  for (std::uint32_t i = 0; i < image.height; ++i) png_write_row(png, row + i * row_bytes);
  png_write_end(png, info);
  return true;
}

}  // namespace

Result<Bytes> write_png(const Image& image) {
  const bool is_known =
      (image.channels == 1 || image.channels == 3) && (image.bits == 8 || image.bits == 16);
  if (!is_known || image.pixels() == 0 ||
      image.bytes.size() != image.pixels() * image.channels * (image.bits / 8)) {
    return fail(ErrorKind::InvalidArgument, "the image's bytes are not those of its size");
  }
  Bytes bytes;
  PngSink sink{&bytes};
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, png_failed, png_warn_nothing);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  const bool written = info != nullptr && put_png(png, info, image, sink);
  png_destroy_write_struct(&png, &info);
  if (!written) {
    return fail(ErrorKind::OutOfResources,
                std::string{"the image cannot be written as PNG: "} + sink.message.data());
  }
  return bytes;
}

}  // namespace pacs
