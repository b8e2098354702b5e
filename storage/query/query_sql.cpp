#include "storage/query/query_sql.h"

#include <algorithm>
#include <utility>

#include "core/date_time.h"
#include "storage/index/fold.h"
#include "storage/query/query_match.h"

namespace pacs::storage {
namespace {

using Kind = KeyColumn::Kind;

/// Values that become conditions; a longer list is compared in memory. PostgreSQL takes 65,535
/// parameters, SQLite 32,766; statements of many shapes would not be prepared again.
constexpr std::size_t kAlternativesMax = 16;
/// SQLite compares patterns of 50,000 bytes at most (SQLITE_MAX_LIKE_PATTERN_LENGTH); one as long
/// narrows nothing that its beginning does not.
constexpr std::size_t kLikePatternBytesMax = 8192;

/// In a condition beside the one that an index serves: no planner may take another index for it,
/// which would give another order. Costs a copy of the value.
std::string filtered(const std::string& expression) {
  return "(" + expression + " || '')";
}

SqlText like(const std::string& expression, std::string pattern) {
  SqlText sql(expression + " LIKE ");
  sql.add(std::move(pattern));
  sql += " ESCAPE '\\'";
  return sql;
}

SqlText any_of(std::vector<SqlText> alternatives) {
  SqlText sql("(");
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    if (i != 0) sql += " OR ";
    sql += alternatives[i];
  }
  sql += ")";
  return sql;
}

SqlText one_of(std::string_view expression, const std::vector<std::string>& values) {
  SqlText sql(expression);
  sql += " IN (";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) sql += ", ";
    sql.add(values[i]);
  }
  sql += ")";
  return sql;
}

/// One value of a column that may hold several.
SqlText holds(const std::string& expression, std::string_view pattern) {
  return like(expression, "%" + like_pattern(pattern) + "%");
}

/// "?" in a name may stand for a kana and its voicing mark (name_match.h), which are two here.
std::string name_like(std::string_view pattern) {
  std::string one_or_two(pattern);
  for (std::size_t at = 0; (at = one_or_two.find('?', at)) != std::string::npos; at += 2) {
    one_or_two.insert(at + 1, "*");
  }
  return like_pattern(one_or_two);
}

std::optional<SqlText> name_condition(const KeyColumn& column, std::string_view value) {
  const NamePattern pattern = name_pattern(value);
  std::vector<SqlText> alternatives;
  const std::string& name = column.folded;
  if (pattern.groups.size() == 1) {
    // Any group of any name; "A=B\\C" are two names.
    const std::string& group = pattern.groups.front();
    if (group.empty()) return std::nullopt;
    const std::string letters = name_like(group);
    if (group.starts_with('*')) return like(name, "%" + letters + "%");
    const std::string tail = pattern.exact ? "" : "%";
    if (pattern.exact) {
      SqlText same(filtered(name) + " = ");
      same.add(group);
      alternatives.push_back(std::move(same));
      alternatives.push_back(like(name, letters + "=%"));
      alternatives.push_back(like(name, letters + "\\\\%"));
    } else {
      alternatives.push_back(like(name, letters + "%"));
    }
    for (const std::string_view before : {"=", "\\\\"}) {
      alternatives.push_back(like(name, "%" + std::string(before) + letters + "%"));
    }
    return any_of(std::move(alternatives));
  }
  SqlText sql("(");
  for (const std::string& group : pattern.groups) {
    if (group.empty()) continue;
    if (!sql.values().empty()) sql += " AND ";
    sql += like(name, "%" + name_like(group) + "%");
  }
  if (sql.values().empty()) return std::nullopt;
  sql += ")";
  return sql;
}

/// The hours of a TM key: a stored time without minutes counts as the first moment of its hour.
std::optional<SqlText> time_condition(const QueryKey& key, const KeyColumn& column,
                                      const Query& query) {
  if (query.offset_minutes && query.rules.timezone_adjustment) return std::nullopt;
  if (combined_with(key, query.keys, query.rules) != nullptr) return std::nullopt;
  if (key.values.size() != 1) return std::nullopt;
  const auto range = parse_time_range(key.values.front());
  if (!range) return std::nullopt;
  SqlText sql("(");
  if (range->first) {
    sql += column.expression + " >= ";
    sql.add(range->first->to_string().substr(0, 2));
  }
  if (range->last) {
    if (range->first) sql += " AND ";
    sql += column.expression + " <= ";
    sql.add(range->last->to_string().substr(0, 2) + "~");  // behind every digit
  }
  if (sql.values().empty()) return std::nullopt;
  sql += ")";
  return sql;
}

std::optional<SqlText> text_condition(const QueryKey& key, const KeyColumn& column) {
  std::vector<SqlText> alternatives;
  for (const std::string& value : key.values) {
    if (value.size() > kLikePatternBytesMax / 2) return std::nullopt;
    const bool wildcard = key.matching == Matching::Wildcard && has_wildcard(value);
    if (column.kind == Kind::List) {
      // A backslash in it is doubled by the pattern and found as it is.
      alternatives.push_back(wildcard ? holds(column.expression, value)
                                      : like(column.expression, "%" + like_pattern(value) + "%"));
    } else if (wildcard) {
      alternatives.push_back(like(column.expression, like_pattern(value)));
    } else {
      SqlText same(filtered(column.expression) + " = ");
      same.add(value);
      alternatives.push_back(std::move(same));
    }
  }
  return any_of(std::move(alternatives));
}

}  // namespace

std::optional<SqlText> condition(const QueryKey& key, const KeyColumn& column, const Query& query) {
  switch (key.matching) {
    case Matching::Universal:
    case Matching::Sequence:
      return std::nullopt;
    case Matching::Empty:
      if (column.kind == Kind::Count || column.kind == Kind::Term) return std::nullopt;
      return SqlText(filtered(column.expression) + " = ''");
    case Matching::Single:
    case Matching::Wildcard:
    case Matching::Range:
      break;
  }
  if (key.values.empty() || key.values.size() > kAlternativesMax || is_universal(key)) {
    return std::nullopt;
  }
  switch (column.kind) {
    case Kind::Unique:
      return one_of(filtered(column.expression), key.values);
    case Kind::Term: {
      SqlText sql(column.expression + " IN (SELECT term.id FROM term WHERE ");
      sql += one_of("term.text", key.values);
      sql += ")";
      return sql;
    }
    case Kind::Date: {
      const auto days = days_of(key, query);
      return days ? std::optional(within(column.expression, *days)) : std::nullopt;
    }
    case Kind::Time:
      return time_condition(key, column, query);
    case Kind::Name: {
      if (query.rules.fuzzy_names) return std::nullopt;
      std::vector<SqlText> alternatives;
      for (const std::string& value : key.values) {
        if (value.size() > kLikePatternBytesMax / 8) return std::nullopt;
        auto one = name_condition(column, value);
        if (!one) return std::nullopt;
        alternatives.push_back(std::move(*one));
      }
      return any_of(std::move(alternatives));
    }
    case Kind::Text:
    case Kind::List:
      return text_condition(key, column);
    case Kind::Number:
    case Kind::Count:
      break;
  }
  return std::nullopt;
}

std::vector<SqlText> sequence_conditions(const QueryKey& key) {
  std::vector<SqlText> conditions;
  for (const QueryKey& inner : key.items) {
    const KeyColumn* column = find_key_column(key.tag, inner.tag);
    if (column == nullptr || inner.values.empty() || inner.values.size() > kAlternativesMax) {
      continue;
    }
    if (auto narrowed = text_condition(inner, *column)) conditions.push_back(std::move(*narrowed));
  }
  return conditions;
}

SqlText within(const std::string& expression, const TextRange& range) {
  SqlText sql("(" + filtered(expression) + " >= ");
  sql.add(range.first);
  if (range.last) {
    sql += " AND " + filtered(expression) + " < ";
    sql.add(*range.last);
  }
  return sql += ")";
}

TextRange begins_with(std::string prefix) {
  // U+10FFFF is not a letter and sorts behind all.
  std::string last = prefix + "\xF4\x8F\xBF\xBF";
  return {std::move(prefix), std::move(last)};
}

std::optional<TextRange> days_of(const QueryKey& key, const Query& query) {
  if (key.values.size() != 1) return std::nullopt;
  const auto range = parse_date_range(key.values.front());
  if (!range) return std::nullopt;
  // Between zones lie 26 hours at most.
  const bool other_zone = query.offset_minutes && query.rules.timezone_adjustment;
  const std::int32_t wider = other_zone ? 2 : 0;
  constexpr std::int32_t kFirstDay = -719'528, kLastDay = 2'932'896;  // of the years 0 and 9999
  TextRange days;
  if (range->first) {
    days.first = Date::from_days(std::max(kFirstDay, range->first->days() - wider)).to_string();
  } else {
    days.first = "0";  // not the empty ones
  }
  if (range->last) {
    days.last = Date::from_days(std::min(kLastDay, range->last->days() + wider)).to_string() + "~";
  }
  return days;
}

NamePattern name_pattern(std::string_view key_value) {
  NamePattern pattern;
  std::string folded = fold_name(key_value);
  for (std::size_t start = 0; start <= folded.size();) {
    const std::size_t end = std::min(folded.find('=', start), folded.size());
    std::string group = folded.substr(start, end - start);
    // "DOE^*" also finds DOE: a last component of "*" may be absent.
    if (group.ends_with('*')) {
      while (group.ends_with('*') || group.ends_with('^')) group.pop_back();
      group += '*';
    }
    pattern.groups.push_back(std::move(group));
    start = end + 1;
  }
  pattern.exact = pattern.groups.size() == 1 && !has_wildcard(pattern.groups.front());
  return pattern;
}

std::string_view literal_prefix(std::string_view pattern) {
  return pattern.substr(0, pattern.find_first_of("*?"));
}

std::string like_pattern(std::string_view pattern) {
  std::string like;
  like.reserve(pattern.size() + 8);
  for (const char letter : pattern) {
    switch (letter) {
      case '*':
        if (!like.ends_with('%') || like.ends_with("\\%")) like += '%';
        break;
      case '?':
        like += '_';
        break;
      case '%':
      case '_':
      case '\\':
        like += '\\';
        [[fallthrough]];
      default:
        like += letter;
    }
  }
  return like;
}

std::vector<std::string> trigrams(std::string_view pattern, std::size_t most) {
  std::vector<std::string> found;
  std::vector<std::size_t> letters;  // where those of this run begin
  for (std::size_t at = 0; at < pattern.size() && found.size() < most; ++at) {
    const char letter = pattern[at];
    if (letter == '*' || letter == '?') {
      letters.clear();
      continue;
    }
    if ((static_cast<unsigned char>(letter) & 0xC0) != 0x80) letters.push_back(at);
    const bool ends =
        at + 1 == pattern.size() || (static_cast<unsigned char>(pattern[at + 1]) & 0xC0) != 0x80;
    if (letters.size() < 3 || !ends) continue;
    const std::size_t start = letters[letters.size() - 3];
    std::string run(pattern.substr(start, at + 1 - start));
    if (std::ranges::find(found, run) == found.end()) found.push_back(std::move(run));
  }
  return found;
}

}  // namespace pacs::storage
