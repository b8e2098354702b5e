#include "storage/fold.h"

#include <algorithm>

#include <unicode/bytestream.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace pacs::storage {
namespace {

/// Marks that carry no difference when people search. Others do: kana voicing (U+3099), Hangul
/// parts.
bool is_diacritic(UChar32 letter) {
  return letter >= 0x0300 && letter <= 0x036F;
}

}  // namespace

std::string fold(std::string_view text) {
  std::string result(text);
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    for (char& letter : result) {
      if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    }
    return result;
  }
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* decompose = icu::Normalizer2::getNFKDInstance(code);
  const icu::Normalizer2* compose = icu::Normalizer2::getNFCInstance(code);
  if (U_FAILURE(code)) return result;  // ICU's built-in data are part of its library
  icu::UnicodeString decomposed = decompose->normalize(
      icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}), code);
  icu::UnicodeString bare;
  for (std::int32_t i = 0; i < decomposed.length(); i = decomposed.moveIndex32(i, 1)) {
    const UChar32 letter = decomposed.char32At(i);
    if (!is_diacritic(letter)) bare.append(letter);
  }
  bare.toUpper(icu::Locale::getRoot());
  bare = compose->normalize(bare, code);
  result.clear();
  icu::StringByteSink<std::string> sink(&result);
  bare.toUTF8(sink);
  return result;
}

}  // namespace pacs::storage
