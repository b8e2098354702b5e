#include "encoding/model/base64.h"

#include <array>

namespace pacs {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 0xFF;

constexpr auto kDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  for (auto& digit : digits) digit = kNoDigit;
  std::uint8_t value = 0;
  for (const char letter : kAlphabet) digits[static_cast<unsigned char>(letter)] = value++;
  return digits;
}();

}  // namespace

void append_base64(std::string& to, ByteView bytes) {
  const std::size_t start = to.size();
  to.resize(start + (bytes.size() + 2) / 3 * 4);
  char* out = to.data() + start;
  std::size_t at = 0;
  const auto byte = [&](std::size_t index) { return std::to_integer<std::uint32_t>(bytes[index]); };
  for (; at + 3 <= bytes.size(); at += 3) {
    const std::uint32_t three = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
    *out++ = kAlphabet[three >> 18];
    *out++ = kAlphabet[three >> 12 & 63];
    *out++ = kAlphabet[three >> 6 & 63];
    *out++ = kAlphabet[three & 63];
  }
  if (at == bytes.size()) return;
  const bool two = at + 2 == bytes.size();
  const std::uint32_t rest = byte(at) << 16 | (two ? byte(at + 1) << 8 : 0);
  *out++ = kAlphabet[rest >> 18];
  *out++ = kAlphabet[rest >> 12 & 63];
  *out++ = two ? kAlphabet[rest >> 6 & 63] : '=';
  *out++ = '=';
}

std::optional<Bytes> parse_base64(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char letter : text) {
    const std::uint8_t digit = kDigits[static_cast<unsigned char>(letter)];
    if (digit == kNoDigit) return std::nullopt;
    bits = bits << 6 | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::byte>(bits >> count));
    }
  }
  return bytes;
}

}  // namespace pacs
