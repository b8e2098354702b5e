#include "apps/output/text_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"

namespace pacs::apps {

namespace {

constexpr std::size_t kKeptRows = 200;  // rows kept before the widths are fixed
constexpr std::string_view kBetween = "  ";

/// The next code point; broken bytes count as one each.
char32_t take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  std::size_t length = 1;
  char32_t point = first;
  if (first >= 0xF0) {
    length = 4;
    point = first & 0x07;
  } else if (first >= 0xE0) {
    length = 3;
    point = first & 0x0F;
  } else if (first >= 0xC0) {
    length = 2;
    point = first & 0x1F;
  }
  if (length > text.size()) length = 1;
  for (std::size_t i = 1; i < length; ++i) {
    point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  text.remove_prefix(length);
  return point;
}

struct Range {
  char32_t first, last;
};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t point) {
  return std::ranges::any_of(
      ranges, [point](Range range) { return point >= range.first && point <= range.last; });
}

// Unicode's East_Asian_Width W and F, only the blocks that names are written in.
constexpr std::array kWide{Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},  Range{0x3041, 0x33FF},
                           Range{0x3400, 0x4DBF},   Range{0x4E00, 0x9FFF},  Range{0xA000, 0xA4CF},
                           Range{0xA960, 0xA97C},   Range{0xAC00, 0xD7A3},  Range{0xF900, 0xFAFF},
                           Range{0xFE30, 0xFE6F},   Range{0xFF01, 0xFF60},  Range{0xFFE0, 0xFFE6},
                           Range{0x1F300, 0x1FAFF}, Range{0x20000, 0x3FFFD}};
constexpr std::array kCombining{Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD},
                                Range{0x064B, 0x065F}, Range{0x0E31, 0x0E31}, Range{0x0E34, 0x0E3A},
                                Range{0x0E47, 0x0E4E}, Range{0x200B, 0x200F}, Range{0x20D0, 0x20FF},
                                Range{0x3099, 0x309A}};

}  // namespace

std::size_t terminal_columns(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const char32_t point = take_code_point(text);
    if (is_in(kCombining, point)) continue;
    columns += is_in(kWide, point) ? 2 : 1;
  }
  return columns;
}

std::string csv_line(const TextRow& row) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i != 0) line += ',';
    const std::string& cell = row[i];
    if (cell.find_first_of(",\"\r\n") == cell.npos) {
      line += cell;
      continue;
    }
    line += '"';
    for (const char c : cell) {
      if (c == '"') line += '"';
      line += c;
    }
    line += '"';
  }
  return line;
}

TextTable::TextTable(TextRow titles, std::function<void(std::string_view)> sink)
    : sink_(std::move(sink)) {
  kept_.push_back(std::move(titles));
}

void TextTable::add(TextRow row) {
  for (std::string& cell : row) cell = printable(cell);
  if (!columns_.empty()) return print(row);
  kept_.push_back(std::move(row));
  if (kept_.size() > kKeptRows) finish();
}

void TextTable::finish() {
  if (kept_.size() <= 1 && columns_.empty()) return;  // no titles without rows
  for (const TextRow& row : kept_) {
    columns_.resize(std::max(columns_.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      columns_[i] = std::max(columns_[i], terminal_columns(row[i]));
    }
  }
  for (const TextRow& row : std::exchange(kept_, {})) print(row);
}

void TextTable::print(const TextRow& row) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    if (i + 1 == row.size()) break;
    const std::size_t width = terminal_columns(row[i]);
    line.append(columns_[i] - std::min(width, columns_[i]), ' ');
    line += kBetween;
  }
  line.resize(line.find_last_not_of(' ') + 1);
  sink_(line);
}

}  // namespace pacs::apps
