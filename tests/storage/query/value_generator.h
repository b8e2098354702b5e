// ValueGenerator: values of attributes and of keys, at random, among them the awkward ones: for
// tests that hold both forms of matching equal.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"

namespace pacs::storage::test {

inline const std::vector<std::string> kNames{
    "",
    "Smith^John",
    "SMITH^JOHN^^",
    "smith^j*hn",
    "Smithers^Waylon^Q",
    "Smyth ^ John",
    "Smith",
    "Müller^Jürgen",
    "Mueller^J_rgen",
    "100%^Ann",
    "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "=山田^太郎",
    "Hong^Gildong=洪^吉洞=홍^길동",
    "Wang^XiaoDong=王^小东",
    "Łódź^Ægir",
    "Люкceмбypг",
    "Διονυσιος",
    "O'Brien^\"Q\"",
    "a^b^c^d^e",
    "X=Smith^John",
    "ﾔﾏﾀﾞ^ﾊﾅｺ=山田^花子",
    "ヤマダ^パクたろう",
    "ﾔﾏﾀ",
};
inline const std::vector<std::string> kTexts{"",      "CHEST",   "chest", "CHEST PA", "A*B", "A?B",
                                             "AxB",   "50%",     "5_%",   "' OR 1",   "[a]", "CHE",
                                             "Brust", "Schädel", "頭部",  "0",        "00"};
inline const std::vector<std::string> kIds{"P1", "P2", "p1", "P10", "P%", "P_", "", "1*", "Ü1"};
inline const std::vector<std::string> kCodes{"CT", "MR", "US", "SR", "C", ""};
inline const std::vector<std::string> kDates{"",         "20240131",   "20240201", "20231231",
                                             "19991231", "2024.01.31", "20240230", "today"};
inline const std::vector<std::string> kTimes{"",       "10",       "1015", "101530.5", "10:15:30",
                                             "235959", "000000.1", "2401", "120000",   "9"};
inline const std::vector<std::string> kIntegers{"", "1", "01", "+1", "2", "12", "x"};
inline const std::vector<std::string> kZones{"", "", "+0100", "-0500", "+1400", "bad"};

class ValueGenerator {
 public:
  explicit ValueGenerator(std::uint32_t seed) : random_(seed) {}
  std::size_t below(std::size_t many) { return random_() % many; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  const std::string& any(const std::vector<std::string>& values) {
    return values[below(values.size())];
  }
  std::string several(const std::vector<std::string>& values) {
    std::string text = any(values);
    while (chance(2)) text += "\\" + any(values);
    return text;
  }

  void set(DataSet& ds, Tag tag, const std::string& value) {
    if (value.empty() && chance(2)) return;  // absent or empty
    ds.set_text(tag, dictionary_vr(tag), value);
  }

  /// A value somebody might ask for: near one that is stored, or any.
  std::string key_value(VR vr, const DataSet& stored, Tag tag) {
    std::string value(stored.text(tag, below(2)));
    if (chance(4)) value = near(vr);
    if (vr == VR::DA || vr == VR::TM) return range(vr, value);
    if (vr == VR::UI || vr == VR::IS || vr == VR::DS) return value;
    switch (below(9)) {
      case 0:
        return with_star(value);
      case 1:
        return with_star(with_star(value));
      case 2:
        return with_question_mark(value);
      case 3:
        return value.substr(0, letters_end(value, below(4))) + "*";
      case 4:
        return "*" + value.substr(std::min(value.size(), letters_end(value, below(3)))) + "*";
      case 5:
        std::ranges::transform(value, value.begin(),
                               [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
        return value;
      case 6:
        return value + (chance(2) ? "^*" : "^^");
      default:
        return value;
    }
  }

  std::string range(VR vr, const std::string& value) {
    const auto& pool = vr == VR::DA ? kDates : kTimes;
    switch (below(4)) {
      case 0:
        return value + "-";
      case 1:
        return "-" + value;
      case 2:
        return value + "-" + any(pool);
      default:
        return value;
    }
  }

 private:
  std::string near(VR vr) {
    switch (vr) {
      case VR::PN:
        return any(kNames);
      case VR::DA:
        return any(kDates);
      case VR::TM:
        return any(kTimes);
      case VR::IS:
      case VR::DS:
        return any({"1", "2", "120", "80"});
      case VR::CS:
        return any(kCodes);
      case VR::UI:
        return any({"1.2.1", "1.2.2.1", "1.9"});
      default:
        return chance(2) ? any(kTexts) : any(kIds);
    }
  }
  /// Where the letter ends that begins at or before so many bytes.
  static std::size_t letters_end(const std::string& text, std::size_t bytes) {
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) ++bytes;
    return std::min(bytes, text.size());
  }
  std::string with_star(std::string text) {
    return text.insert(letters_end(text, below(text.size() + 1)), "*");
  }
  std::string with_question_mark(std::string text) {
    if (text.empty()) return "?";
    const std::size_t start = letters_end(text, below(text.size()));
    if (start == text.size()) return text + "?";
    return text.replace(start, letters_end(text, start + 1) - start, "?");
  }

  std::mt19937 random_;
};

}  // namespace pacs::storage::test
