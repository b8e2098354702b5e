#include "encoding/code_sets.h"

#include <unicode/ucnv.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include <memory>
#include <vector>

namespace pacs::code_sets {
namespace {

/// The converter of a code set; a UConverter has state, so each thread opens its own, once.
UConverter* converter_for(std::size_t set) {
  struct Close {
    void operator()(UConverter* converter) const { ucnv_close(converter); }
  };
  thread_local std::array<std::unique_ptr<UConverter, Close>, kCodeSets.size()> converters;
  if (!converters[set]) {
    UErrorCode error = U_ZERO_ERROR;
    converters[set].reset(ucnv_open(kCodeSets[set].converter, &error));
    if (U_FAILURE(error)) return nullptr;  // an ICU without this table
    ucnv_setFromUCallBack(converters[set].get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr,
                          nullptr, &error);
    ucnv_setFallback(converters[set].get(), 0);  // a letter that is only alike is another one
  }
  return converters[set].get();
}

}  // namespace

std::string_view code_of(std::string_view term) {
  if (!term.starts_with("ISO")) return term;
  const auto digits = term.find_last_not_of("0123456789");
  return term.substr(digits + 1);
}

void append_utf8(std::string& to, char32_t letter) {
  std::array<std::uint8_t, U8_MAX_LENGTH> bytes{};
  std::int32_t length = 0;
  std::uint8_t* const first = bytes.data();
  U8_APPEND_UNSAFE(first, length, letter);
  to.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
}

std::optional<char32_t> next_letter(std::string_view utf8, std::size_t& at) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(utf8.data());
  auto here = static_cast<std::int64_t>(at);
  const auto length = static_cast<std::int64_t>(utf8.size());
  UChar32 letter = 0;
  U8_NEXT(bytes, here, length, letter);
  at = static_cast<std::size_t>(here);
  if (letter < 0) return std::nullopt;
  return static_cast<char32_t>(letter);
}

std::string checked_utf8(std::string_view stored) {
  std::string text;
  text.reserve(stored.size());
  for (std::size_t at = 0; at < stored.size();) {
    append_utf8(text, next_letter(stored, at).value_or(0xFFFD));
  }
  return text;
}

bool is_plain_ascii(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return c == '\x1B' || static_cast<unsigned char>(c) >= 0x80; });
}

void append_decoded(std::string& to, std::string_view bytes, std::size_t set) {
  UConverter* converter = converter_for(set);
  if (converter == nullptr) {  // an ICU without this table
    to += kReplacement;
    return;
  }
  ucnv_resetToUnicode(converter);
  std::array<UChar, 256> characters{};
  std::size_t held = 0;  // a pair of surrogates may be cut by the end of `characters`
  const char* source = bytes.data();
  const char* end = source + bytes.size();
  UErrorCode error = U_ZERO_ERROR;
  do {
    error = U_ZERO_ERROR;
    UChar* target = characters.data() + held;
    ucnv_toUnicode(converter, &target, characters.data() + characters.size(), &source, end, nullptr,
                   true, &error);
    held = 0;
    for (const UChar* at = characters.data(); at != target;) {
      UChar32 character = *at++;
      if (U16_IS_LEAD(character)) {
        if (at == target && error == U_BUFFER_OVERFLOW_ERROR) {
          held = 1;
          break;
        }
        if (at != target) character = U16_GET_SUPPLEMENTARY(character, *at++);
      }
      append_utf8(to, static_cast<char32_t>(U16_IS_SURROGATE(character) ? 0xFFFD : character));
    }
    if (held != 0) characters[0] = *(target - 1);
  } while (error == U_BUFFER_OVERFLOW_ERROR);
}

bool append_encoded(std::string& to, std::string_view utf8, std::size_t set) {
  UConverter* converter = converter_for(set);
  if (converter == nullptr) return false;
  // One UTF-16 unit for a byte of UTF-8 is enough, as are four bytes of any set for a unit.
  std::vector<UChar> characters(utf8.size());
  std::int32_t units = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strFromUTF8(characters.data(), static_cast<std::int32_t>(characters.size()), &units,
                utf8.data(), static_cast<std::int32_t>(utf8.size()), &error);
  if (U_FAILURE(error)) return false;
  const std::size_t start = to.size();
  to.resize(start + characters.size() * 4);
  const std::int32_t length =
      ucnv_fromUChars(converter, to.data() + start, static_cast<std::int32_t>(to.size() - start),
                      characters.data(), units, &error);
  const bool done = U_SUCCESS(error) != 0;
  to.resize(done ? start + static_cast<std::size_t>(length) : start);
  return done;
}

}  // namespace pacs::code_sets
