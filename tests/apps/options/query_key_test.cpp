#include "apps/options/query_key.h"

#include <gmock/gmock.h>

#include "core/dicom_tags.h"

namespace pacs::apps {
namespace {

using testing::HasSubstr;

DataSet with(std::initializer_list<const char*> keys) {
  DataSet data_set;
  for (const char* text : keys) {
    const Result<QueryKeyText> key = parse_query_key(text);
    EXPECT_TRUE(key) << (key ? "" : key.error().message);
    const Result<> put = key ? put_key(data_set, *key) : Result<>{};
    EXPECT_TRUE(put) << (put ? "" : put.error().message);
  }
  return data_set;
}

std::string refusal(const char* text) {
  const Result<QueryKeyText> key = parse_query_key(text);
  if (!key) return key.error().message;
  DataSet data_set;
  const Result<> put = put_key(data_set, *key);
  return put ? std::string{} : put.error().message;
}

TEST(QueryKey, KeywordsAndTagsNameElements) {
  const DataSet keys = with({"PatientName=DOE^*", "0010,0020=P1", "(0008,0060)=CT\\MR"});
  EXPECT_EQ(keys.text(tags::PatientName), "DOE^*");
  EXPECT_EQ(keys.text(tags::PatientID), "P1");
  EXPECT_EQ(keys.text(tags::Modality), "CT\\MR");
}

TEST(QueryKey, WithoutAValueItIsOnlyToBeReturned) {
  const DataSet keys = with({"StudyDate", "Rows", "RequestAttributesSequence"});
  ASSERT_TRUE(keys.contains(tags::StudyDate));
  EXPECT_EQ(keys.text(tags::StudyDate), "");
  EXPECT_EQ(keys.find(tags::Rows)->vr(), VR::US);
  EXPECT_EQ(keys.find(tags::RequestAttributesSequence)->vr(), VR::SQ);
}

TEST(QueryKey, NamingAKeyAgainDoesNotTakeItsValueAway) {
  EXPECT_EQ(with({"PatientName=DOE*", "PatientName"}).text(tags::PatientName), "DOE*");
  EXPECT_EQ(with({"PatientName=DOE*", "PatientName="}).text(tags::PatientName), "");
  EXPECT_EQ(with({"PatientName=DOE*", "PatientName=X"}).text(tags::PatientName), "X");
}

TEST(QueryKey, AnEqualsSignMayBePartOfTheValue) {
  EXPECT_EQ(with({"PatientName==\xE5\xB1\xB1*"}).text(tags::PatientName), "=\xE5\xB1\xB1*");
}

TEST(QueryKey, PathsReachIntoSequencesAndShareTheirItems) {
  const DataSet keys = with({"ScheduledProcedureStepSequence[0].Modality=CT",
                             "0040,0100[0].ScheduledStationAETitle=ROOM1",
                             "ScheduledProcedureStepSequence.ScheduledProcedureStepStartDate"});
  const Sequence& items = keys.items(tags::ScheduledProcedureStepSequence);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].data_set.text(tags::Modality), "CT");
  EXPECT_EQ(items[0].data_set.text(tags::ScheduledStationAETitle), "ROOM1");
  EXPECT_TRUE(items[0].data_set.contains(tags::ScheduledProcedureStepStartDate));
}

TEST(QueryKey, NumbersAndTagsAreWrittenAsTheirVr) {
  const DataSet keys = with({"Rows=512", "FrameIncrementPointer=FrameTime"});
  EXPECT_EQ(keys.integer(tags::Rows).value(), 512);
  EXPECT_EQ(keys.integer(tags::FrameIncrementPointer).value(), 0x00181063);
}

TEST(QueryKey, MistakesAreNamedWithWhatMayHaveBeenMeant) {
  EXPECT_THAT(refusal("PatientNam=X"), HasSubstr("did you mean PatientName?"));
  EXPECT_THAT(refusal("=X"), HasSubstr("neither a keyword nor a tag"));
  EXPECT_THAT(refusal("Rows=tall"), HasSubstr("not a value of VR US"));
  EXPECT_THAT(refusal("PatientName[0]=X"), HasSubstr("is not a sequence"));
  EXPECT_THAT(refusal("PatientName.Modality=X"), HasSubstr("is not a sequence"));
  EXPECT_THAT(refusal("RequestAttributesSequence[x].Modality=CT"), HasSubstr("write "));
  EXPECT_THAT(refusal("RequestAttributesSequence[0"), HasSubstr("lacks a ]"));
  EXPECT_THAT(refusal("RequestAttributesSequence[100000].Modality=CT"), HasSubstr("item number"));
  EXPECT_THAT(refusal("RequestAttributesSequence=CT"), HasSubstr("not a value of VR SQ"));
}

// PS3.5 §7.8.1.
TEST(QueryKey, APrivateKeyFollowsItsCreator) {
  const DataSet keys = with({"0029,0010=SIEMENS CSA HEADER", "0029,1008=IMAGE NUM 4"});
  EXPECT_EQ(keys.find(Tag{0x00290010})->vr(), VR::LO);
  EXPECT_EQ(keys.find(Tag{0x00291008})->vr(), VR::CS);
  EXPECT_EQ(keys.text(Tag{0x00291008}), "IMAGE NUM 4");
  EXPECT_EQ(with({"0009,1001"}).find(Tag{0x00091001})->vr(), VR::UN) << "only asked for";
}

TEST(QueryKey, APrivateKeyThatCannotBeWrittenSaysWhatToDo) {
  EXPECT_THAT(refusal("0009,1001=priv"), HasSubstr("write -k 0009,0010=CREATOR before it"));
  EXPECT_THAT(refusal("0029,ab08=X"), HasSubstr("write -k 0029,00ab=CREATOR before it"));
  EXPECT_THAT(refusal("0010,fff1=X"), HasSubstr("VR is not known; it can only be asked for"));
  DataSet keys = with({"0009,0010=NOBODY 7"});
  const Result<> put = put_key(keys, *parse_query_key("0009,1001=priv"));
  ASSERT_FALSE(put);
  EXPECT_EQ(
      put.error().message,
      "-k 0009,1001=priv: the VR of this private element of \"NOBODY 7\" is not known; it can "
      "only be asked for, without a value: -k 0009,1001");
}

TEST(QueryKey, AnAnswersValueIsReadAlongThePath) {
  const DataSet answer =
      with({"ScheduledProcedureStepSequence[1].Modality=MR", "Rows=512", "Modality=CT\\PT"});
  const auto value = [&](const char* text) {
    return value_at(answer, parse_query_key(text)->path);
  };
  EXPECT_EQ(value("ScheduledProcedureStepSequence[1].Modality"), "MR");
  EXPECT_EQ(value("ScheduledProcedureStepSequence[7].Modality"), "");
  EXPECT_EQ(value("ScheduledProcedureStepSequence"), "2 items");
  EXPECT_EQ(value("Rows"), "512");
  EXPECT_EQ(value("Modality"), "CT\\PT");
  EXPECT_EQ(value("PatientID"), "");
  EXPECT_EQ(to_string(parse_query_key("0040,0100[0].0008,0060")->path),
            "ScheduledProcedureStepSequence[0].Modality");
}

}  // namespace
}  // namespace pacs::apps
