#include <gtest/gtest.h>

#include <random>

#include "encoding/character_sets/character_set.h"
#include "encoding/character_sets/code_sets.h"

namespace pacs {
namespace {

struct Example {
  const char* where;
  const char* terms;
  VR vr;
  std::string_view stored;
  std::string_view text;
};

// The examples of PS3.5 Annexes H to K, byte for byte (K.2 without its padding), and the names of
// PS3.5 §6.2.1.3.
constexpr Example kExamples[] = {
    {"H.3.1", "\\ISO 2022 IR 87", VR::PN,
     "Yamada^Tarou=\x1B\x24\x42\x3B\x33\x45\x44\x1B\x28\x42^"
     "\x1B\x24\x42\x42\x40\x4F\x3A\x1B\x28\x42"
     "=\x1B\x24\x42\x24\x64\x24\x5E\x24\x40\x1B\x28\x42^\x1B\x24\x42\x24\x3F\x24\x6D\x24\x26\x1B"
     "\x28\x42",
     "Yamada^Tarou=山田^太郎=やまだ^たろう"},
    {"H.3.2", "ISO 2022 IR 13\\ISO 2022 IR 87", VR::PN,
     "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B\x24\x42\x3B\x33\x45\x44\x1B\x28\x4A^\x1B\x24\x42\x42\x40"
     "\x4F\x3A\x1B\x28\x4A=\x1B\x24\x42\x24\x64\x24\x5E\x24\x40\x1B\x28\x4A^"
     "\x1B\x24\x42\x24\x3F\x24"
     "\x6D\x24\x26\x1B\x28\x4A",
     "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"},
    {"I.2", "\\ISO 2022 IR 149", VR::PN,
     "Hong^Gildong=\x1B\x24\x29\x43\xFB\xF3^\x1B\x24\x29\x43\xD1\xCE\xD4\xD7=\x1B\x24\x29\x43\xC8"
     "\xAB^\x1B\x24\x29\x43\xB1\xE6\xB5\xBF",
     "Hong^Gildong=洪^吉洞=홍^길동"},
    {"J.1", "ISO_IR 192", VR::PN,
     "Wang^XiaoDong=\xE7\x8E\x8B^\xE5\xB0\x8F\xE6\x9D\xB1=", "Wang^XiaoDong=王^小東="},
    {"J.2", "ISO_IR 192", VR::LT,
     "The first line includes\xE4\xB8\xAD\xE6\x96\x87.\r\nThe second line "
     "includes\xE4\xB8\xAD\xE6\x96\x87, too.\r\nThe third line.\r\n",
     "The first line includes中文.\r\nThe second line includes中文, too.\r\nThe third line.\r\n"},
    {"J.3", "GB18030", VR::PN,
     "Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB=", "Wang^XiaoDong=王^小东="},
    {"J.3 in GBK", "GBK", VR::PN,
     "Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB=", "Wang^XiaoDong=王^小东="},
    {"J.4", "GB18030", VR::LT,
     "The first line includes\xD6\xD0\xCE\xC4.\r\nThe second line includes\xD6\xD0\xCE\xC4, "
     "too.\r\nThe third line.\r\n",
     "The first line includes中文.\r\nThe second line includes中文, too.\r\nThe third line.\r\n"},
    {"K.2", "\\ISO 2022 IR 58", VR::PN,
     "Zhang^XiaoDong=\x1B\x24\x29\x41\xD5\xC5^\x1B\x24\x29\x41\xD0\xA1\xB6\xAB=",
     "Zhang^XiaoDong=张^小东="},
    {"K.3", "\\ISO 2022 IR 58", VR::LT,
     "1.\x1B\x24\x29\x41\xB5\xDA\xD2\xBB\xD0\xD0\xCE\xC4\xD7\xD6\xA1\xA3\r\n"
     "2.\x1B\x24\x29\x41\xB5\xDA\xB6\xFE\xD0\xD0\xCE\xC4\xD7\xD6\xA1\xA3\r\n"
     "3.\x1B\x24\x29\x41\xB5\xDA\xC8\xFD\xD0\xD0\xCE\xC4\xD7\xD6\xA1\xA3\r\n",
     "1.第一行文字。\r\n2.第二行文字。\r\n3.第三行文字。\r\n"},
};

TEST(CharacterSetEncoder, WritesTheExamplesOfTheStandard) {
  for (const Example& one : kExamples) {
    const CharacterSet set{one.terms};
    EXPECT_EQ(set.from_utf8(one.text, one.vr), one.stored) << one.where;
    EXPECT_EQ(set.to_utf8(one.stored, one.vr), one.text) << one.where;
  }
}

TEST(CharacterSetEncoder, ReadsASetDesignatedBeforeItIsNeeded) {
  // PS3.5 §I.3: each line begins with the escape sequence, ASCII and Hangul follow mixed.
  const CharacterSet korean{"\\ISO 2022 IR 149"};
  EXPECT_EQ(
      korean.to_utf8("\x1B$)CThe first line includes \xC7\xD1\xB1\xDB.\r\n"
                     "\x1B$)CThe second line includes \xC7\xD1\xB1\xDB, too.\r\n"
                     "The third line",
                     VR::LT),
      "The first line includes 한글.\r\nThe second line includes 한글, too.\r\nThe third line");
  EXPECT_EQ(korean.from_utf8("includes 한글.\r\n글", VR::LT),
            "includes \x1B$)C\xC7\xD1\xB1\xDB.\r\n\x1B$)C\xB1\xDB");
}

TEST(CharacterSetEncoder, EverySingleByteSetGivesItsBytesBack) {
  for (const char* term :
       {"100", "101", "109", "110", "144", "127", "126", "138", "148", "203", "166", "13"}) {
    for (const char* form : {"ISO_IR ", "ISO 2022 IR "}) {
      const CharacterSet set{form + std::string{term}};
      int letters = 0;
      for (int byte = 0xA0; byte <= 0xFF; ++byte) {
        const std::string stored{static_cast<char>(byte)};
        const std::string text = set.to_utf8(stored, VR::LO);
        if (text == "\xEF\xBF\xBD") continue;
        EXPECT_EQ(set.from_utf8(text, VR::LO), stored) << form << term << " " << byte;
        ++letters;
      }
      EXPECT_GE(letters, 45) << form << term;
    }
  }
}

/// A set of two bytes: its whole table there and back. What vendors have added is only read,
/// and the tilde of JIS X 0212 comes back as that of ASCII.
TEST(CharacterSetEncoder, EverySetOfTwoBytesGivesItsLettersBack) {
  struct Table {
    const char* terms;
    const char* escape;
    int high;
    int letters;  // of the national standard; converters know more
  };
  for (const Table& table : {Table{"\\ISO 2022 IR 87", "\x1B$B", 0, 6879},
                             Table{"\\ISO 2022 IR 159", "\x1B$(D", 0, 6066},
                             Table{"\\ISO 2022 IR 149", "\x1B$)C", 0x80, 8226},
                             Table{"\\ISO 2022 IR 58", "\x1B$)A", 0x80, 7445}}) {
    const CharacterSet set{table.terms};
    int same = 0;
    for (int first = 0x21; first <= 0x7E; ++first) {
      for (int second = 0x21; second <= 0x7E; ++second) {
        std::string stored{table.escape};
        stored += static_cast<char>(first | table.high);
        stored += static_cast<char>(second | table.high);
        const std::string text = set.to_utf8(stored, VR::LO);
        if (text.find("\xEF\xBF\xBD") != std::string::npos) continue;
        EXPECT_EQ(text.find_first_of("\\^="), std::string::npos) << "a letter became a delimiter";
        const auto back = set.from_utf8(text, VR::LO);
        if (!back) continue;
        EXPECT_EQ(set.to_utf8(*back, VR::LO), text);
        if (back->starts_with(stored)) ++same;
      }
    }
    EXPECT_GE(same, table.letters) << table.terms;
  }
}

TEST(CharacterSetEncoder, RefusesWhatTheSetDoesNotHold) {
  EXPECT_EQ(CharacterSet{}.from_utf8("Müller", VR::PN), std::nullopt);
  EXPECT_EQ(CharacterSet{"ISO_IR 100"}.from_utf8("Wałęsa", VR::PN), std::nullopt);
  EXPECT_EQ(CharacterSet{"ISO_IR 100"}.from_utf8("\xEF\xBF\xBD", VR::PN), std::nullopt);
  EXPECT_EQ(CharacterSet{"\\ISO 2022 IR 87"}.from_utf8("홍", VR::PN), std::nullopt);
  EXPECT_EQ(CharacterSet{"\\ISO 2022 IR 87"}.from_utf8("ﾔﾏ", VR::PN), std::nullopt)
      << "katakana of one byte belong to IR 13";
  EXPECT_EQ(CharacterSet{"\\ISO 2022 IR 87"}.from_utf8("①", VR::LO), std::nullopt)
      << "NEC's row 13 is not in JIS X 0208";
  EXPECT_EQ(CharacterSet{"\\ISO 2022 IR 87"}.to_utf8("\x1B$B-!", VR::LO), "①");
  EXPECT_EQ(CharacterSet{"GBK"}.from_utf8("😀", VR::LO), std::nullopt);
  EXPECT_EQ(CharacterSet{"KLINGON"}.from_utf8("é", VR::LO), std::nullopt);
  EXPECT_EQ(CharacterSet{"\\ISO 2022 IR 87"}.from_utf8("a\x1B$Bb", VR::LO), std::nullopt)
      << "text must not bring in escape sequences";
  EXPECT_EQ((CharacterSet{"KLINGON\\VULCAN"}.from_utf8("a\x1B$Bb", VR::LO)), std::nullopt);
  EXPECT_EQ(CharacterSet{"ISO_IR 100"}.from_utf8("a\x1B$Bé", VR::LO), "a\x1B$B\xE9")
      << "where nobody looks for them, they are text";
}

TEST(CharacterSetEncoder, UsesOnlyTheSetsThatAreNamed) {
  // é is in Latin 1, Б in the Cyrillic set, α in the Greek one.
  const CharacterSet two{"ISO 2022 IR 100\\ISO 2022 IR 144"};
  EXPECT_EQ(two.from_utf8("éБ", VR::LO), "\xE9\x1B-L\xB1\x1B-A");
  EXPECT_EQ(two.from_utf8("α", VR::LO), std::nullopt);
}

TEST(CharacterSetEncoder, ReturnsToTheFirstSetBeforeDelimitersAndLines) {
  const CharacterSet set{"ISO 2022 IR 100\\ISO 2022 IR 144"};
  EXPECT_EQ(set.from_utf8("Б^Б=Б", VR::PN), "\x1B-L\xB1\x1B-A^\x1B-L\xB1\x1B-A=\x1B-L\xB1\x1B-A");
  EXPECT_EQ(set.from_utf8("Б\\é", VR::LO), "\x1B-L\xB1\x1B-A\\\xE9");
  EXPECT_EQ(set.from_utf8("Б^Б\\", VR::LT), "\x1B-L\xB1^\xB1\\\x1B-A") << "no delimiters there";
  EXPECT_EQ(set.from_utf8("Б\r\né", VR::LT), "\x1B-L\xB1\x1B-A\r\n\xE9");
  const CharacterSet kanji{"\\ISO 2022 IR 87"};
  EXPECT_EQ(kanji.from_utf8("山 田\t山", VR::LO), "\x1B$B;3\x1B(B \x1B$BED\x1B(B\t\x1B$B;3\x1B(B");
}

TEST(CharacterSetEncoder, TellsBackslashFromYen) {
  const CharacterSet japanese{"ISO_IR 13"};
  EXPECT_EQ(japanese.from_utf8("¥100‾", VR::LT), "\\100~");
  EXPECT_EQ(japanese.from_utf8("a\\ｱ", VR::LO), "a\\\xB1") << "the delimiter of values";
  EXPECT_EQ(japanese.from_utf8("¥ｱ", VR::LO), std::nullopt) << "would be a delimiter";
  EXPECT_EQ(japanese.from_utf8("a\\b", VR::LT), std::nullopt) << "JIS X 0201 has no backslash";
  EXPECT_EQ(japanese.from_utf8("/~a", VR::UR), "/~a") << "no VR of the set's";
  EXPECT_EQ(japanese.to_utf8("/~a", VR::UR), "/~a");
  EXPECT_EQ(japanese.to_utf8("~\xB1", VR::CS), "~ｱ");
  EXPECT_EQ(japanese.from_utf8("~ｱ", VR::CS), "~\xB1");
  // With ASCII named beside it, it can be switched to.
  EXPECT_EQ((CharacterSet{"ISO 2022 IR 13\\ISO 2022 IR 6"}.from_utf8("a\\ｱ", VR::LT)),
            "a\x1B(B\\\xB1\x1B(J");
}

/// Random text of the letters of all named sets: it must come back from its bytes.
TEST(CharacterSetEncoder, GeneratedTextComesBack) {
  struct Mix {
    const char* terms;
    const char* letters;
  };
  std::mt19937 random{3};
  for (const Mix& mix :
       {Mix{"ISO_IR 100", "aé ßÿ-ñ"}, Mix{"ISO_IR 144", "Люкceмбypг"},
        Mix{"ISO_IR 127", "قباني لنزار"}, Mix{"ISO_IR 138", "שרון דבורה"},
        Mix{"ISO_IR 166", "กขแไ1"}, Mix{"ISO_IR 13", "ﾔﾏﾀﾞab"}, Mix{"ISO_IR 192", "é山한😀กa"},
        Mix{"GB18030", "é山한😀กa乗"}, Mix{"GBK", "王小东a乗é"},
        Mix{"ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126", "aéБα ßЮΩ"},
        Mix{"ISO 2022 IR 13\\ISO 2022 IR 87", "ﾔaﾏ山田 やカー"},
        Mix{"\\ISO 2022 IR 87\\ISO 2022 IR 159", "a山丂 田b"},
        Mix{"\\ISO 2022 IR 149", "a홍길 洪동"}, Mix{"\\ISO 2022 IR 58", "a张小 东"},
        Mix{"ISO 2022 IR 101\\ISO 2022 IR 87\\ISO 2022 IR 149\\ISO 2022 IR 58", "ał山홍东 ę"}}) {
    const CharacterSet set{mix.terms};
    std::vector<std::string> letters{"^", "=", "\\"};
    for (std::size_t at = 0; at < std::string_view{mix.letters}.size();) {
      const std::size_t start = at;
      ASSERT_TRUE(code_sets::next_letter(mix.letters, at));
      letters.emplace_back(mix.letters + start, at - start);
    }
    for (int round = 0; round < 300; ++round) {
      std::string text;
      for (unsigned i = 0; i < random() % 20; ++i) text += letters[random() % letters.size()];
      const auto stored = set.from_utf8(text, VR::PN);
      ASSERT_TRUE(stored) << mix.terms << " " << text;
      ASSERT_EQ(set.to_utf8(*stored, VR::PN), text) << mix.terms;
    }
  }
}

}  // namespace
}  // namespace pacs
