#include "web/dicomweb/store/stow.h"

#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "tests/web/dicomweb/stow_fixture.h"

namespace pacs::web::test {
namespace {

constexpr const char* kDeflated = "1.2.840.10008.1.2.1.99";

std::string data_set_bytes(const DataSet& data_set) {
  return std::string(as_text(*write_data_set(data_set, explicit_vr_little_endian())));
}

TEST_F(StowTest, ObjectsAreStoredByteForByteHoweverTheyArrive) {
  int number = 0;
  for (const std::size_t bytes : {1, 7, 64 << 10}) {
    piece_bytes = bytes;
    const std::string one = "1.2." + std::to_string(++number);
    const std::string two = "1.2." + std::to_string(++number);
    const auto answer = post_files({part10(ct_image(one)), part10(ct_image(two))});
    EXPECT_EQ(answer.status, 200U) << answer.body;
    EXPECT_EQ(answer.content_type, "application/dicom+json");
    EXPECT_EQ(answer.stored(), one + " " + two);
    EXPECT_EQ(answer.failed(), "");
    EXPECT_EQ(stored_data_set(one), data_set_bytes(ct_image(one)));
    EXPECT_EQ(stored_data_set(two), data_set_bytes(ct_image(two)));
  }
}

TEST_F(StowTest, TheAnswerSaysWhereTheyAre) {
  const auto answer = post_files({part10(ct_image("1.2.1")), part10(ct_image("1.2.2"))});
  EXPECT_EQ(answer.module.text(tags::RetrieveURL), "https://pacs.example/dicomweb/studies/1.2.3");
  const Sequence& stored = answer.module.items(tags::ReferencedSOPSequence);
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0].data_set.text(tags::RetrieveURL),
            "https://pacs.example/dicomweb/studies/1.2.3/series/1.2.3.4/instances/1.2.1");
  EXPECT_EQ(stored[0].data_set.text(tags::ReferencedSOPClassUID), "1.2.840.10008.5.1.4.1.1.2");
  // Of two studies there is no one address.
  const auto both = post_files({part10(ct_image("1.2.1")), part10(ct_image("1.2.9", "1.9"))});
  EXPECT_EQ(both.status, 200U);
  EXPECT_FALSE(both.module.contains(tags::RetrieveURL));
}

TEST_F(StowTest, TheAnswerIsXmlForWhoAsks) {
  accept = "application/dicom+xml";
  const auto answer = post_files({part10(ct_image("1.2.1"))});
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.content_type, "application/dicom+xml");
  EXPECT_EQ(answer.stored(), "1.2.1");
  accept = "image/png";
  EXPECT_EQ(post_files({part10(ct_image("1.2.2"))}).status, 406U);
  EXPECT_EQ(stored_data_set("1.2.2"), std::nullopt);
}

TEST_F(StowTest, OneObjectMayBeTheWholeBody) {
  const auto answer = post(part10(ct_image("1.2.1")), "application/dicom", "1.2.3");
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(stored_data_set("1.2.1"), data_set_bytes(ct_image("1.2.1")));
}

TEST_F(StowTest, PartsNeedNoHeaderAndTheTypeNoQuotes) {
  const std::string body =
      multipart_body({{"", part10(ct_image("1.2.1"))}, {"X: y\r\n", part10(ct_image("1.2.2"))}});
  for (const std::string type : {"multipart/related; type=application/dicom; boundary=b",
                                 "Multipart/Related;boundary=\"b\"", kObjects}) {
    EXPECT_EQ(post(body, type).stored(), "1.2.1 1.2.2") << type;
  }
}

TEST_F(StowTest, APreambleIsNotGivenBack) {
  const std::string file = part10(ct_image("1.2.1"));
  ASSERT_EQ(file.substr(0, 7), "malware");
  EXPECT_EQ(post_files({file}).status, 200U);
  EXPECT_EQ(preamble("1.2.1"), std::string(128, '\0'));
}

TEST_F(StowTest, DeflatedAndLargeAndBareObjectsAreStored) {
  DataSet large = ct_image("1.2.2");
  large.set_bytes(tags::PixelData, VR::OW, Bytes(3 << 20, std::byte{'\n'}));
  const auto answer = post_files(
      {part10(ct_image("1.2.1"), kDeflated), part10(large), data_set_bytes(ct_image("1.2.4"))});
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(answer.stored(), "1.2.1 1.2.2 1.2.4");
  EXPECT_EQ(stored_data_set("1.2.2"), data_set_bytes(large));
}

TEST_F(StowTest, WhatIsWrongWithOneIsItsResultAndNotThatOfOthers) {
  DataSet no_class = ct_image("1.2.2");
  no_class.set_text(tags::SOPClassUID, "1.2.840.10008.1.1");
  DataSet no_patient_uid = ct_image("1.2.5");
  no_patient_uid.erase(tags::SeriesInstanceUID);
  const std::string cut = part10(ct_image("1.2.6"));
  const auto answer = post_files({"no DICOM at all", part10(no_class), part10(ct_image("1.2.1")),
                                  part10(ct_image("1.2.3"), "1.2.3.4.5"), part10(no_patient_uid),
                                  cut.substr(0, cut.size() - 3), "", part10(ct_image("1.2.7"))});
  EXPECT_EQ(answer.status, 202U);
  EXPECT_EQ(answer.stored(), "1.2.1 1.2.7");
  EXPECT_EQ(answer.failed(), "1.2.2:0122 1.2.3:C122 1.2.5:C000 1.2.6:C000 :C000 :C000");
  EXPECT_EQ(answer.warning.substr(0, 7), "299 - \"");
  for (const std::string refused : {"1.2.2", "1.2.3", "1.2.5", "1.2.6"}) {
    EXPECT_EQ(stored_data_set(refused), std::nullopt) << refused;
  }
}

TEST_F(StowTest, InstancesOfAnotherStudyThanTheUrlsAreRefused) {
  const auto some =
      post_files({part10(ct_image("1.2.1", "1.2.3")), part10(ct_image("1.2.2", "1.9"))}, "1.2.3");
  EXPECT_EQ(some.status, 202U);
  EXPECT_EQ(some.stored(), "1.2.1");
  EXPECT_EQ(some.failed(), "1.2.2:A900");
  const auto none = post_files({part10(ct_image("1.2.2", "1.9"))}, "1.2.3");
  EXPECT_EQ(none.status, 409U);
  EXPECT_EQ(none.failed(), "1.2.2:A900");
  EXPECT_EQ(stored_data_set("1.2.2"), std::nullopt);
  EXPECT_EQ(post_files({part10(ct_image("1.2.1"))}, "no-uid").status, 400U);
}

TEST_F(StowTest, OneThatIsThereIsStoredAndAnotherOfItsNameIsKeptWithAWarning) {
  EXPECT_EQ(post_files({part10(ct_image("1.2.1"))}).status, 200U);
  EXPECT_EQ(post_files({part10(ct_image("1.2.1"))}).status, 200U);
  DataSet other = ct_image("1.2.1");
  other.set_text(tags::PatientName, "Roe^Richard");
  const auto answer = post_files({part10(other)});
  EXPECT_EQ(answer.status, 202U);
  EXPECT_EQ(answer.stored(), "1.2.1:B006");
  EXPECT_EQ(stored_data_set("1.2.1"), data_set_bytes(ct_image("1.2.1")));
}

class RejectingStowTest : public StowTest {
 protected:
  RejectingStowTest() : StowTest(storage::DuplicatePolicy::Reject) {}
};

TEST_F(RejectingStowTest, AnotherOfItsNameIsAConflict) {
  EXPECT_EQ(post_files({part10(ct_image("1.2.1"))}).status, 200U);
  DataSet other = ct_image("1.2.1");
  other.set_text(tags::PatientName, "Roe^Richard");
  const auto answer = post_files({part10(other)});
  EXPECT_EQ(answer.status, 409U);
  EXPECT_EQ(answer.failed(), "1.2.1:0111");
}

TEST_F(StowTest, ManyAtOnceAreAllAcknowledged) {
  std::vector<std::string> files;
  std::string named;
  for (int i = 1; i <= 200; ++i) {
    const std::string instance = "1.2." + std::to_string(i);
    files.push_back(part10(ct_image(instance)));
    named += (named.empty() ? "" : " ") + instance;
  }
  const auto answer = post_files(files);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.stored(), named);
  EXPECT_EQ(archive->counts()->instances, 200U);
}

struct BadRequest {
  std::string content_type, body;
  unsigned status;
};

TEST_F(StowTest, ABodyThatIsNoneIsRefused) {
  const std::string part = "--b\r\n\r\n";
  for (const BadRequest& bad : std::initializer_list<BadRequest>{
           {"", "x", 415},
           {"text/plain", "x", 415},
           {"application/json", "[]", 415},
           {"application/dicom+json", "[]", 415},
           {"multipart/form-data; boundary=b", part, 415},
           {"multipart/related; type=\"image/png\"; boundary=b", part, 415},
           {"nonsense", "x", 400},
           {"multipart/related; type=\"application/dicom\"", part, 400},
           {"multipart/related; type=\"application/dicom\"; boundary=" + std::string(71, 'b'), part,
            400},
           {kObjects, "", 400},
           {kObjects, "no boundary", 400},
           {kObjects, "--b--", 400},
           {kObjects, part + "x", 400},
           {kObjects, "--b\r\n" + std::string(20'000, 'x'), 413}}) {
    EXPECT_EQ(post(bad.body, bad.content_type).status, bad.status) << bad.content_type;
  }
  EXPECT_EQ(archive->counts()->instances, 0U);
}

TEST_F(StowTest, OfABodyThatBreaksOffOnlyWholeInstancesAreStored) {
  std::string body =
      multipart_body({{"", part10(ct_image("1.2.1"))}, {"", part10(ct_image("1.2.2"))}});
  body.resize(body.size() - 20);
  const auto cut = post(body);
  EXPECT_EQ(cut.status, 400U);
  EXPECT_NE(cut.body.find("1 instances before are stored"), std::string::npos) << cut.body;
  EXPECT_NE(stored_data_set("1.2.1"), std::nullopt);
  EXPECT_EQ(stored_data_set("1.2.2"), std::nullopt);
  body_error = Error{ErrorKind::Timeout, "the body does not go on"};
  EXPECT_EQ(post(body).status, 408U);
  EXPECT_EQ(stored_data_set("1.2.2"), std::nullopt);
}

}  // namespace
}  // namespace pacs::web::test
