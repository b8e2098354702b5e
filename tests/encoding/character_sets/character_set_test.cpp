#include "encoding/character_sets/character_set.h"

#include <gtest/gtest.h>

#include <thread>

namespace pacs {
namespace {

struct Case {
  const char* what;
  const char* terms;
  VR vr;
  std::string_view stored;
  const char* text;
};

// The PN rows with ^ and = are the examples of PS3.5 Annexes H, I, J and K.
const Case kCases[] = {
    {"no character set", "", VR::PN, "Doe^John", "Doe^John"},
    {"a high byte without character set", "", VR::LO, "M\xFCller", "M\xEF\xBF\xBDller"},
    {"Latin 1", "ISO_IR 100", VR::PN, "Buc^J\xE9r\xF4me", "Buc^Jérôme"},
    {"Latin 2", "ISO_IR 101", VR::PN, "Wa\xB3\xEAsa", "Wałęsa"},
    {"Latin 3", "ISO_IR 109", VR::LO, "\xA1\xE6", "Ħĉ"},
    {"Latin 4", "ISO_IR 110", VR::LO, "\xA1\xE6", "Ąæ"},
    {"Cyrillic", "ISO_IR 144", VR::PN, "\xBB\xEE\xDA\x63\x65\xDC\xD1yp\xD3", "Люкceмбypг"},
    {"Arabic", "ISO_IR 127", VR::PN, "\xE2\xC8\xC7\xE6\xEA^\xE4\xE6\xD2\xC7\xD1", "قباني^لنزار"},
    {"Greek", "ISO_IR 126", VR::PN, "\xC4\xE9\xEF\xED\xF5\xF3\xE9\xEF\xF2", "Διονυσιος"},
    {"Hebrew", "ISO_IR 138", VR::PN, "\xF9\xF8\xE5\xEF^\xE3\xE1\xE5\xF8\xE4", "שרון^דבורה"},
    {"Turkish", "ISO_IR 148", VR::LO, "\xDD\xFE", "İş"},
    {"Latin 9", "ISO_IR 203", VR::LO, "\xA4", "€"},
    {"Thai", "ISO_IR 166", VR::LO, "\xA1\xE1", "กแ"},
    {"UTF-8", "ISO_IR 192", VR::PN, "Wang^XiaoDong=\xE7\x8E\x8B^\xE5\xB0\x8F\xE6\x9D\xB1",
     "Wang^XiaoDong=王^小東"},
    {"broken UTF-8", "ISO_IR 192", VR::LO, "a\xE7\x8E z\xFF", "a\xEF\xBF\xBD z\xEF\xBF\xBD"},
    {"GB18030", "GB18030", VR::PN, "Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB",
     "Wang^XiaoDong=王^小东"},
    {"GBK with a backslash in a letter", "GBK", VR::LO, "\x81\x5C\\b", "乗\\b"},
    {"Japanese, H.3.1", "\\ISO 2022 IR 87", VR::PN,
     "Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B",
     "Yamada^Tarou=山田^太郎=やまだ^たろう"},
    {"Japanese, H.3.2", "ISO 2022 IR 13\\ISO 2022 IR 87", VR::PN,
     "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J=\x1B$B$d$^$@\x1B(J^\x1B$B$?$"
     "m$&\x1B(J",
     "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"},
    {"JIS X 0201 Romaji", "ISO_IR 13", VR::LT, "1\\2~", "1¥2‾"},
    {"a delimiter in JIS X 0201", "ISO_IR 13", VR::LO, "1\\\xB1", "1\\ｱ"},
    {"JIS X 0212", "\\ISO 2022 IR 159", VR::LO, "\x1B$(D0!\x1B(B", "丂"},
    {"half a letter of two bytes", "\\ISO 2022 IR 87", VR::LO, "\x1B$B;", "\xEF\xBF\xBD"},
    {"Korean, I.2", "\\ISO 2022 IR 149", VR::PN,
     "Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7=\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF",
     "Hong^Gildong=洪^吉洞=홍^길동"},
    {"Chinese, K.2", "\\ISO 2022 IR 58", VR::PN,
     "Zhang^XiaoDong=\x1B$)A\xD5\xC5^\x1B$)A\xD0\xA1\xB6\xAB=", "Zhang^XiaoDong=张^小东="},
    {"several 8859 by escape sequences", "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126",
     VR::LO, "\xE9\x1B-L\xB1\x1B-F\xE1", "éБα"},
    {"the first set is back behind a backslash", "ISO 2022 IR 100\\ISO 2022 IR 144", VR::LO,
     "\x1B-L\xB1\\\xE9", "Б\\é"},
    {"the first set is back behind a caret of a name", "ISO 2022 IR 100\\ISO 2022 IR 144", VR::PN,
     "\x1B-L\xB1^\xE9", "Б^é"},
    {"a caret elsewhere is text", "ISO 2022 IR 100\\ISO 2022 IR 144", VR::LO, "\x1B-L\xB1^\xB1",
     "Б^Б"},
    {"the first set is back on the next line", "ISO 2022 IR 100\\ISO 2022 IR 144", VR::LT,
     "\x1B-L\xB1\r\n\xE9", "Б\r\né"},
    {"a backslash in text of one value resets nothing", "ISO 2022 IR 100\\ISO 2022 IR 144", VR::LT,
     "\x1B-L\xB1\\\xB1", "Б\\Б"},
    {"an escape sequence nobody knows", "ISO 2022 IR 100", VR::LO, "a\x1B%Gb", "a\xEF\xBF\xBD%Gb"},
    {"a VR that the set should not affect", "ISO_IR 100", VR::CS, "A\xE9", "Aé"},
    {"a misspelt term", "ISO_IR_100", VR::LO, "\xE9", "é"},
    {"GBK under the name of a code extension", "ISO 2022 GBK", VR::LO, "\x81\x5C\\b", "乗\\b"},
    {"GBK beside the default repertoire", "\\ISO 2022 GBK", VR::LO, "\x81\x5C\\b", "乗\\b"},
    {"UTF-8 beside the default repertoire", "ISO_IR 6\\ISO_IR 192", VR::LO, "\xC3\xA9", "é"},
    {"a set of two bytes without the name of a code extension", "ISO_IR 149", VR::LO,
     "\x1B$)C\xC8\xAB", "홍"},
    {"Shift-JIS, which DICOM does not define", "Shift_JIS", VR::PN, "\x8E\x52\x93\x63^\x83\x5C",
     "山田^ソ"},
    {"an unknown term", "KLINGON", VR::LO, "a\xE9", "a\xEF\xBF\xBD"},
};

TEST(CharacterSet, DecodesEveryDefinedTerm) {
  for (const Case& one : kCases) {
    EXPECT_EQ(CharacterSet{one.terms}.to_utf8(one.stored, one.vr), one.text) << one.what;
  }
}

TEST(CharacterSet, KnowsTheDefinedTerms) {
  EXPECT_EQ(CharacterSet{"ISO 2022 IR 6\\ISO 2022 IR 87 "}.defined_terms(),
            (std::vector<std::string>{"ISO 2022 IR 6", "ISO 2022 IR 87"}));
  EXPECT_FALSE(CharacterSet{"\\ISO 2022 IR 87"}.has_unknown_term());
  EXPECT_TRUE(CharacterSet{"ISO_IR 100\\KLINGON"}.has_unknown_term());
}

// Writers spell terms as their language or their database does.
TEST(CharacterSet, TakesATermHoweverItIsSpelt) {
  constexpr std::pair<const char*, const char*> kSpellings[] = {
      {"iso_ir 192", "ISO_IR 192"},
      {"ISO_IR_192", "ISO_IR 192"},
      {"ISO IR 192", "ISO_IR 192"},
      {"ISO-IR 192", "ISO_IR 192"},
      {"ISOIR192", "ISO_IR 192"},
      {"ISO 2022 IR 192", "ISO_IR 192"},
      {"UTF-8", "ISO_IR 192"},
      {"utf8", "ISO_IR 192"},
      {"ISO_IR_100", "ISO_IR 100"},
      {"ISO-IR 100", "ISO_IR 100"},
      {" iso_ir  100 ", "ISO_IR 100"},
      {"latin1", "ISO_IR 100"},
      {"Latin-1", "ISO_IR 100"},
      {"ISO-8859-1", "ISO_IR 100"},
      {"ISO 8859-1", "ISO_IR 100"},
      {"ISO8859_1", "ISO_IR 100"},
      {"iso-8859-2", "ISO_IR 101"},
      {"ISO-8859-15", "ISO_IR 203"},
      {"iso 2022 ir 100", "ISO 2022 IR 100"},
      {"ISO_2022_IR_87", "ISO 2022 IR 87"},
      {"ISO2022IR149", "ISO 2022 IR 149"},
      {"ISO 2022 58", "ISO 2022 IR 58"},
      {"ISO_IR 149", "ISO 2022 IR 149"},
      {"ISO 2022 GBK", "GBK"},
      {"gbk", "GBK"},
      {"ISO 2022 GB18030", "GB18030"},
      {"GB 18030", "GB18030"},
      {"US-ASCII", "ISO_IR 6"},
      {"Shift-JIS", "SHIFT_JIS"},
      {"sjis", "SHIFT_JIS"},
  };
  for (const auto& [spelt, meant] : kSpellings) {
    const CharacterSet set{spelt};
    EXPECT_FALSE(set.has_unknown_term()) << spelt;
    EXPECT_EQ(set.defined_terms(), std::vector<std::string>{meant}) << spelt;
  }
  for (const char* unknown : {"ISO_IR", "ISO 2022", "IR", "ISO_IR 999", "8859", "-", "KLINGON"}) {
    EXPECT_TRUE(CharacterSet{unknown}.has_unknown_term()) << unknown;
  }
}

TEST(CharacterSet, NeverGivesWhatIsNotUtf8) {
  for (const Case& set : kCases) {
    const CharacterSet character_set{set.terms};
    const CharacterSet utf8{"ISO_IR 192"};
    for (unsigned first = 0; first < 256; ++first) {
      for (const std::string_view behind : {"", "\x1B", "\xC0", "\x1B$B!", "A"}) {
        const std::string stored =
            "\x1B$)C" + std::string(1, static_cast<char>(first)) + std::string{behind};
        const std::string text = character_set.to_utf8(stored, VR::LO);
        EXPECT_EQ(utf8.to_utf8(text, VR::LO), text) << set.terms << " " << first;
      }
    }
  }
}

// Names have letters beyond U+FFFF, wherever they stand in a long text.
TEST(CharacterSet, RareIdeographsAreReadAtAnyPlace) {
  const CharacterSet gb18030{"GB18030"};
  for (std::size_t before = 0; before < 600; ++before) {
    const std::string text = std::string(before, 'x') + "𠮷" + "y";
    const auto stored = gb18030.from_utf8(text, VR::LT);
    ASSERT_TRUE(stored);
    ASSERT_EQ(gb18030.to_utf8(*stored, VR::LT), text) << before;
  }
}

TEST(CharacterSet, IsSharedByThreads) {
  const CharacterSet korean{"\\ISO 2022 IR 149"};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&korean] {
      for (int round = 0; round < 1000; ++round) {
        ASSERT_EQ(korean.to_utf8("\x1B$)C\xC8\xAB", VR::LO), "홍");
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace pacs
