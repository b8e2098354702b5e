#include "encoding/codecs/jpeg_huffman.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace pacs::codecs {

namespace {

/// The number is what the bits of code and number together are, less those of the code, and less
/// 2^category - 1 where its first bit is 0. T.81 Table H.2: category 16, of lossless JPEG, has one
/// number and no bits.
HuffmanTable::Entry make_entry(std::uint32_t code, unsigned code_bits, std::uint8_t symbol,
                               bool first_bit) {
  const unsigned category = symbol & 0x0FU;
  std::uint32_t addend = 0U - (code << category);
  if (category != 0 && !first_bit) addend -= (1U << category) - 1;
  if (symbol == HuffmanTable::kLosslessCategoryMax) addend += 32768;
  return {.bits = static_cast<std::uint8_t>(code_bits + category),
          .symbol = symbol,
          .addend = static_cast<std::uint16_t>(addend)};
}

}  // namespace

Result<HuffmanTable> HuffmanTable::create(const HuffmanSpec& spec, std::uint8_t symbol_max) {
  if (spec.symbol_count == 0) {
    return fail(ErrorKind::Malformed, "a JPEG scan uses a Huffman table that is not defined");
  }
  const auto symbols = std::span{spec.symbols}.first(spec.symbol_count);
  if (const std::uint8_t symbol = std::ranges::max(symbols); symbol > symbol_max) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("a JPEG Huffman table has the category {}, over {}", symbol, symbol_max));
  }
  HuffmanTable table;
  table.symbols_ = spec.symbols;
  // T.81 Figures C.1 and C.2: codes of one length follow each other, those of the next length
  // begin at twice what follows the last.
  std::uint32_t code = 0;
  std::size_t k = 0;
  for (unsigned length = 1; length <= 16; ++length) {
    table.offset_[length] = static_cast<std::int32_t>(k) - static_cast<std::int32_t>(code);
    for (unsigned i = 0; i < spec.codes_of_length[length]; ++i, ++k, ++code) {
      if (code >> length != 0) {
        return fail(ErrorKind::Malformed, "a JPEG Huffman table has more codes than fit");
      }
      if (spec.symbols[k] == 0) table.set_zeros(code, length);
      if (length >= kLookupBits) continue;
      const std::size_t half = std::size_t{1} << (kLookupBits - length - 1);
      const auto first = table.entries_.begin() + (2 * half * code);
      std::fill_n(first, half, make_entry(code, length, spec.symbols[k], false));
      std::fill_n(first + half, half, make_entry(code, length, spec.symbols[k], true));
    }
    table.limit_[length] = code << (16 - length);
    code <<= 1;
  }
  return table;
}

void HuffmanTable::set_zeros(std::uint32_t code, unsigned code_bits) {
  constexpr unsigned kPatternBits = 16;  // long enough to pay, short enough to be found often
  constexpr unsigned kSymbolsMin = 4;
  const unsigned symbols = kPatternBits / code_bits;
  if (symbols < kSymbolsMin) return;
  zeros_ = {.pattern = 0,
            .shift = 64 - symbols * code_bits,
            .bits = symbols * code_bits,
            .symbols = symbols};
  for (unsigned i = 0; i < symbols; ++i) zeros_.pattern = zeros_.pattern << code_bits | code;
}

HuffmanTable::Entry HuffmanTable::find_long(std::uint64_t bits) const {
  const auto front = static_cast<std::uint32_t>(bits >> 48);
  for (unsigned length = 1; length <= 16; ++length) {
    if (front >= limit_[length]) continue;
    const std::uint32_t code = front >> (16 - length);
    const auto place = static_cast<std::size_t>(static_cast<std::int32_t>(code) + offset_[length]);
    return make_entry(code, length, symbols_[place], (bits >> (63 - length) & 1) != 0);
  }
  return {.bits = kNoCode};
}

namespace {
constexpr std::size_t kUnstuffedBytes = 32 * 1024;  // at a time, beside what one step needs
constexpr std::size_t kReadAhead = 16;              // BitCursor reads past what it uses
}  // namespace

EntropyReader::EntropyReader(ByteView coded, std::size_t step_bytes_max)
    : input_(coded),
      step_bytes_max_(step_bytes_max + kReadAhead),
      buffer_(2 * step_bytes_max_ + kUnstuffedBytes) {
  cursor.at = buffer_.data();
}

void EntropyReader::prepare() {
  const std::size_t loaded = cursor.at - buffer_.data();
  if (loaded + step_bytes_max_ > readable_) fill();
}

void EntropyReader::fill() {
  const std::size_t loaded = cursor.at - buffer_.data();
  const std::size_t left = end_ - std::min(loaded, end_);
  if (left > 0) std::memmove(buffer_.data(), buffer_.data() + loaded, left);
  cursor.at = buffer_.data() + (loaded - (end_ - left));  // past the end it stays past it
  cursor.bits &= ~(~std::uint64_t{0} >> cursor.count);    // what does not count is read again
  end_ = left;
  while (!ended_ && end_ < buffer_.size()) unstuff();
  readable_ = end_;
  if (!ended_) return;
  readable_ = std::min(end_ + step_bytes_max_ + kReadAhead, buffer_.size());
  std::fill(buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
            buffer_.begin() + static_cast<std::ptrdiff_t>(readable_), std::byte{0});
}

/// T.81 §F.1.2.3: behind a byte FFH of the data a zero byte is stuffed.
void EntropyReader::unstuff() {
  const std::size_t room = std::min(buffer_.size() - end_, input_.size());
  const void* const stop = room > 0 ? std::memchr(input_.data(), 0xFF, room) : nullptr;
  const std::size_t plain =
      stop != nullptr ? static_cast<const std::byte*>(stop) - input_.data() : room;
  if (plain > 0) std::memcpy(buffer_.data() + end_, input_.data(), plain);
  end_ += plain;
  input_ = input_.subspan(plain);
  if (stop == nullptr) {
    ended_ = input_.empty();
  } else if (input_.size() < 2 || input_[1] != std::byte{0}) {
    ended_ = true;
  } else {
    buffer_[end_++] = std::byte{0xFF};
    input_ = input_.subspan(2);
  }
}

Result<> EntropyReader::check() const {
  const std::size_t loaded = cursor.at - buffer_.data();
  if (loaded > end_ && (loaded - end_) * 8 > cursor.count) {
    return fail(ErrorKind::Truncated, "the JPEG codestream ends before all samples are there");
  }
  if (cursor.broken) {
    return fail(ErrorKind::Malformed, "the JPEG codestream has a Huffman code that no table has");
  }
  return {};
}

void EntropyReader::skip_to_marker() {
  const std::size_t used = (cursor.at - buffer_.data()) - cursor.count / 8;
  if (used < end_) passed_padding_ = true;
  while (!ended_) {
    const auto stop = std::ranges::find(input_, std::byte{0xFF});
    if (stop != input_.begin()) passed_padding_ = true;
    input_ = input_.subspan(stop - input_.begin());
    ended_ = input_.size() < 2 || input_[1] != std::byte{0};
    if (ended_) break;
    input_ = input_.subspan(2);
    passed_padding_ = true;
  }
}

Result<> EntropyReader::restart(std::uint32_t number) {
  skip_to_marker();
  while (input_.size() > 2 && input_[1] == std::byte{0xFF}) input_ = input_.subspan(1);  // fill
  if (input_.size() < 2) {
    return fail(ErrorKind::Truncated, "the JPEG codestream ends at a restart interval");
  }
  if (input_[1] != static_cast<std::byte>(0xD0 + number % 8)) {
    return fail(ErrorKind::Malformed,
                fmt::format("the JPEG marker FF{:02X}H stands where restart marker {} should",
                            std::to_integer<unsigned>(input_[1]), number % 8));
  }
  input_ = input_.subspan(2);
  end_ = 0;
  readable_ = 0;
  ended_ = false;
  cursor = {.at = buffer_.data()};
  return {};
}

ByteView EntropyReader::finish() {
  skip_to_marker();
  return input_;
}

}  // namespace pacs::codecs
