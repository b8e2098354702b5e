#include "storage/query/phonetic.h"

#include <algorithm>
#include <array>

#include "core/sort_unique.h"

namespace pacs::storage {
namespace {

/// What a group of letters sounds like, by where it stands; "" is not coded.
struct Sound {
  std::string_view letters;
  std::string_view at_start, before_vowel, elsewhere;
  std::string_view other{};  // another reading, wherever it stands
};

// The table of Randy Daitch and Gary Mokotoff, longer groups first within a letter. Where the
// table refers to two rows ("try KH and TCH") both codes stand here.
// clang-format off
constexpr std::array kSounds{
  Sound{"AI", "0", "1", ""},     Sound{"AJ", "0", "1", ""},     Sound{"AY", "0", "1", ""},
  Sound{"AU", "0", "7", ""},     Sound{"A", "0", "", ""},
  Sound{"B", "7", "7", "7"},
  Sound{"CHS", "5", "54", "54"}, Sound{"CSZ", "4", "4", "4"},   Sound{"CZS", "4", "4", "4"},
  Sound{"CH", "5", "5", "5", "4"}, Sound{"CK", "5", "5", "5", "45"},
  Sound{"CZ", "4", "4", "4"},    Sound{"CS", "4", "4", "4"},    Sound{"C", "5", "5", "5", "4"},
  Sound{"DRZ", "4", "4", "4"},   Sound{"DRS", "4", "4", "4"},   Sound{"DSH", "4", "4", "4"},
  Sound{"DSZ", "4", "4", "4"},   Sound{"DZH", "4", "4", "4"},   Sound{"DZS", "4", "4", "4"},
  Sound{"DS", "4", "4", "4"},    Sound{"DZ", "4", "4", "4"},    Sound{"DT", "3", "3", "3"},
  Sound{"D", "3", "3", "3"},
  Sound{"EI", "0", "1", ""},     Sound{"EJ", "0", "1", ""},     Sound{"EY", "0", "1", ""},
  Sound{"EU", "1", "1", ""},     Sound{"E", "0", "", ""},
  Sound{"FB", "7", "7", "7"},    Sound{"F", "7", "7", "7"},
  Sound{"G", "5", "5", "5"},
  Sound{"H", "5", "5", ""},
  Sound{"IA", "1", "", ""},      Sound{"IE", "1", "", ""},      Sound{"IO", "1", "", ""},
  Sound{"IU", "1", "", ""},      Sound{"I", "0", "", ""},
  Sound{"J", "1", "", "", "4"},
  Sound{"KS", "5", "54", "54"},  Sound{"KH", "5", "5", "5"},    Sound{"K", "5", "5", "5"},
  Sound{"L", "8", "8", "8"},
  Sound{"MN", "66", "66", "66"}, Sound{"M", "6", "6", "6"},
  Sound{"NM", "66", "66", "66"}, Sound{"N", "6", "6", "6"},
  Sound{"OI", "0", "1", ""},     Sound{"OJ", "0", "1", ""},     Sound{"OY", "0", "1", ""},
  Sound{"O", "0", "", ""},
  Sound{"PF", "7", "7", "7"},    Sound{"PH", "7", "7", "7"},    Sound{"P", "7", "7", "7"},
  Sound{"Q", "5", "5", "5"},
  Sound{"RZ", "94", "94", "94", "4"}, Sound{"RS", "94", "94", "94", "4"}, Sound{"R", "9", "9", "9"},
  Sound{"SCHTSCH", "2", "4", "4"}, Sound{"SCHTSH", "2", "4", "4"}, Sound{"SCHTCH", "2", "4", "4"},
  Sound{"SHTCH", "2", "4", "4"}, Sound{"SHTSH", "2", "4", "4"}, Sound{"STSCH", "2", "4", "4"},
  Sound{"SCHT", "2", "43", "43"}, Sound{"SCHD", "2", "43", "43"}, Sound{"SHCH", "2", "4", "4"},
  Sound{"STCH", "2", "4", "4"},  Sound{"STRZ", "2", "4", "4"},  Sound{"STRS", "2", "4", "4"},
  Sound{"STSH", "2", "4", "4"},  Sound{"SZCZ", "2", "4", "4"},  Sound{"SZCS", "2", "4", "4"},
  Sound{"SCH", "4", "4", "4"},   Sound{"SHT", "2", "43", "43"}, Sound{"SZT", "2", "43", "43"},
  Sound{"SHD", "2", "43", "43"}, Sound{"SZD", "2", "43", "43"},
  Sound{"SC", "2", "4", "4"},    Sound{"SD", "2", "43", "43"},  Sound{"SH", "4", "4", "4"},
  Sound{"ST", "2", "43", "43"},  Sound{"SZ", "4", "4", "4"},    Sound{"S", "4", "4", "4"},
  Sound{"TTSCH", "4", "4", "4"}, Sound{"TTSZ", "4", "4", "4"},  Sound{"TTCH", "4", "4", "4"},
  Sound{"TSCH", "4", "4", "4"},  Sound{"TCH", "4", "4", "4"},   Sound{"TRZ", "4", "4", "4"},
  Sound{"TRS", "4", "4", "4"},   Sound{"TSH", "4", "4", "4"},   Sound{"TSZ", "4", "4", "4"},
  Sound{"TTS", "4", "4", "4"},   Sound{"TTZ", "4", "4", "4"},   Sound{"TZS", "4", "4", "4"},
  Sound{"TC", "4", "4", "4"},    Sound{"TH", "3", "3", "3"},    Sound{"TS", "4", "4", "4"},
  Sound{"TZ", "4", "4", "4"},    Sound{"T", "3", "3", "3"},
  Sound{"UE", "0", "", ""},      Sound{"UI", "0", "1", ""},     Sound{"UJ", "0", "1", ""},
  Sound{"UY", "0", "1", ""},     Sound{"U", "0", "", ""},
  Sound{"V", "7", "7", "7"},
  Sound{"W", "7", "7", "7"},
  Sound{"X", "5", "54", "54"},
  Sound{"Y", "1", "", ""},
  Sound{"ZHDZH", "2", "4", "4"}, Sound{"ZDZH", "2", "4", "4"},  Sound{"ZSCH", "4", "4", "4"},
  Sound{"ZDZ", "2", "4", "4"},   Sound{"ZHD", "2", "43", "43"}, Sound{"ZSH", "4", "4", "4"},
  Sound{"ZD", "2", "43", "43"},  Sound{"ZH", "4", "4", "4"},    Sound{"ZS", "4", "4", "4"},
  Sound{"Z", "4", "4", "4"},
};
// clang-format on
static_assert(std::ranges::is_sorted(kSounds, {},
                                     [](const Sound& row) { return row.letters.front(); }));

// The first row that a word goes on with is the longest.
static_assert([] {
  for (std::size_t i = 0; i < kSounds.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (kSounds[i].letters.starts_with(kSounds[j].letters)) return false;
    }
  }
  return true;
}());

constexpr std::size_t kDigits = 6;
constexpr std::size_t kReadingsMax = 8;  // of one word; names of people have fewer

/// The longest group of letters that the word goes on with; every letter has a row.
const Sound& sound_at(std::string_view rest) {
  const auto* row = std::ranges::lower_bound(kSounds, rest.front(), {},
                                             [](const Sound& one) { return one.letters.front(); });
  while (!rest.starts_with(row->letters)) ++row;
  return *row;
}

struct Reading {
  std::string code;
  std::string_view last;  // neighbours that sound the same are coded once

  void take(std::string_view sound, bool double_letters) {
    if (!sound.empty() && (sound != last || double_letters)) code += sound;
    last = sound;
  }
};

}  // namespace

std::vector<std::string> daitch_mokotoff(std::string_view folded_word) {
  std::string letters;
  for (const char c : folded_word) {
    if (c >= 'A' && c <= 'Z') letters += c;
  }
  if (letters.empty()) return {};
  std::vector<Reading> readings(1);
  const std::string_view all = letters;
  for (std::size_t at = 0; at < all.size();) {
    const Sound& row = sound_at(all.substr(at));
    const std::size_t behind = at + row.letters.size();
    const bool before_vowel = behind < all.size() &&
                              std::string_view{"AEIOU"}.find(all[behind]) != std::string_view::npos;
    const std::string_view sound = at == 0        ? row.at_start
                                   : before_vowel ? row.before_vowel
                                                  : row.elsewhere;
    const bool keeps_both = row.letters == "MN" || row.letters == "NM";
    const std::size_t count = readings.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (!row.other.empty() && readings.size() < kReadingsMax) {
        Reading another = readings[i];
        another.take(row.other, keeps_both);
        readings.push_back(std::move(another));
      }
      readings[i].take(sound, keeps_both);
    }
    at = behind;
  }
  std::vector<std::string> codes;
  for (Reading& reading : readings) {
    reading.code.resize(kDigits, '0');
    codes.push_back(std::move(reading.code));
  }
  sort_unique(codes);
  return codes;
}

}  // namespace pacs::storage
