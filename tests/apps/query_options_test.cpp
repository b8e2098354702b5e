#include "apps/query_options.h"

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
  EXPECT_THAT(make_identifier({.level = "WARD"}).error().message, HasSubstr("is no level"));
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
              HasSubstr("letters that ISO_IR 100 does not hold"));
  EXPECT_THAT(make_identifier({.keys = {"PatientName=\xE5\xB1\xB1"}, .character_set = "LATIN"})
                  .error()
                  .message,
              HasSubstr("no Specific Character Set"));
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
