#include "web/http/byte_range.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "web/http/field_value.h"

namespace pacs::web {
namespace {

constexpr std::size_t kByteRangesMax = 64;

/// Digits only; what passes 64 bits is as good as infinite.
std::optional<std::uint64_t> position(std::string_view digits) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return read.ec == std::errc{} ? value : std::numeric_limits<std::uint64_t>::max();
}

/// One of "0-499", "500-" and "-500". Its length is 0 when `size` bytes do not have it; nullopt
/// when it is no range.
std::optional<ByteRange> read_range(std::string_view text, std::uint64_t size) {
  const std::size_t dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const auto first = position(text.substr(0, dash));
  const auto last = position(text.substr(dash + 1));
  if (dash == 0) {  // so many at the end
    if (!last) return std::nullopt;
    const std::uint64_t length = std::min(*last, size);
    return ByteRange{size - length, length};
  }
  const bool open = dash + 1 == text.size();
  if (!first || (!open && (!last || *last < *first))) return std::nullopt;
  if (*first >= size) return ByteRange{};
  return ByteRange{*first, (open ? size : std::min(*last, size - 1) + 1) - *first};
}

/// nullopt: to be ignored. Empty: none of them can be satisfied.
std::optional<std::vector<ByteRange>> read_ranges(std::string_view field, std::uint64_t size) {
  FieldCursor cursor(field);
  if (!equal_without_case(cursor.word("="), "bytes") || !cursor.take('=')) return std::nullopt;
  std::vector<ByteRange> ranges;
  std::uint64_t total = 0;
  for (std::size_t count = 0; !cursor.at_end(); ++count) {
    if (cursor.take(',')) continue;
    const auto range = read_range(cursor.word(","), size);
    if (!range || count >= 2 * kByteRangesMax) return std::nullopt;
    if (!cursor.at_end() && !cursor.take(',')) return std::nullopt;
    if (range->length == 0) continue;
    total += range->length;
    if (total > size || ranges.size() == kByteRangesMax) return std::nullopt;
    ranges.push_back(*range);
  }
  return ranges;
}

}  // namespace

RangeRequest requested_ranges(const Fields& headers, std::uint64_t size) {
  const auto field = listed_field(headers, "Range");
  if (!field) return {};
  auto ranges = read_ranges(*field, size);
  if (!ranges) return {};
  if (ranges->empty()) return {.kind = RangeRequest::Kind::Unsatisfiable};
  return {.kind = RangeRequest::Kind::Parts, .ranges = *std::move(ranges)};
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.length - 1, size);
}

std::string unsatisfied_content_range(std::uint64_t size) {
  return fmt::format("bytes */{}", size);
}

}  // namespace pacs::web
