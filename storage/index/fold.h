// Folding: the form of text in which names are compared, without case and diacritics
// (PS3.4 §C.2.2.2.1.1: person names may be matched so).
#pragma once

#include <string>
#include <string_view>

namespace pacs::storage {

/// Upper case, compatibility forms (width, ligatures) unified; without the combining marks of
/// Latin, Greek and Cyrillic letters, Hebrew points and Arabic vowel signs; letters with strokes
/// and ligatures as their base letters (Ł as L, Æ as AE), sharp s as SS; the voicing marks of kana
/// as characters of their own, as half-width kana have them (ﾀﾞ). `text` is UTF-8; what is not
/// becomes U+FFFD. Stored rows hold the result: a change of it needs a migration.
[[nodiscard]] std::string fold(std::string_view text);

/// Whether folded text has a voicing mark.
[[nodiscard]] bool has_voicing_mark(std::string_view folded);
/// Folded text with kana and voicing mark as one character, as full-width kana have them (ダ).
[[nodiscard]] std::string with_voiced_kana(std::string_view folded);

/// One or more names (values of PN): each component folded and without outer spaces, empty
/// components and groups at the end left out. ^, = and backslash separate as they did: letters that
/// fold to them become spaces.
[[nodiscard]] std::string fold_name(std::string_view names);

}  // namespace pacs::storage
