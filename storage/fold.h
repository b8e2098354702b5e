// Folding: the form of text in which names are compared, without case and diacritics
// (PS3.4 §C.2.2.2.1: person names may be matched so).
#pragma once

#include <string>
#include <string_view>

namespace pacs::storage {

/// Upper case, compatibility forms unified, combining marks of Latin, Greek and Cyrillic letters
/// removed, sharp s as SS. `text` is UTF-8; what is not becomes U+FFFD. Stored rows hold the
/// result: a change of it needs a migration.
[[nodiscard]] std::string fold(std::string_view text);

}  // namespace pacs::storage
