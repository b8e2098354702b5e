#include "encoding/character_sets/code_sets.h"

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

/// Other names of the sets, in capital letters and digits.
struct OtherName {
  std::string_view bare, term;
};
constexpr std::array kOtherNames{
    OtherName{"ASCII", "6"},     OtherName{"USASCII", "6"},          OtherName{"646", "6"},
    OtherName{"LATIN1", "100"},  OtherName{"88591", "100"},          OtherName{"LATIN2", "101"},
    OtherName{"88592", "101"},   OtherName{"88593", "109"},          OtherName{"88594", "110"},
    OtherName{"88595", "144"},   OtherName{"88596", "127"},          OtherName{"88597", "126"},
    OtherName{"88598", "138"},   OtherName{"LATIN5", "148"},         OtherName{"88599", "148"},
    OtherName{"LATIN9", "203"},  OtherName{"885915", "203"},         OtherName{"TIS620", "166"},
    OtherName{"UTF8", "192"},    OtherName{"GB2312", "58"},          OtherName{"KSC5601", "149"},
    OtherName{"KSX1001", "149"}, OtherName{"SHIFTJIS", "SHIFT_JIS"}, OtherName{"SJIS", "SHIFT_JIS"},
};

}  // namespace

std::optional<Term> read_term(std::string_view term) {
  if (term.empty()) return Term{{}, kAscii, false};
  std::string bare;  // of "iso-8859_1" ISO88591
  for (const char c : term) {
    if (c >= 'a' && c <= 'z') {
      bare += static_cast<char>(c - 'a' + 'A');
    } else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      bare += c;
    }
  }
  std::string_view code = bare;
  const auto skip = [&code](std::string_view prefix) {
    const bool there = code.starts_with(prefix);
    if (there) code.remove_prefix(prefix.size());
    return there;
  };
  skip("ISO");
  const bool iso_2022 = skip("2022");
  skip("IR");
  const auto* const other = std::ranges::find(kOtherNames, code, &OtherName::bare);
  if (other != kOtherNames.end()) code = other->term;
  if (code.empty()) return std::nullopt;
  const std::uint8_t set = set_with_term(code);
  if (set == kCodeSets.size()) return std::nullopt;
  switch (kCodeSets[set].width) {
    case Width::Utf8:
      return Term{"ISO_IR 192", set, false};
    case Width::Whole:
      return Term{std::string{code}, set, false};
    case Width::PairG0:
    case Width::PairG1:  // PS3.3 Table C.12-4: only "with Code Extensions"
      return Term{"ISO 2022 IR " + std::string{code}, set, true};
    default:
      return Term{(iso_2022 ? "ISO 2022 IR " : "ISO_IR ") + std::string{code}, set, iso_2022};
  }
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
