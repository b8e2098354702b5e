#include "tests/encoding/codecs/jpeg_writer.h"

#include <array>
#include <bit>

#include "tests/encoding/bytes_language.h"

namespace pacs::test {
namespace jpeg_writer {
namespace {

// Thirteen codes of 1 to 13 bits, and four of 16.
constexpr std::array<std::uint8_t, 17> kSymbols{0, 3,  2,  4,  1,  5,  6,  7, 8,
                                                9, 10, 11, 12, 13, 14, 15, 16};
struct Code {
  unsigned value, bits;
};
Code code_of(unsigned category) {
  for (unsigned k = 0; k < kSymbols.size(); ++k) {
    if (kSymbols[k] != category) continue;
    if (k < 13) return {.value = (1U << (k + 1)) - 2, .bits = k + 1};
    return {.value = 0xFFF8 + (k - 13), .bits = 16};
  }
  return {};
}

struct Bits {
  Bytes& to;
  std::uint64_t held = 0;
  unsigned count = 0;

  void put(unsigned value, unsigned bits) {
    held = held << bits | (value & ((std::uint64_t{1} << bits) - 1));
    for (count += bits; count >= 8; count -= 8) {
      to.push_back(static_cast<std::byte>(held >> (count - 8)));
      if (to.back() == std::byte{0xFF}) to.push_back(std::byte{0});
    }
  }
  void flush() {
    if (count != 0) put(0xFF, 8 - count);  // T.81 §F.1.2.3: padded with 1-bits
  }
};

void put_difference(Bits& bits, int difference) {
  const auto wrapped = static_cast<std::int16_t>(difference);  // modulo 2^16
  if (wrapped == -32768) return bits.put(code_of(16).value, code_of(16).bits);
  const auto size = static_cast<unsigned>(wrapped < 0 ? -wrapped : wrapped);
  const auto category = static_cast<unsigned>(std::bit_width(size));
  const Code code = code_of(category);
  bits.put(code.value, code.bits);
  if (category != 0) bits.put(static_cast<unsigned>(wrapped < 0 ? wrapped - 1 : wrapped), category);
}

int predict(unsigned predictor, int a, int b, int c) {
  switch (predictor) {
    case 1:
      return a;
    case 2:
      return b;
    case 3:
      return c;
    case 4:
      return a + b - c;
    case 5:
      return a + ((b - c) >> 1);
    case 6:
      return b + ((a - c) >> 1);
    case 7:
      return (a + b) >> 1;
    default:
      return 0;
  }
}

struct Scan {
  const LosslessJpeg& form;
  const std::vector<std::uint16_t>& samples;

  [[nodiscard]] int sample(std::size_t y, std::size_t x, std::size_t component) const {
    const std::size_t i = (y * form.columns + x) * form.components + component;
    return samples[i] >> form.point_transform;
  }
  [[nodiscard]] int prediction(std::size_t y, std::size_t x, std::size_t component) const {
    if (form.predictor == 0) return 0;
    const bool first_row = form.restart_rows == 0 ? y == 0 : y % form.restart_rows == 0;
    if (x == 0) {
      return first_row ? 1 << (form.precision - form.point_transform - 1)
                       : sample(y - 1, 0, component);
    }
    const int left = sample(y, x - 1, component);
    if (first_row) return left;
    return predict(form.predictor, left, sample(y - 1, x, component),
                   sample(y - 1, x - 1, component));
  }
  void write(std::size_t first, std::size_t end, Bytes& out) const {
    Bits bits{.to = out};
    for (std::size_t y = 0; y < form.rows; ++y) {
      if (form.restart_rows != 0 && y != 0 && y % form.restart_rows == 0) {
        bits.flush();
        bits.held = 0;
        if (form.filled) append(out, b("FFFF"));
        out.push_back(std::byte{0xFF});
        out.push_back(static_cast<std::byte>(0xD0 + (y / form.restart_rows - 1) % 8));
      }
      for (std::size_t x = 0; x < form.columns; ++x) {
        for (std::size_t c = first; c < end; ++c) {
          put_difference(bits, sample(y, x, c) - prediction(y, x, c));
        }
      }
    }
    bits.flush();
  }
};

void append_bytes(Bytes& out, std::initializer_list<std::size_t> bytes) {
  for (const std::size_t byte : bytes) out.push_back(static_cast<std::byte>(byte));
}

}  // namespace
}  // namespace jpeg_writer

Bytes LosslessJpeg::write(const std::vector<std::uint16_t>& samples) const {
  using jpeg_writer::append_bytes;
  Bytes out = b("FFD8 FFC3 00");
  append_bytes(out, {8 + 3 * components, precision});
  append(out, rows, ByteOrder::Big);
  append(out, columns, ByteOrder::Big);
  append_bytes(out, {components});
  for (std::size_t c = 0; c < components; ++c) append_bytes(out, {c + 1, 0x11, 0});
  append(out, b("FFC4 0024 00  01*13 0000 04"));
  for (const std::uint8_t symbol : jpeg_writer::kSymbols) append_bytes(out, {symbol});
  if (restart_rows != 0) {
    append(out, b("FFDD 0004"));
    append(out, static_cast<std::uint16_t>(restart_rows * columns), ByteOrder::Big);
  }
  const std::size_t step = interleaved ? components : 1;
  for (std::size_t first = 0; first < components; first += step) {
    if (filled) append(out, b("FFFF"));
    append(out, b("FFDA 00"));
    append_bytes(out, {6 + 2 * step, step});
    for (std::size_t c = first; c < first + step; ++c) append_bytes(out, {c + 1, 0});
    append_bytes(out, {predictor, 0, point_transform});
    jpeg_writer::Scan{.form = *this, .samples = samples}.write(first, first + step, out);
  }
  if (filled) append(out, b("FFFF"));
  append(out, b("FFD9"));
  return out;
}

}  // namespace pacs::test
