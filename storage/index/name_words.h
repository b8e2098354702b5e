// The words of person names, which fuzzy matching compares (storage/query/name_match.h), and the
// tables that say which patients have them: name_word holds each word once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sql/sql.h"

namespace pacs::storage {

/// The words of a component group of a folded name: separated by spaces, commas, full stops,
/// hyphens and ^, or, `joined`, by ^ alone with the rest taken out. Hiragana as katakana, without
/// prolonged sound marks. At most `most`.
[[nodiscard]] std::vector<std::string> words_of_group(std::string_view group, bool joined,
                                                      std::size_t most);

/// The words of names in both ways, each once.
[[nodiscard]] std::vector<std::string> words_of_names(std::string_view folded_names);

/// Says in the tables that a patient has the words of these names; those it had it keeps.
class NameWords {
 public:
  [[nodiscard]] static Result<NameWords> prepare(SqlDatabase& database);
  [[nodiscard]] Result<> keep(std::int64_t patient, std::string_view folded_names) const;

 private:
  NameWords() = default;
  std::unique_ptr<SqlStatement> add_word_, add_patient_;
};

}  // namespace pacs::storage
