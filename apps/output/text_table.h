// Rows of text for people and scripts: aligned columns, or CSV.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pacs::apps {

using TextRow = std::vector<std::string>;

/// Aligned by the widest cell. The first rows are kept until the widths are known; later rows are
/// printed at once, and a wider cell there shifts those to its right.
class TextTable {
 public:
  TextTable(TextRow titles, std::function<void(std::string_view line)> sink);
  void add(TextRow row);
  /// Prints what was kept. Call it at the end.
  void finish();

 private:
  void print(const TextRow& row);

  std::vector<TextRow> kept_;
  std::vector<std::size_t> columns_;  ///< widths, once known
  std::function<void(std::string_view)> sink_;
};

/// One line of RFC 4180, without its end.
[[nodiscard]] std::string csv_line(const TextRow& row);

/// How many columns UTF-8 text takes on a terminal: two for the wide letters of East Asia, none for
/// combining marks.
[[nodiscard]] std::size_t terminal_columns(std::string_view text);

}  // namespace pacs::apps
