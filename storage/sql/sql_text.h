// SqlText: SQL put together from pieces with their parameters, which are numbered when it is whole.
// What comes from outside is never part of the text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/bytes.h"
#include "storage/sql/sql.h"

namespace pacs::storage {

using SqlValue = std::variant<std::int64_t, std::string, Bytes>;

class SqlText {
 public:
  SqlText() = default;
  explicit SqlText(std::string_view text) : text_(text) {}

  SqlText& operator+=(std::string_view text) {
    text_ += text;
    return *this;
  }
  SqlText& operator+=(const SqlText& other) {
    text_ += other.text_;
    values_.insert(values_.end(), other.values_.begin(), other.values_.end());
    return *this;
  }
  /// A parameter with this value.
  SqlText& add(SqlValue value) {
    text_ += kPlace;
    values_.push_back(std::move(value));
    return *this;
  }
  /// A parameter that is bound later: all such stand behind those that have values.
  SqlText& add_open() {
    text_ += kPlace;
    return *this;
  }

  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] const std::vector<SqlValue>& values() const { return values_; }
  /// With $1, $2... where the parameters stand.
  [[nodiscard]] std::string numbered() const;

 private:
  static constexpr char kPlace = '\x01';  // no SQL has it
  std::string text_;
  std::vector<SqlValue> values_;
};

/// Text ready to be prepared, and the values of its first parameters.
struct SqlQuery {
  std::string text;
  std::vector<SqlValue> values;
  SqlQuery() = default;
  explicit SqlQuery(const SqlText& sql) : text(sql.numbered()), values(sql.values()) {}
};

/// Binds the query's own values, then `more`.
void bind_values(SqlStatement& statement, const SqlQuery& query, std::span<const SqlValue> more);

}  // namespace pacs::storage
