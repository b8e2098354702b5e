#include "storage/index/fold.h"

#include <gtest/gtest.h>

namespace pacs::storage {
namespace {

TEST(Fold, MakesAsciiUpperCase) {
  EXPECT_EQ(fold(""), "");
  EXPECT_EQ(fold("Doe^John"), "DOE^JOHN");
  EXPECT_EQ(fold("o'Brien-2*?"), "O'BRIEN-2*?");
}

TEST(Fold, RemovesDiacritics) {
  EXPECT_EQ(fold("Müller^Jürgen"), "MULLER^JURGEN");
  EXPECT_EQ(fold("Buc^Jérôme"), "BUC^JEROME");
  EXPECT_EQ(fold("Äneas"), fold("A\u0308neas")) << "composed and decomposed are one";
  EXPECT_EQ(fold("Dvořák"), "DVORAK");
  EXPECT_EQ(fold("Διονυσιος"), fold("Διονύσιος"));
  EXPECT_EQ(fold("Люкceмбypг"), fold("ЛЮКCEМБYPГ"));
}

TEST(Fold, SharpSIsTwoLetters) {
  EXPECT_EQ(fold("Straße"), "STRASSE");
  EXPECT_EQ(fold("STRAẞE"), "STRASSE");
}

TEST(Fold, UnifiesWidth) {
  EXPECT_EQ(fold("ＹＡＭＡＤＡ"), "YAMADA");
}

TEST(Fold, LeavesOtherScriptsWhole) {
  EXPECT_EQ(fold("山田^太郎"), "山田^太郎");
  EXPECT_EQ(fold("김^희중"), "김^희중");
  EXPECT_NE(fold("カ"), fold("ガ")) << "another letter";
}

TEST(Fold, VoicingMarksAreCharactersOfTheirOwn) {
  EXPECT_EQ(fold("ﾔﾏﾀﾞ"), "ヤマタ\u3099");
  EXPECT_EQ(fold("ヤマダ"), "ヤマタ\u3099");
  EXPECT_EQ(fold("ぱ"), "は\u309A");
  EXPECT_EQ(with_voiced_kana(fold("ﾔﾏﾀﾞ^ぱ")), "ヤマダ^ぱ");
  EXPECT_TRUE(has_voicing_mark(fold("ﾔﾏﾀﾞ")));
  EXPECT_TRUE(has_voicing_mark(fold("ぱ")));
  EXPECT_FALSE(has_voicing_mark(fold("ﾔﾏﾀ")));
}

TEST(Fold, TakesWhatIsNotUtf8) {
  EXPECT_FALSE(fold("\xFF\xFE\x41").empty());
}

TEST(Fold, IsItsOwnFold) {
  for (const char* text : {"Müller", "Straße", "STRAẞE", "ガ", "Διονύσιος", "ǅ"}) {
    EXPECT_EQ(fold(fold(text)), fold(text)) << text;
  }
}

}  // namespace
}  // namespace pacs::storage
