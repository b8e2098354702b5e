#include "apps/options/query_options.h"

#include <fstream>

#include <gmock/gmock.h>

#include "core/dicom_tags.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::apps {
namespace {

using testing::HasSubstr;

DataSet identifier(const QueryOptions& options) {
  Result<DataSet> made = make_identifier(options);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? std::move(*made) : DataSet{};
}

TEST(QueryOptions, TheLevelIsTheOptionsTheKeysOrStudy) {
  EXPECT_EQ(identifier({}).text(tags::QueryRetrieveLevel), "STUDY");
  EXPECT_EQ(identifier({.keys = {"0008,0052=SERIES"}}).text(tags::QueryRetrieveLevel), "SERIES");
  EXPECT_EQ(
      identifier({.level = "image", .keys = {"0008,0052=SERIES"}}).text(tags::QueryRetrieveLevel),
      "IMAGE");
  EXPECT_EQ(identifier({.level = "instance"}).text(tags::QueryRetrieveLevel), "IMAGE");
  EXPECT_THAT(make_identifier({.level = "WARD"}).error().message, HasSubstr("is not a level"));
}

TEST(QueryOptions, InAWorklistAttributesOfAStepAreFoundInItsSequence) {
  const auto made = make_worklist_identifier(
      {.keys = {"Modality=CT", "PatientID=P1",
                "ScheduledProcedureStepSequence[0].ScheduledStationAETitle=CT1"}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->contains(tags::QueryRetrieveLevel));
  EXPECT_FALSE(made->contains(tags::Modality));
  EXPECT_EQ(made->text(tags::PatientID), "P1");
  const Sequence& steps = made->items(tags::ScheduledProcedureStepSequence);
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps.front().data_set.text(tags::Modality), "CT");
  EXPECT_EQ(steps.front().data_set.text(tags::ScheduledStationAETitle), "CT1");
}

TEST(QueryOptions, TextThatIsNotAsciiIsLabelled) {
  EXPECT_FALSE(identifier({.keys = {"PatientName=DOE*"}}).contains(tags::SpecificCharacterSet));
  const DataSet utf8 = identifier({.keys = {"PatientName=M\xC3\xBCller"}});
  EXPECT_EQ(utf8.text(tags::SpecificCharacterSet), "ISO_IR 192");
  EXPECT_EQ(utf8.text(tags::PatientName), "M\xC3\xBCller");
}

TEST(QueryOptions, TextIsSentInTheCharacterSetAskedFor) {
  const DataSet latin1 =
      identifier({.keys = {"PatientName=M\xC3\xBCller"}, .character_set = "ISO_IR 100"});
  EXPECT_EQ(latin1.text(tags::SpecificCharacterSet), "ISO_IR 100");
  EXPECT_EQ(latin1.text(tags::PatientName), "M\xFCller");
  EXPECT_THAT(make_identifier({.keys = {"PatientName=\xE5\xB1\xB1"}, .character_set = "ISO_IR 100"})
                  .error()
                  .message,
              HasSubstr("characters that ISO_IR 100 does not have"));
  EXPECT_THAT(make_identifier({.keys = {"PatientName=\xE5\xB1\xB1"}, .character_set = "LATIN"})
                  .error()
                  .message,
              HasSubstr("not a Specific Character Set"));
}

TEST(QueryOptions, TheCharacterSetMayBeWrittenAsAKey) {
  for (const char* key : {"SpecificCharacterSet=ISO_IR 100", "(0008,0005)=ISO_IR 100"}) {
    const QueryOptions options{.keys = {key, "PatientName=\xC3\x85se*"}};
    EXPECT_EQ(identifier(options).text(tags::SpecificCharacterSet), "ISO_IR 100") << key;
    EXPECT_EQ(identifier(options).text(tags::PatientName), "\xC5se*") << key;
    const auto worklist = make_worklist_identifier(options);
    ASSERT_TRUE(worklist);
    EXPECT_EQ(worklist->text(tags::SpecificCharacterSet), "ISO_IR 100") << key;
    EXPECT_EQ(worklist->text(tags::PatientName), "\xC5se*") << key;
  }
  EXPECT_EQ(identifier({.keys = {"SpecificCharacterSet", "PatientName=\xC3\x85se*"}})
                .text(tags::SpecificCharacterSet),
            "ISO_IR 192")
      << "without a value it says nothing";
  EXPECT_EQ(identifier({.keys = {"SpecificCharacterSet=ISO_IR 100", "PatientName=\xC3\x85se*"},
                        .character_set = "ISO_IR 100"})
                .text(tags::PatientName),
            "\xC5se*");
  for (const auto& made :
       {make_identifier({.keys = {"SpecificCharacterSet=ISO_IR 100"}, .character_set = "GB18030"}),
        make_identifier({.keys = {"SpecificCharacterSet=ISO_IR 100", "0008,0005=ISO_IR 101"}})}) {
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, ErrorKind::InvalidArgument);
    EXPECT_THAT(made.error().message, HasSubstr("the character set is already \""));
  }
}

TEST(QueryOptions, AnElementIsGivenOneValue) {
  const auto two = make_identifier({.keys = {"PatientID=Q1", "0010,0020=Q2"}});
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().kind, ErrorKind::InvalidArgument);
  EXPECT_EQ(two.error().message,
            "-k 0010,0020=Q2: PatientID is already \"Q1\"; write a list as one key: -k "
            "'PatientID=Q1\\Q2'");
  EXPECT_FALSE(make_worklist_identifier(
      {.keys = {"Modality=CT", "ScheduledProcedureStepSequence[0].Modality=MR"}}));
  EXPECT_EQ(
      identifier({.keys = {"PatientID=Q1", "PatientID", "PatientID=Q1"}}).text(tags::PatientID),
      "Q1");
}

TEST(QueryOptions, KeysGoOverThoseOfAFile) {
  const storage::test::TemporaryFolder folder;
  const std::string path = folder.path() / "keys.json";
  std::ofstream{path} << R"({"00100020":{"vr":"LO","Value":["P1"]},)"
                      << R"("00100010":{"vr":"PN","Value":[{"Alphabetic":"DOE*"}]}})";
  const DataSet keys = identifier({.keys = {"PatientID=P2"}, .file = path});
  EXPECT_EQ(keys.text(tags::PatientID), "P2");
  EXPECT_EQ(keys.text(tags::PatientName), "DOE*");
  EXPECT_FALSE(make_identifier({.file = "/nowhere"}));
}

TEST(QueryOptions, TheModelIsNamedOrStudyRoot) {
  EXPECT_EQ(model_of({}), storage::QueryModel::StudyRoot);
  EXPECT_EQ(model_of({.model = "patient"}), storage::QueryModel::PatientRoot);
  EXPECT_EQ(model_of({.model = "patient-study"}), storage::QueryModel::PatientStudyOnly);
}

}  // namespace
}  // namespace pacs::apps
