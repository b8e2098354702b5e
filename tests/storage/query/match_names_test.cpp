#include <gtest/gtest.h>

#include <algorithm>

#include "storage/index/fold.h"
#include "storage/query/name_match.h"
#include "storage/query/phonetic.h"

namespace pacs::storage {
namespace {

bool literally(std::string_view key, std::string_view name) {
  return name_matches(key, name, false);
}
bool alike(std::string_view key, std::string_view name) {
  return name_matches(key, name, true);
}

constexpr std::string_view kYamada = "Yamada^Tarou=山田^太郎=やまだ^たろう";

TEST(MatchNames, ExamplesOfTheStandard) {
  // PS3.4 §C.2.2.2.1.1 Note: "Wang^XiaoDong=王^小東" "may or may not match" its groups; here the
  // groups of a name are found by each of them.
  EXPECT_TRUE(literally("Wang^XiaoDong", "Wang^XiaoDong=王^小東"));
  EXPECT_TRUE(literally("王^小東", "Wang^XiaoDong=王^小東"));
  EXPECT_TRUE(literally("*Wang^XiaoDong*", "Wang^XiaoDong=王^小東"));
  EXPECT_TRUE(literally("*王^小東*", "Wang^XiaoDong=王^小東"));
  EXPECT_TRUE(literally("Wang^XiaoDong=王^小東", "Wang^XiaoDong=王^小東="));
  // Note 1: "a" finds à, ã, ă and Á, but not ŕ.
  for (const char* accented : {"à", "ã", "ă", "Á"}) EXPECT_TRUE(literally("a", accented));
  EXPECT_FALSE(literally("a", "ŕ"));
  // On fuzzy matching: "a query for "Swain" might well return "Swayne"", and "a query for
  // "Smith^Mary" might well return "Mary^Smith" or "Mary Smith" or "Smith, Mary"".
  EXPECT_TRUE(alike("Swain", "Swayne"));
  for (const char* name : {"Mary^Smith", "Mary Smith", "Smith, Mary"}) {
    EXPECT_TRUE(alike("Smith^Mary", name)) << name;
    EXPECT_FALSE(literally("Smith^Mary", name)) << name;
  }
  // PS3.4 §C.2.2.2.4 Note 3: "*=*" is as good as "*" here.
  EXPECT_TRUE(literally("*=*", "Doe^John"));
  EXPECT_TRUE(literally("*=*=*", kYamada));
}

TEST(MatchNames, CaseDiacriticsAndWidthDoNotCount) {
  EXPECT_TRUE(literally("doe^john", "Doe^John"));
  EXPECT_TRUE(literally("Walesa^Lech", "Wałęsa^Lech"));
  EXPECT_TRUE(literally("Wałęsa^Lech", "WALESA^LECH"));
  EXPECT_TRUE(literally("strasse", "Straße"));
  EXPECT_TRUE(literally("Διονύσιος", "ΔΙΟΝΥΣΙΟΣ"));
  EXPECT_TRUE(literally("yamada", "Ｙａｍａｄａ"));
  EXPECT_TRUE(literally("ヤマダ", "ﾔﾏﾀﾞ"));
  EXPECT_FALSE(literally("ヤマタ", "ﾔﾏﾀﾞ"));
  EXPECT_FALSE(literally("ﾔﾏﾀ", "ﾔﾏﾀﾞ"));
  EXPECT_TRUE(literally("احمد", "أَحْمَد"));
}

// Half-width kana have the mark behind the letter, full-width ones within it; a name is found
// whichever its writer and the one who asks have.
TEST(MatchNames, TheVoicingMarkOfAKanaIsACharacterOfItsOwnForWildcards) {
  for (const char* name : {"ﾔﾏﾀﾞ", "ヤマダ", "ﾔﾏﾀﾞ^ﾊﾅｺ", "ヤマダ^ハナコ"}) {
    for (const char* key :
         {"ﾔﾏﾀ*", "ﾔ?ﾀ*", "ﾔﾏﾀﾞ*", "ヤマタ*", "ヤマダ*", "ヤ?ダ*", "*ﾀﾞ*", "*ﾞ*"}) {
      EXPECT_TRUE(literally(key, name)) << key << " " << name;
    }
    EXPECT_FALSE(literally("ﾔﾏﾁ*", name)) << name;
  }
  for (const char* name : {"ﾔﾏﾀﾞ", "ヤマダ"}) {
    for (const char* key : {"ﾔﾏ??", "ﾔﾏ?", "ヤマ?", "?マダ", "???", "????", "ﾔﾏﾀ?"}) {
      EXPECT_TRUE(literally(key, name)) << key << " " << name;
    }
    EXPECT_FALSE(literally("??", name)) << name;
    EXPECT_FALSE(literally("?????", name)) << name;
  }
  EXPECT_TRUE(literally("ﾊ*", "ﾊﾟｸ")) << "the other mark";
  EXPECT_TRUE(literally("ﾊ?ｸ", "パク"));
  EXPECT_TRUE(literally("は*", "ばば")) << "hiragana";
  EXPECT_TRUE(literally("ウ*", "ヴィ"));
}

TEST(MatchNames, EmptyComponentsAtTheEndAndSpacesDoNotCount) {
  EXPECT_TRUE(literally("Doe^John", "Doe^John^^^"));
  EXPECT_TRUE(literally("Doe^John^^^", "Doe^John"));
  EXPECT_TRUE(literally("Doe^John", " Doe ^ John =="));
  EXPECT_FALSE(literally("Doe^John", "Doe^^John"));
  EXPECT_FALSE(literally("Doe", "Doe^John")) << "the given name is part of the value";
}

TEST(MatchNames, WildcardsCrossComponents) {
  EXPECT_TRUE(literally("DOE*", "Doe^John"));
  EXPECT_TRUE(literally("*john*", "Doe^John^A"));
  EXPECT_TRUE(literally("Do?^J*n", "Doe^John"));
  EXPECT_FALSE(literally("D?^*", "Doe^John"));
  EXPECT_TRUE(literally("M?ller", "Müller"));
}

TEST(MatchNames, StarsAtTheEndAlsoStandForNothing) {
  EXPECT_TRUE(literally("DOE^*", "Doe^John"));
  EXPECT_TRUE(literally("DOE^*", "Doe"));
  EXPECT_TRUE(literally("DOE^*^*", "Doe"));
  EXPECT_TRUE(literally("DOE^*^*", "Doe^John"));
  EXPECT_FALSE(literally("DOE^J*", "Doe"));
  EXPECT_FALSE(literally("DOE^*", "Doering"));
}

TEST(MatchNames, ByComponentGroup) {
  for (const char* key :
       {"Yamada^Tarou", "山田^太郎", "やまだ^たろう", "山田*", "yamada*", "*太郎", "=山田^太郎",
        "==やまだ*", "Yamada*=山田*", "Yamada^Tarou=山田^太郎=", "Yamada^Tarou==やまだ^たろう"}) {
    EXPECT_TRUE(literally(key, kYamada)) << key;
  }
  for (const char* key : {"=Yamada^Tarou", "山田^太郎=Yamada^Tarou", "Yamada^Tarou=鈴木*", "山田",
                          "Yamada^Tarou=山田^太郎=たろう*"}) {
    EXPECT_FALSE(literally(key, kYamada)) << key;
  }
}

TEST(MatchNames, AnEmptyKeyIsUniversal) {
  EXPECT_TRUE(literally("", "Doe"));
  EXPECT_TRUE(literally("^^=", "Doe"));
}

TEST(MatchNames, AnyOfSeveralNames) {
  EXPECT_TRUE(literally("Roe^Jane", "Doe^John\\Roe^Jane^^"));
  EXPECT_FALSE(literally("Doe^John*Jane", "Doe^John\\Roe^Jane"));
}

TEST(MatchNames, FoldedNamesMatchAsTheyWere) {
  const NameKey key{"wałęsa^*", false};
  EXPECT_TRUE(key.matches_folded(fold_name("Wałęsa^Lech")));
  EXPECT_FALSE(key.matches_folded(fold_name("Doe^Lech")));
}

TEST(MatchNames, FuzzySpellings) {
  struct Pair {
    const char* key;
    const char* name;
  };
  for (const Pair& pair :
       {Pair{"Meyer", "Maier"}, Pair{"Smith", "Smyth"}, Pair{"Smith", "Schmidt"},
        Pair{"Catherine", "Kathryn"}, Pair{"Stephen", "Steven"}, Pair{"Thompson", "Thomson"},
        Pair{"Mueller", "Müller"}, Pair{"Jonson^Jon", "Johnson^John"},
        Pair{"Moskowitz", "Moskovitz"}, Pair{"Peterson", "Petersen"},
        Pair{"Tschaikowski", "Chaikovsky"}, Pair{"Van der Berg", "Vanderberg"},
        Pair{"O'Brien", "OBrien"}, Pair{"Smith-Jones", "Jones Smith"},
        Pair{"Smith^J", "Smith^John"}, Pair{"Smith^John", "Smith^J."}, Pair{"Smiht", "Smith"},
        Pair{"Иванов", "Иваноф"}}) {
    EXPECT_TRUE(alike(pair.key, pair.name)) << pair.key << " " << pair.name;
    EXPECT_TRUE(alike(pair.name, pair.key)) << pair.key << " " << pair.name;
  }
  for (const Pair& pair : {Pair{"Smith", "Jones"}, Pair{"Ann", "Emma"}, Pair{"Lopez", "Lewis"},
                           Pair{"Smith^Mary", "Smith^John"}, Pair{"Smith^Mary", "Smith"},
                           Pair{"Mary^Mary", "Mary^Smith"}, Pair{"Brown", "Green"},
                           Pair{"山田", "山本"}, Pair{"山", "山田"}, Pair{"Smith", ""}}) {
    EXPECT_FALSE(alike(pair.key, pair.name)) << pair.key << " " << pair.name;
  }
}

TEST(MatchNames, FuzzyKana) {
  EXPECT_TRUE(alike("ヤマダ^タロウ", kYamada)) << "hiragana as katakana";
  EXPECT_TRUE(alike("ﾔﾏﾀﾞ", kYamada));
  EXPECT_TRUE(alike("タロー", "タロ"));
  EXPECT_FALSE(alike("スズキ", kYamada));
}

TEST(MatchNames, FuzzyKeysMayHaveWildcards) {
  EXPECT_TRUE(alike("mar* smi*", "Smith^Mary"));
  EXPECT_FALSE(alike("mar* smi*", "Smith^John"));
  EXPECT_TRUE(alike("Smyth^*", "Smith^John"));
}

TEST(MatchNames, FuzzyKeepsGroupsApart) {
  EXPECT_TRUE(alike("=山田^太郎", kYamada));
  EXPECT_TRUE(alike("Jamada^Taro", "Yamada^Tarou=山田^太郎"));
  EXPECT_FALSE(alike("=Yamada", kYamada));
}

TEST(DaitchMokotoff, CodesOfTheAuthors) {
  // The examples that go with the published table.
  struct Word {
    const char* word;
    std::vector<std::string> codes;
  };
  for (const Word& one :
       {Word{"MOSKOWITZ", {"645740"}}, Word{"MOSKOVITZ", {"645740"}},
        Word{"AUERBACH", {"097400", "097500"}}, Word{"OHRBACH", {"097400", "097500"}},
        Word{"LIPSHITZ", {"874400"}}, Word{"LIPPSZYC", {"874400", "874500"}},
        Word{"LEWINSKY", {"876450"}}, Word{"LEVINSKI", {"876450"}}, Word{"SZLAMAWICZ", {"486740"}},
        Word{"SHLAMOVITZ", {"486740"}}, Word{"PETERS", {"734000", "739400"}}}) {
    EXPECT_EQ(daitch_mokotoff(one.word), one.codes) << one.word;
  }
}

TEST(DaitchMokotoff, OtherScriptsHaveNoCode) {
  EXPECT_TRUE(daitch_mokotoff("").empty());
  EXPECT_TRUE(daitch_mokotoff("山田").empty());
  EXPECT_EQ(daitch_mokotoff("O'BRIEN"), daitch_mokotoff("OBRIEN"));
}

TEST(FoldName, IsWhatTheIndexHolds) {
  EXPECT_EQ(fold_name(" Doe ^John^^"), "DOE^JOHN");
  EXPECT_EQ(fold_name("Doe^^Q="), "DOE^^Q");
  EXPECT_EQ(fold_name("Doe==^^"), "DOE");
  EXPECT_EQ(fold_name("a^=b\\c^\\"), "A=B\\C\\");
  EXPECT_EQ(fold_name("Łódź^Æ"), "LODZ^AE");
  EXPECT_EQ(fold_name("a＾b＝c"), "A B C") << "wide delimiters are text";
  EXPECT_EQ(fold_name(""), "");
  for (const char* name : {"Łódź^Æ", "a＾b", "ﾔﾏﾀﾞ ^ x==", "\xFF^\xC3"}) {
    EXPECT_EQ(fold_name(fold_name(name)), fold_name(name)) << name;
  }
}

}  // namespace
}  // namespace pacs::storage
