#include "encoding/character_sets/character_set.h"

#include "core/dicom_dataset.h"
#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/character_sets/code_sets.h"

namespace pacs {
namespace {

using code_sets::append_decoded;
using code_sets::append_utf8;
using code_sets::checked_utf8;
using code_sets::CodeSet;
using code_sets::is_plain_ascii;
using code_sets::kAscii;
using code_sets::kCodeSets;
using code_sets::kNothing;
using code_sets::kReplacement;
using code_sets::kRomaji;
using code_sets::read_term;
using code_sets::Term;
using code_sets::Width;

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
        return append_decoded(text_, run, g1_);
      case Width::Katakana:
        for (const char c : run) {
          const auto byte = static_cast<unsigned char>(c);
          append_utf8(text_, byte >= 0xA1 && byte <= 0xDF ? 0xFF61U + (byte - 0xA1U) : 0xFFFDU);
        }
        return;
      default:
        for (std::size_t i = 0; i < run.size(); ++i) text_ += kReplacement;
    }
  }

  void take_pairs() {
    const auto run = take_run([](char c) { return c > 0x20 && c < 0x7F; });
    std::string pairs;
    for (std::size_t at = 0; at + 1 < run.size(); at += 2) {
      pairs += static_cast<char>(run[at] | kCodeSets[g0_].high);
      pairs += static_cast<char>(run[at + 1] | kCodeSets[g0_].high);
    }
    append_decoded(text_, pairs, g0_);
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

}  // namespace

CharacterSet::CharacterSet(std::string_view specific_character_set) {
  Term first{{}, kAscii, false};  // PS3.3 §C.12.1.1.2: when value 1 is empty, ISO IR 6
  for (std::size_t start = 0; start <= specific_character_set.size();) {
    const auto end =
        std::min(specific_character_set.find('\\', start), specific_character_set.size());
    const std::string_view written = trimmed(specific_character_set.substr(start, end - start));
    start = end + 1;
    auto term = read_term(written);
    terms_.push_back(term ? term->spelt : std::string{written});
    unknown_term_ = unknown_term_ || !term;
    // PS3.5 §6.1.2.5.4: code extensions where the attribute is "multi-valued"; writers use the
    // terms without them there too.
    if (!term || term->code_extension || terms_.size() > 1) form_ = Form::CodeExtensions;
    if (!term) continue;
    // A set without code extensions cannot be brought in by an escape sequence. Writers that name
    // one beside ISO IR 6 mean it alone, which holds ISO IR 6.
    const bool alone =
        kCodeSets[term->set].width == Width::Utf8 || kCodeSets[term->set].width == Width::Whole;
    if (terms_.size() == 1 || (alone && first.set == kAscii)) first = *std::move(term);
  }
  switch (kCodeSets[first.set].width) {
    case Width::Utf8:
    case Width::Whole:
      form_ = Form::WholeString;
      g1_ = first.set;
      terms_ = {std::move(first.spelt)};
      break;
    case Width::Katakana:
      g0_ = kRomaji;
      g1_ = first.set;
      break;
    case Width::Single:
    case Width::PairG1:
      g1_ = first.set;
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

bool CharacterSet::is_default_repertoire() const {
  return std::ranges::all_of(terms_, [](const std::string& term) {
    return term.empty() || term == "ISO_IR 6" || term == "ISO 2022 IR 6";
  });
}

bool CharacterSet::can_decode(std::string_view stored, VR vr) const {
  const std::string text = to_utf8(stored, vr);
  // U+FFFD may have been there before.
  const bool from_utf8 = form_ == Form::WholeString && kCodeSets[g1_].width == Width::Utf8;
  return from_utf8 ? text == stored : text.find(kReplacement) == text.npos;
}

std::string CharacterSet::to_utf8(std::string_view stored, VR vr) const {
  const std::uint8_t g0 = info(vr).charset_dependent ? g0_ : kAscii;
  if (g0 == kAscii && is_plain_ascii(stored)) return std::string{stored};
  if (form_ != Form::WholeString) {
    return Iso2022{g0, g1_, vr}.decode(stored, form_ == Form::CodeExtensions);
  }
  if (kCodeSets[g1_].width == Width::Utf8) return checked_utf8(stored);
  std::string text;
  append_decoded(text, stored, g1_);
  return text;
}

}  // namespace pacs
