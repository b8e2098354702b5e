#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "encoding/character_sets/character_set.h"
#include "tests/encoding/sample_files.h"

namespace pacs {
namespace {

DataSet read(const std::string& name) {
  const auto file = read_file(test::kSampleRoot / "charset_files" / name);
  EXPECT_TRUE(file) << name;
  return file ? file->data_set : DataSet{};
}

struct Sample {
  const char* file;
  const char* name;
};
// What pydicom's own tests expect of its charset_files.
constexpr Sample kSamples[] = {
    {"chrArab.dcm", "قباني^لنزار"},
    {"chrFren.dcm", "Buc^Jérôme"},
    {"chrFrenMulti.dcm", "Buc^Jérôme"},
    {"chrGerm.dcm", "Äneas^Rüdiger"},
    {"chrGreek.dcm", "Διονυσιος"},
    {"chrH31.dcm", "Yamada^Tarou=山田^太郎=やまだ^たろう"},
    {"chrH32.dcm", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"},
    {"chrHbrw.dcm", "שרון^דבורה"},
    {"chrI2.dcm", "Hong^Gildong=洪^吉洞=홍^길동"},
    {"chrJapMulti.dcm", "やまだ^たろう"},
    {"chrJapMultiExplicitIR6.dcm", "やまだ^たろう"},
    {"chrKoreanMulti.dcm", "김희중"},
    {"chrRuss.dcm", "Люкceмбypг"},
    {"chrX1.dcm", "Wang^XiaoDong=王^小東="},
    {"chrX2.dcm", "Wang^XiaoDong=王^小东="},
};

TEST(DataSetInUtf8, ReadsEverySample) {
  for (const Sample& sample : kSamples) {
    const DataSet utf8 = to_utf8(read(sample.file));
    EXPECT_EQ(utf8.text(tags::PatientName), sample.name) << sample.file;
    EXPECT_EQ(utf8.text(tags::SpecificCharacterSet), "ISO_IR 192") << sample.file;
  }
}

TEST(DataSetInUtf8, SamplesComeBackInTheirOwnSetByteForByte) {
  for (const Sample& sample : kSamples) {
    // Its writer designated ASCII anew where that had never gone.
    if (sample.file == std::string_view{"chrKoreanMulti.dcm"}) continue;
    const DataSet stored = read(sample.file);
    const DataSet back = in_character_set(to_utf8(stored), CharacterSet::of(stored));
    for (const Element& element : stored) {
      const Element* other = back.find(element.tag());
      ASSERT_NE(other, nullptr) << sample.file << element.tag().to_string();
      EXPECT_EQ(other->text(), element.text()) << sample.file << element.tag().to_string();
    }
  }
}

TEST(DataSetInUtf8, KoreanComesBackWithoutNeedlessEscapeSequences) {
  const DataSet stored = read("chrKoreanMulti.dcm");
  const DataSet back = in_character_set(to_utf8(stored), CharacterSet::of(stored));
  EXPECT_EQ(stored.text(tags::PatientName), "\x1B$)C\xB1\xE8\xC8\xF1\xC1\xDF\x1B(B");
  EXPECT_EQ(back.text(tags::PatientName), "\x1B$)C\xB1\xE8\xC8\xF1\xC1\xDF");
  EXPECT_TRUE(equal_content(to_utf8(back), to_utf8(stored)));
}

TEST(DataSetInUtf8, SamplesAnswerInUtf8WhenTheWantedSetDoesNotHoldThem) {
  for (const Sample& sample : kSamples) {
    const DataSet utf8 = to_utf8(read(sample.file));
    const DataSet answer = in_character_set(utf8, CharacterSet{"ISO_IR 166"});
    EXPECT_TRUE(equal_content(answer, utf8)) << sample.file;
  }
}

TEST(DataSetInUtf8, AnItemMayHaveItsOwnSet) {
  for (const char* name : {"chrSQEncoding.dcm", "chrSQEncoding1.dcm"}) {
    const DataSet utf8 = to_utf8(read(name));
    const Sequence& items = utf8.items(tags::RequestedProcedureCodeSequence);
    ASSERT_EQ(items.size(), 1U) << name;
    EXPECT_EQ(items[0].data_set.text(tags::PatientName), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう")
        << name;
    EXPECT_FALSE(items[0].data_set.contains(tags::SpecificCharacterSet)) << name;
    EXPECT_EQ(utf8.text(tags::SpecificCharacterSet), "ISO_IR 192") << name;
  }
}

TEST(DataSetInUtf8, AsciiNeedsNoLabel) {
  DataSet ascii;
  ascii.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
  ascii.set_text(tags::PatientName, "Doe^John");
  EXPECT_FALSE(to_utf8(ascii).contains(tags::SpecificCharacterSet));
  EXPECT_FALSE(
      in_character_set(ascii, CharacterSet{"ISO_IR 144"}).contains(tags::SpecificCharacterSet));
}

TEST(DataSetInUtf8, SaysInWhichSetItIs) {
  DataSet utf8;
  utf8.set_text(tags::PatientName, "Wałęsa");
  const DataSet latin2 = in_character_set(utf8, CharacterSet{"ISO_IR 101"});
  EXPECT_EQ(latin2.text(tags::SpecificCharacterSet), "ISO_IR 101");
  EXPECT_EQ(latin2.text(tags::PatientName), "Wa\xB3\xEAsa");
  const DataSet mixed = in_character_set(utf8, CharacterSet{"ISO 2022 IR 101\\ISO 2022 IR 87"});
  EXPECT_EQ(mixed.text(tags::SpecificCharacterSet), "ISO 2022 IR 101\\ISO 2022 IR 87");
}

TEST(DataSetInUtf8, OneLetterTooManyMakesTheWholeAnswerUtf8) {
  DataSet item;
  item.set_text(tags::CodeMeaning, "東京");
  DataSet utf8;
  utf8.set_text(tags::PatientName, "Wałęsa");
  utf8.set_items(tags::ProcedureCodeSequence, {Item{item}});
  const DataSet answer = in_character_set(utf8, CharacterSet{"ISO_IR 101"});
  EXPECT_EQ(answer.text(tags::SpecificCharacterSet), "ISO_IR 192");
  EXPECT_EQ(answer.text(tags::PatientName), "Wałęsa");
  EXPECT_EQ(answer.items(tags::ProcedureCodeSequence)[0].data_set.text(tags::CodeMeaning), "東京");
}

TEST(DataSetInUtf8, InvalidTextIsShownWithReplacementCharacters) {
  DataSet stored;
  stored.set_text(tags::PatientName, "M\xFCller");
  const std::string before{stored.text(tags::PatientName)};
  EXPECT_EQ(to_utf8(stored).text(tags::PatientName), "M\xEF\xBF\xBDller");
  EXPECT_EQ(stored.text(tags::PatientName), before) << "the object keeps its bytes";
}

TEST(DataSetInUtf8, SpacesBeforeTheLastEscapeSequenceArePadding) {
  DataSet stored;
  stored.set_text(tags::SpecificCharacterSet, "ISO 2022 IR 13\\ISO 2022 IR 149");
  stored.set_text(tags::PatientName, "\xD4\xCF\xC0\xDE  \x1B$)C");
  const DataSet utf8 = to_utf8(stored);
  EXPECT_EQ(as_text(utf8.find(tags::PatientName)->value()), "ﾔﾏﾀﾞ");
  EXPECT_TRUE(equal_content(to_utf8(in_character_set(utf8, CharacterSet{"GB18030"})), utf8));
}

TEST(DataSetInUtf8, WhatIsNoTextStaysAsItIs) {
  const Tag unknown{0x0009, 0x1001};
  DataSet stored;
  stored.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
  stored.set_bytes(unknown, VR::UN, Bytes{std::byte{0xE9}, std::byte{0x20}});
  stored.set_text(tags::PatientName, "J\xE9r\xF4me");
  const DataSet utf8 = to_utf8(stored);
  ASSERT_TRUE(utf8.contains(unknown));
  EXPECT_TRUE(equal_content(*utf8.find(unknown), *stored.find(unknown)));
}

TEST(DataSetInUtf8, LivesLongerThanItsSource) {
  DataSet utf8;
  {
    const DataSet stored = read("chrSQEncoding1.dcm");
    utf8 = to_utf8(stored);
  }
  EXPECT_EQ(utf8.items(tags::RequestedProcedureCodeSequence)[0].data_set.text(tags::PatientName),
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう");
}

TEST(DataSetText, IsSomeInItsCharacterSet) {
  for (const Sample& sample : kSamples) {
    const Result<> checked = check_text(read(sample.file));
    EXPECT_TRUE(checked) << sample.file << ": " << checked.error().to_string();
  }
  DataSet replaced;
  replaced.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
  replaced.set_text(tags::PatientName, "M\xEF\xBF\xBDller");
  EXPECT_TRUE(check_text(replaced)) << "U+FFFD came so, and is kept";
  EXPECT_TRUE(check_text(DataSet{}));
}

TEST(DataSetText, ThatCannotBeDecodedIsNamedWithWhatItWouldNeed) {
  struct Row {
    const char *terms, *text, *why;
  };
  for (const Row& row : {Row{"", "L\xF6rrach", "needs a SpecificCharacterSet"},
                         Row{"ISO_IR 6", "L\xF6rrach", "cannot be read as ISO_IR 6"},
                         Row{"ISO_IR 192", "L\xF6rrach", "cannot be read as ISO_IR 192"},
                         Row{"ISO_IR 101\\ISO 2022 IR 87", "\x1B(9x",
                             "cannot be read as ISO_IR 101\\ISO 2022 IR 87"}}) {
    DataSet item, data_set;
    item.set_text(tags::ScheduledProcedureStepDescription, row.text);
    data_set.set_text(tags::PatientName, "Doe");
    data_set.set_text(tags::SpecificCharacterSet, row.terms);
    data_set.set_items(tags::ScheduledProcedureStepSequence, {{item}});
    const Result<> checked = check_text(data_set);
    ASSERT_FALSE(checked) << row.terms;
    EXPECT_EQ(checked.error().tag, tags::ScheduledProcedureStepDescription) << row.terms;
    EXPECT_EQ(checked.error().message, row.why);
  }
}

TEST(DataSetText, AnUnknownTermIsNamedItselfWhereverItStands) {
  DataSet item, data_set;
  item.set_text(tags::SpecificCharacterSet, "ISO_IR 999");
  data_set.set_items(tags::ScheduledProcedureStepSequence, {{item}});
  const Result<> checked = check_text(data_set);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().tag, tags::SpecificCharacterSet);
}

}  // namespace
}  // namespace pacs
