#include "storage/ingest/identity.h"

#include <string>

#include <gtest/gtest.h>

#include "core/dicom_tags.h"

namespace pacs::storage {
namespace {

DataSet header() {
  DataSet ds;
  ds.set_text(tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.2");
  ds.set_text(tags::SOPInstanceUID, "1.2.3");
  ds.set_text(tags::StudyInstanceUID, "1.2");
  ds.set_text(tags::SeriesInstanceUID, "1.2.1");
  return ds;
}

TEST(Identity, IsWhatTheDataSetSays) {
  const auto identity = identify(header(), {});
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->sop_class_uid, "1.2.840.10008.5.1.4.1.1.2");
  EXPECT_EQ(identity->sop_instance_uid, "1.2.3");
  EXPECT_EQ(identity->study_instance_uid, "1.2");
  EXPECT_EQ(identity->series_instance_uid, "1.2.1");
}

TEST(Identity, DiffersFromTheRequestAtATag) {
  IngestContext context;
  context.sop_class_uid = "1.2.840.10008.5.1.4.1.1.2";
  context.sop_instance_uid = "1.2.3";
  EXPECT_TRUE(identify(header(), context));
  context.sop_instance_uid = "1.2.4";
  EXPECT_EQ(identify(header(), context).error().tag, tags::SOPInstanceUID);
  EXPECT_EQ(identify(header(), context).error().kind, ErrorKind::Mismatch);
  EXPECT_EQ(identify(header(), context).error().message,
            "SOP Instance UID of request and data set differ: \"1.2.4\" and \"1.2.3\"");
  context.sop_class_uid = "1.2.5";
  EXPECT_EQ(identify(header(), context).error().tag, tags::SOPClassUID);
  IngestContext of_study;
  of_study.study_instance_uid = "1.2";
  EXPECT_TRUE(identify(header(), of_study));
  of_study.study_instance_uid = "1.3";
  EXPECT_EQ(identify(header(), of_study).error().tag, tags::StudyInstanceUID);
}

TEST(Identity, NamesWhatIsMissing) {
  for (const Tag tag :
       {tags::SOPClassUID, tags::SOPInstanceUID, tags::StudyInstanceUID, tags::SeriesInstanceUID}) {
    DataSet ds = header();
    ds.erase(tag);
    const auto refused = identify(ds, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::Malformed);
    EXPECT_EQ(refused.error().tag, tag);
  }
}

TEST(Identity, AnAttributeTwiceMustSayTheSame) {
  for (const Tag tag : {tags::PatientID, tags::IssuerOfPatientID, tags::StudyInstanceUID,
                        tags::SeriesInstanceUID, tags::SOPInstanceUID}) {
    DataSet ds = header();
    ds.set_text(tags::PatientID, "P1");
    ds.set_text(tags::IssuerOfPatientID, "H");
    ds.push_back(*ds.find(tag));
    EXPECT_TRUE(identify(ds, {})) << tag.to_string();
    for (const char* other : {"1.9", ""}) {
      DataSet differing = ds;
      differing.push_back(Element::padded(tag, VR::LO,
                                          Bytes(as_bytes(std::string_view{other}).begin(),
                                                as_bytes(std::string_view{other}).end())));
      const auto refused = identify(differing, {});
      ASSERT_FALSE(refused) << tag.to_string();
      EXPECT_EQ(refused.error().kind, ErrorKind::Malformed);
      EXPECT_EQ(refused.error().tag, tag);
    }
  }
}

TEST(Identity, MessagesCarryNothingThatMovesATerminal) {
  DataSet ds = header();
  ds.set_text(tags::StudyInstanceUID, "1.2\x1B[2J" + std::string(1000, 'x'));
  const auto refused = identify(ds, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find('\x1B'), std::string::npos);
  EXPECT_LT(refused.error().message.size(), 200U);
}

TEST(Identity, TheCommandAloneIsCheckedBeforeAnyData) {
  IngestContext context;
  EXPECT_TRUE(check_context(context));
  context.sop_class_uid = "../x";
  EXPECT_EQ(check_context(context).error().tag, tags::AffectedSOPClassUID);
}

}  // namespace
}  // namespace pacs::storage
