#include "encoding/character_set.h"

#include <unicode/ucnv.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/dicom_tags.h"

namespace pacs {
namespace {

/// How the bytes of a designated set become characters.
enum class Width : std::uint8_t {
  None,      // nothing is designated: no byte is text
  Ascii,     // 7 bits, as they are
  Romaji,    // JIS X 0201 Romaji: ASCII but for two characters
  Single,    // G1, one byte each, by the converter
  Katakana,  // JIS X 0201 Katakana in G1: U+FF61 and following
  PairG0,    // two 7-bit bytes each: the converter wants them with the high bit, behind `prefix`
  PairG1,    // two bytes each with the high bit, by the converter
  Utf8,
  Whole,  // a converter for the whole string
};

struct CodeSet {
  std::string_view term;    // what follows "ISO_IR " or "ISO 2022 IR ", or the whole term
  std::string_view escape;  // after ESC, designates it (PS3.3 Tables C.12-3 and C.12-4)
  bool in_g1;
  Width width;
  const char* converter;  // ICU's name
  char prefix;            // EUC-JP: SS3 before JIS X 0212
};

// PS3.3 Tables C.12-2 to C.12-5. Row 0 and 1 are referred to by kAscii and kNothing.
// clang-format off
constexpr std::array kCodeSets{
  CodeSet{"6",       "(B",  false, Width::Ascii,    nullptr,       0},
  CodeSet{"",        "",    true,  Width::None,     nullptr,       0},
  CodeSet{"100",     "-A",  true,  Width::Single,   "ISO-8859-1",  0},
  CodeSet{"101",     "-B",  true,  Width::Single,   "ISO-8859-2",  0},
  CodeSet{"109",     "-C",  true,  Width::Single,   "ISO-8859-3",  0},
  CodeSet{"110",     "-D",  true,  Width::Single,   "ISO-8859-4",  0},
  CodeSet{"144",     "-L",  true,  Width::Single,   "ISO-8859-5",  0},
  CodeSet{"127",     "-G",  true,  Width::Single,   "ISO-8859-6",  0},
  CodeSet{"126",     "-F",  true,  Width::Single,   "ISO-8859-7",  0},
  CodeSet{"138",     "-H",  true,  Width::Single,   "ISO-8859-8",  0},
  CodeSet{"148",     "-M",  true,  Width::Single,   "ISO-8859-9",  0},
  CodeSet{"203",     "-b",  true,  Width::Single,   "ISO-8859-15", 0},
  CodeSet{"166",     "-T",  true,  Width::Single,   "TIS-620",     0},
  CodeSet{"13",      ")I",  true,  Width::Katakana, nullptr,       0},
  CodeSet{"14",      "(J",  false, Width::Romaji,   nullptr,       0},
  CodeSet{"87",      "$B",  false, Width::PairG0,   "EUC-JP",      0},
  CodeSet{"159",     "$(D", false, Width::PairG0,   "EUC-JP",      '\x8F'},
  CodeSet{"149",     "$)C", true,  Width::PairG1,   "EUC-KR",      0},
  CodeSet{"58",      "$)A", true,  Width::PairG1,   "GB2312",      0},
  CodeSet{"192",     "",    true,  Width::Utf8,     nullptr,       0},
  CodeSet{"GB18030", "",    true,  Width::Whole,    "GB18030",     0},
  CodeSet{"GBK",     "",    true,  Width::Whole,    "GBK",         0},
};
// clang-format on
constexpr std::uint8_t kAscii = 0;
constexpr std::uint8_t kNothing = 1;
static_assert(kCodeSets[kAscii].width == Width::Ascii && kCodeSets[kNothing].width == Width::None);

constexpr std::uint8_t set_with_term(std::string_view term) {
  const auto found = std::ranges::find(kCodeSets, term, &CodeSet::term);
  return static_cast<std::uint8_t>(found - kCodeSets.begin());
}
constexpr std::uint8_t kRomaji = set_with_term("14");

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void append_utf8(std::string& to, UChar32 character) {
  std::array<std::uint8_t, U8_MAX_LENGTH> bytes{};
  std::int32_t length = 0;
  std::uint8_t* const first = bytes.data();
  U8_APPEND_UNSAFE(first, length, character);
  to.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
}

/// The converter of a code set; a UConverter has state, so each thread opens its own, once.
UConverter* converter_for(std::size_t set) {
  struct Close {
    void operator()(UConverter* converter) const { ucnv_close(converter); }
  };
  thread_local std::array<std::unique_ptr<UConverter, Close>, kCodeSets.size()> converters;
  if (!converters[set]) {
    UErrorCode error = U_ZERO_ERROR;
    converters[set].reset(ucnv_open(kCodeSets[set].converter, &error));
  }
  return converters[set].get();
}

/// Appends what ICU makes of `bytes`; what it cannot read becomes U+FFFD.
void convert(std::string_view bytes, std::size_t set, std::string& to) {
  UConverter* converter = converter_for(set);
  if (converter == nullptr) {  // an ICU without this table
    to += kReplacement;
    return;
  }
  ucnv_resetToUnicode(converter);
  std::array<UChar, 256> characters{};
  const char* source = bytes.data();
  const char* end = source + bytes.size();
  UErrorCode error = U_ZERO_ERROR;
  do {
    error = U_ZERO_ERROR;
    UChar* target = characters.data();
    ucnv_toUnicode(converter, &target, target + characters.size(), &source, end, nullptr, true,
                   &error);
    for (const UChar* at = characters.data(); at != target;) {
      UChar32 character = *at++;
      if (U16_IS_LEAD(character) && at != target)
        character = U16_GET_SUPPLEMENTARY(character, *at++);
      append_utf8(to, U16_IS_SURROGATE(character) ? 0xFFFD : character);
    }
  } while (error == U_BUFFER_OVERFLOW_ERROR);
}

/// UTF-8 as stored, each broken sequence replaced.
std::string checked_utf8(std::string_view stored) {
  std::string text;
  text.reserve(stored.size());
  const auto length = static_cast<std::int64_t>(stored.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(stored.data());
  for (std::int64_t at = 0; at < length;) {
    UChar32 character = 0;
    U8_NEXT(bytes, at, length, character);
    if (character < 0) {
      text += kReplacement;
    } else {
      append_utf8(text, character);
    }
  }
  return text;
}

bool is_plain_ascii(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return c == '\x1B' || static_cast<unsigned char>(c) >= 0x80; });
}

/// Decodes one value in ISO 2022 (PS3.5 §6.1.2.4 and §6.1.2.5): escape sequences change what the
/// low (G0) and high (G1) bytes mean, until the next delimiter.
class Iso2022 {
 public:
  Iso2022(std::uint8_t g0, std::uint8_t g1, VR vr) : initial_g0_(g0), initial_g1_(g1), vr_(vr) {
    reset();
  }

  std::string decode(std::string_view stored, bool escapes) {
    rest_ = stored;
    while (!rest_.empty()) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      if (byte == 0x1B && escapes) {
        designate();
      } else if (byte >= 0x80) {
        take_high();
      } else if (byte <= 0x20 || byte == 0x7F || kCodeSets[g0_].width != Width::PairG0) {
        take_low(static_cast<char>(byte));
      } else {
        take_pairs();
      }
    }
    return std::move(text_);
  }

 private:
  void reset() {
    g0_ = initial_g0_;
    g1_ = initial_g1_;
  }

  void designate() {
    for (std::size_t set = 0; set < kCodeSets.size(); ++set) {
      const CodeSet& code = kCodeSets[set];
      if (code.escape.empty() || !rest_.substr(1).starts_with(code.escape)) continue;
      (code.in_g1 ? g1_ : g0_) = static_cast<std::uint8_t>(set);
      rest_.remove_prefix(1 + code.escape.size());
      return;
    }
    text_ += kReplacement;  // a set that the standard does not use
    rest_.remove_prefix(1);
  }

  // PS3.5 §6.1.2.5.3: the initial sets are in force again after a delimiter of values or name
  // components, and after the control characters of text.
  void take_low(char byte) {
    rest_.remove_prefix(1);
    const bool delimits =
        (byte == '\\' && info(vr_).multi_valued) || ((byte == '^' || byte == '=') && vr_ == VR::PN);
    if (delimits || byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r') reset();
    if (kCodeSets[g0_].width == Width::Romaji && !delimits) {
      if (byte == '\\') return append_utf8(text_, 0x00A5);
      if (byte == '~') return append_utf8(text_, 0x203E);
    }
    text_ += byte;
  }

  template <typename Belongs>
  std::string_view take_run(Belongs belongs) {
    const auto end = std::ranges::find_if_not(rest_, belongs);
    const auto run = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(run.size());
    return run;
  }

  void take_high() {
    const auto run = take_run([](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    switch (kCodeSets[g1_].width) {
      case Width::Single:
      case Width::PairG1:
        return convert(run, g1_, text_);
      case Width::Katakana:
        for (const char c : run) {
          const auto byte = static_cast<unsigned char>(c);
          append_utf8(text_, byte >= 0xA1 && byte <= 0xDF ? 0xFF61 + (byte - 0xA1) : 0xFFFD);
        }
        return;
      default:
        for (std::size_t i = 0; i < run.size(); ++i) text_ += kReplacement;
    }
  }

  void take_pairs() {
    const auto run = take_run([](char c) { return c > 0x20 && c < 0x7F; });
    std::string euc;
    for (std::size_t at = 0; at + 1 < run.size(); at += 2) {
      if (kCodeSets[g0_].prefix != 0) euc += kCodeSets[g0_].prefix;
      euc += static_cast<char>(run[at] | 0x80);
      euc += static_cast<char>(run[at + 1] | 0x80);
    }
    convert(euc, g0_, text_);
    if (run.size() % 2 != 0) text_ += kReplacement;
  }

  std::uint8_t initial_g0_;
  std::uint8_t initial_g1_;
  VR vr_;
  std::uint8_t g0_ = kAscii;
  std::uint8_t g1_ = kNothing;
  std::string_view rest_;
  std::string text_;
};

/// What follows "ISO_IR " or "ISO 2022 IR ", also where writers put other separators; the term
/// itself when it begins otherwise.
std::string_view code_of(std::string_view term) {
  if (!term.starts_with("ISO")) return term;
  const auto digits = term.find_last_not_of("0123456789");
  return term.substr(digits + 1);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

}  // namespace

CharacterSet::CharacterSet(std::string_view specific_character_set) {
  for (std::size_t start = 0; start <= specific_character_set.size();) {
    const auto end =
        std::min(specific_character_set.find('\\', start), specific_character_set.size());
    terms_.emplace_back(trimmed(specific_character_set.substr(start, end - start)));
    start = end + 1;
  }
  for (const std::string& term : terms_) {
    if (term.starts_with("ISO 2022")) form_ = Form::CodeExtensions;
    const bool known = term.empty() || set_with_term(code_of(term)) < kCodeSets.size();
    unknown_term_ = unknown_term_ || !known;
  }
  // PS3.3 §C.12.1.1.2: value 1 says what is in force at the start; when empty, ISO IR 6.
  const std::uint8_t first =
      terms_.front().empty() ? kAscii : set_with_term(code_of(terms_.front()));
  if (first >= kCodeSets.size()) return;
  switch (kCodeSets[first].width) {
    case Width::Utf8:
    case Width::Whole:
      form_ = Form::WholeString;
      g1_ = first;
      break;
    case Width::Katakana:
      g0_ = kRomaji;
      g1_ = first;
      break;
    case Width::Single:
    case Width::PairG1:
      g1_ = first;
      break;
    default:
      break;  // G0 begins as ASCII; sets of two bytes come by escape sequence
  }
}

CharacterSet CharacterSet::of(const DataSet& data_set) {
  const Element* element = data_set.find(tags::SpecificCharacterSet);
  return element != nullptr && !element->text().empty() ? CharacterSet{element->text()}
                                                        : CharacterSet{};
}

std::string CharacterSet::to_utf8(std::string_view stored, VR vr) const {
  const bool plain = is_plain_ascii(stored) && g0_ == kAscii;
  if (plain) return std::string{stored};
  if (form_ != Form::WholeString) {
    return Iso2022{g0_, g1_, vr}.decode(stored, form_ == Form::CodeExtensions);
  }
  if (kCodeSets[g1_].width == Width::Utf8) return checked_utf8(stored);
  std::string text;
  convert(stored, g1_, text);
  return text;
}

}  // namespace pacs
