// UTF-8 -> stored text: CharacterSet::from_utf8.
#include <vector>

#include "encoding/character_sets/character_set.h"
#include "encoding/character_sets/code_sets.h"

namespace pacs {
namespace {

using code_sets::kAscii;
using code_sets::kCodeSets;
using code_sets::kNothing;
using code_sets::kRomaji;
using code_sets::Width;

constexpr std::uint8_t kKanji = code_sets::set_with_term("87");

/// Rows 1 to 8 and 16 to 84. The converter also has the letters that vendors have put between and
/// behind them. Those are read, but not written: other readers may not know them.
bool is_in_jis_x_0208(std::string_view pair) {
  return (pair.front() >= 0x21 && pair.front() <= 0x28) ||
         (pair.front() >= 0x30 && pair.front() <= 0x74);
}

/// Bytes of another length, or lower ones, are of a set that the converter has and DICOM lacks.
bool is_high(std::string_view bytes, std::size_t length, unsigned lowest) {
  return bytes.size() == length && std::ranges::all_of(bytes, [lowest](char byte) {
           return static_cast<unsigned char>(byte) >= lowest;
         });
}

/// The bytes of one letter in one set, "" when the set does not hold it.
std::string bytes_in(std::uint8_t set, char32_t letter, std::string_view utf8) {
  const bool ascii = letter < 0x80;
  std::string bytes;
  switch (kCodeSets[set].width) {
    case Width::Ascii:
      if (ascii) bytes = static_cast<char>(letter);
      return bytes;
    case Width::Romaji:
      if (letter == 0x00A5) return "\\";
      if (letter == 0x203E) return "~";
      if (ascii && letter != '\\' && letter != '~') bytes = static_cast<char>(letter);
      return bytes;
    case Width::Katakana:
      if (letter >= 0xFF61 && letter <= 0xFF9F) {
        bytes = static_cast<char>(0xA1 + (letter - 0xFF61));
      }
      return bytes;
    case Width::Single:
    case Width::PairG0:
    case Width::PairG1:
      break;
    default:
      return bytes;
  }
  if (ascii || !code_sets::append_encoded(bytes, utf8, set)) return {};
  switch (kCodeSets[set].width) {
    case Width::Single:
      return is_high(bytes, 1, 0x80) ? bytes : std::string{};
    case Width::PairG1:
      return is_high(bytes, 2, 0xA1) ? bytes : std::string{};
    default:
      break;
  }
  if (kCodeSets[set].high != 0 && !is_high(bytes, 2, 0xA1)) return {};
  for (char& byte : bytes) byte = static_cast<char>(byte & 0x7F);
  return set == kKanji && !is_in_jis_x_0208(bytes) ? std::string{} : bytes;
}

/// Encodes one value in ISO 2022 (PS3.5 §6.1.2.4 and §6.1.2.5).
class Iso2022Encoder {
 public:
  /// `designable`: what escape sequences may bring in, in the order of preference; nullopt when
  /// there are none.
  Iso2022Encoder(std::uint8_t g0, std::uint8_t g1, VR vr,
                 std::optional<std::vector<std::uint8_t>> designable)
      : initial_g0_(g0),
        initial_g1_(g1),
        g0_(g0),
        g1_(g1),
        vr_(vr),
        escapes_(designable.has_value()),
        designable_(std::move(designable).value_or(std::vector<std::uint8_t>{})) {}

  std::optional<std::string> encode(std::string_view utf8) {
    for (std::size_t at = 0; at < utf8.size();) {
      const std::size_t start = at;
      const auto letter = code_sets::next_letter(utf8, at);
      if (!letter || !take(*letter, utf8.substr(start, at - start))) return std::nullopt;
    }
    return_to_initial();
    return std::move(stored_);
  }

 private:
  bool take(char32_t letter, std::string_view utf8) {
    // PS3.5 §6.1.2.5.3: the set of value 1 "shall be active" before the end of a line or page and
    // any other control character, and before the delimiters.
    const bool delimits = (letter == '\\' && info(vr_).multi_valued) ||
                          ((letter == '^' || letter == '=') && vr_ == VR::PN);
    if (delimits || letter < 0x20 || letter == 0x7F) {
      if (letter == 0x1B && escapes_) return false;  // would begin an escape sequence
      return_to_initial();
      stored_ += static_cast<char>(letter);
      return true;
    }
    // In a VR of several values the yen sign of JIS X 0201 is their delimiter (PS3.5 §H.1.1).
    const auto put = [&](std::uint8_t set) {
      const std::string bytes = bytes_in(set, letter, utf8);
      if (bytes.empty() || (bytes == "\\" && info(vr_).multi_valued)) return false;
      designate(set);
      stored_ += bytes;
      return true;
    };
    if (put(g0_) || put(g1_)) return true;
    // Only "the character sets specified in the various values of [...] (0008,0005)".
    return std::ranges::any_of(designable_, put);
  }

  void designate(std::uint8_t set) {
    std::uint8_t& element = kCodeSets[set].in_g1 ? g1_ : g0_;
    if (element == set) return;
    element = set;
    stored_ += '\x1B';
    stored_ += kCodeSets[set].escape;
  }

  void return_to_initial() {
    designate(initial_g0_);
    if (initial_g1_ != kNothing) designate(initial_g1_);
    g1_ = initial_g1_;  // what was undefined at the start is so again, without an escape sequence
  }

  std::uint8_t initial_g0_;
  std::uint8_t initial_g1_;
  std::uint8_t g0_;
  std::uint8_t g1_;
  VR vr_;
  bool escapes_;
  std::vector<std::uint8_t> designable_;
  std::string stored_;
};

/// PS3.3 Tables C.12-3 and C.12-4: the code elements that the terms stand for.
std::vector<std::uint8_t> designable_sets(const std::vector<std::string>& terms) {
  std::vector<std::uint8_t> sets;
  for (const std::string& term : terms) {
    const auto known = code_sets::read_term(term);
    if (!known || kCodeSets[known->set].escape.empty()) continue;
    const std::uint8_t set = known->set;
    // A single-byte term stands for both halves.
    if (kCodeSets[set].width == Width::Single) sets.push_back(kAscii);
    if (kCodeSets[set].width == Width::Katakana) sets.push_back(kRomaji);
    sets.push_back(set);
  }
  return sets;
}

}  // namespace

std::optional<std::string> CharacterSet::from_utf8(std::string_view utf8, VR vr) const {
  const std::uint8_t g0 = info(vr).charset_dependent ? g0_ : kAscii;
  if (g0 == kAscii && code_sets::is_plain_ascii(utf8)) return std::string{utf8};
  if (form_ == Form::WholeString) {
    if (kCodeSets[g1_].width == Width::Utf8) return code_sets::checked_utf8(utf8);
    std::string stored;
    if (!code_sets::append_encoded(stored, utf8, g1_)) return std::nullopt;
    return stored;
  }
  std::optional<std::vector<std::uint8_t>> designable;
  if (form_ == Form::CodeExtensions) designable = designable_sets(terms_);
  return Iso2022Encoder{g0, g1_, vr, std::move(designable)}.encode(utf8);
}

}  // namespace pacs
