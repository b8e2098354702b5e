#include "storage/sql/sql_text.h"

namespace pacs::storage {

std::string SqlText::numbered() const {
  std::string sql;
  sql.reserve(text_.size() + 64);
  int number = 0;
  for (const char letter : text_) {
    if (letter == kPlace) {
      sql += '$';
      sql += std::to_string(++number);
    } else {
      sql += letter;
    }
  }
  return sql;
}

void bind_values(SqlStatement& statement, const SqlQuery& query, std::span<const SqlValue> more) {
  int place = 0;
  const auto bind_one = [&](const SqlValue& value) {
    ++place;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      statement.bind(place, *number);
    } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
      statement.bind_bytes(place, *bytes);
    } else {
      statement.bind(place, std::string_view(std::get<std::string>(value)));
    }
  };
  for (const SqlValue& value : query.values) bind_one(value);
  for (const SqlValue& value : more) bind_one(value);
}

}  // namespace pacs::storage
