#include "tests/encoding/bytes_language.h"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

namespace pacs::test {
namespace {

template <typename Number>
Number number(std::string_view text, int base) {
  Number value{};
  if (std::from_chars(text.data(), text.data() + text.size(), value, base).ec != std::errc{}) {
    throw std::invalid_argument("bytes in a test: " + std::string{text});
  }
  return value;
}

}  // namespace

Bytes b(std::string_view text) {
  Bytes bytes;
  while (!text.empty()) {
    if (text.front() == ' ') {
      text.remove_prefix(1);
    } else if (text.front() == '\'') {
      const auto end = text.find('\'', 1);
      append(bytes, as_bytes(text.substr(1, end - 1)));
      text.remove_prefix(end + 1);
    } else if (text.front() == '*') {
      const auto end = std::min(text.find(' '), text.size());
      const auto times = number<std::size_t>(text.substr(1, end - 1), 10);
      bytes.insert(bytes.end(), times - 1, std::byte{bytes.back()});
      text.remove_prefix(end);
    } else {
      bytes.push_back(static_cast<std::byte>(number<unsigned>(text.substr(0, 2), 16)));
      text.remove_prefix(2);
    }
  }
  return bytes;
}

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02X}", std::to_integer<unsigned>(byte));
  return text;
}

}  // namespace pacs::test
