#include "storage/index/fold.h"

#include <unicode/bytestream.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>

#include "core/text.h"

namespace pacs::storage {
namespace {

/// Marks that carry no difference when people search. Others do: kana voicing (U+3099), Hangul
/// parts, the vowel signs of Thai and Indic scripts.
bool is_diacritic(UChar32 letter) {
  return (letter >= 0x0300 && letter <= 0x036F) ||  // Latin, Greek, Cyrillic
         (letter >= 0x0591 && letter <= 0x05C7 && letter != 0x05BE && letter != 0x05C0 &&
          letter != 0x05C3 && letter != 0x05C6) ||  // Hebrew points and cantillation
         (letter >= 0x064B && letter <= 0x065F) ||
         letter == 0x0670 || letter == 0x0640;  // Arabic
}

/// Hiragana and katakana.
bool is_kana(UChar32 letter) {
  return letter >= 0x3041 && letter <= 0x30FF;
}

/// Letters of names that Unicode does not decompose, in upper case. Of a small sharp s upper case
/// makes SS, of the capital one nothing: case folding has SS for both.
struct Base {
  UChar32 letter;
  const char* base;
};
constexpr std::array kBases{
    Base{0x00C6, "AE"}, Base{0x00D0, "D"}, Base{0x00D8, "O"},  Base{0x00DE, "TH"},
    Base{0x0110, "D"},  Base{0x0126, "H"}, Base{0x0141, "L"},  Base{0x014A, "N"},
    Base{0x0152, "OE"}, Base{0x0166, "T"}, Base{0x1E9E, "SS"},
};

/// A kana as itself and its voicing mark.
void append_unvoiced(icu::UnicodeString& to, UChar32 letter) {
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* canonical = icu::Normalizer2::getNFDInstance(code);
  icu::UnicodeString parts;
  if (U_SUCCESS(code) && is_kana(letter) && canonical->getDecomposition(letter, parts)) {
    to.append(parts);
  } else {
    to.append(letter);
  }
}

std::string utf8_of(const icu::UnicodeString& text) {
  std::string utf8;
  icu::StringByteSink<std::string> sink(&utf8);
  text.toUTF8(sink);
  return utf8;
}

icu::UnicodeString icu_text_of(std::string_view utf8) {
  return icu::UnicodeString::fromUTF8({utf8.data(), static_cast<std::int32_t>(utf8.size())});
}

void append_base(icu::UnicodeString& to, UChar32 letter) {
  const auto* const row = std::ranges::find(kBases, letter, &Base::letter);
  if (row == kBases.end()) {
    to.append(letter);
  } else {
    to.append(icu::UnicodeString::fromUTF8(row->base));
  }
}

template <typename Wanted>
icu::UnicodeString only(const icu::UnicodeString& text, Wanted append) {
  icu::UnicodeString result;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    append(result, text.char32At(i));
  }
  return result;
}

char upper(char ascii) {
  return ascii >= 'a' && ascii <= 'z' ? static_cast<char>(ascii - 'a' + 'A') : ascii;
}

void append_component(std::string& to, std::string_view component) {
  if (is_ascii(component)) {
    for (const char letter : trimmed(component)) to += upper(letter);
    return;
  }
  // A letter beyond ASCII may fold to a delimiter (U+FF3E is a wide ^) or to a space.
  std::string folded = fold(component);
  std::ranges::replace_if(
      folded, [](char c) { return c == '^' || c == '=' || c == '\\'; }, ' ');
  to += trimmed(folded);
}

void drop_trailing(std::string& text, std::size_t start, char separator) {
  while (text.size() > start && text.back() == separator) text.pop_back();
}

}  // namespace

std::string fold(std::string_view text) {
  std::string result(text);
  if (is_ascii(text)) {
    std::ranges::transform(result, result.begin(), upper);
    return result;
  }
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* decompose = icu::Normalizer2::getNFKDInstance(code);
  const icu::Normalizer2* compose = icu::Normalizer2::getNFCInstance(code);
  if (U_FAILURE(code)) return result;  // ICU's built-in data are part of its library
  const icu::UnicodeString decomposed = decompose->normalize(icu_text_of(text), code);
  icu::UnicodeString bare = only(decomposed, [](icu::UnicodeString& to, UChar32 letter) {
    if (!is_diacritic(letter)) to.append(letter);
  });
  bare.toUpper(icu::Locale::getRoot());
  bare = compose->normalize(only(bare, append_base), code);
  return utf8_of(only(bare, append_unvoiced));
}

bool has_voicing_mark(std::string_view folded) {
  return folded.find("\u3099") != folded.npos || folded.find("\u309A") != folded.npos;
}

std::string with_voiced_kana(std::string_view folded) {
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* compose = icu::Normalizer2::getNFCInstance(code);
  if (U_FAILURE(code)) return std::string(folded);
  return utf8_of(compose->normalize(icu_text_of(folded), code));
}

std::string fold_name(std::string_view names) {
  std::string result;
  result.reserve(names.size());
  std::size_t value_start = 0;  // in the result
  std::size_t group_start = 0;
  for (std::size_t start = 0; start <= names.size();) {
    const std::size_t end = std::min(names.find_first_of("^=\\", start), names.size());
    append_component(result, names.substr(start, end - start));
    const char separator = end < names.size() ? names[end] : '\\';
    if (separator != '^') drop_trailing(result, group_start, '^');
    if (separator == '\\') drop_trailing(result, value_start, '=');
    if (end < names.size()) result += separator;
    if (separator != '^') group_start = result.size();
    if (separator == '\\') value_start = result.size();
    start = end + 1;
  }
  return result;
}

}  // namespace pacs::storage
