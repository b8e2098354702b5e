#include "web/dicomweb/search/qido.h"

#include <algorithm>
#include <future>

#include <gmock/gmock.h>

#include <fmt/format.h>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/model/dicom_json.h"
#include "encoding/model/dicom_xml.h"
#include "tests/web/api/archive_api.h"
#include "web/api/json_array.h"

namespace pacs::web {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Keys = std::vector<std::pair<Tag, std::string>>;

class QidoTest : public ArchiveApiTest {
 protected:
  QidoTest() { serve_with({.private_creators = {"ACME"}}); }

  void serve_with(QidoOptions options) {
    Router router;
    Resources resources(router);
    add_qido(resources, *archive, std::move(options));
    resources.add_capabilities();
    serve(std::move(router));
  }

  void stores(DataSet object) {
    if (!object.contains(tags::SOPClassUID)) {
      object.set_text(tags::SOPClassUID, uids::CTImageStorage);
    }
    IngestContextOf context;
    auto ingest = *archive->begin_ingest(context.value);
    ASSERT_TRUE(ingest->append(*write_data_set(object, explicit_vr_little_endian())));
    std::promise<bool> stored;
    ingest->commit([&](auto outcome) { stored.set_value(outcome.has_value()); });
    ASSERT_TRUE(stored.get_future().get());
  }
  /// An instance of the study and series of these numbers.
  void stores(int study, int series, int instance, const Keys& more = {}) {
    DataSet object;
    object.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    object.set_text(tags::StudyInstanceUID, fmt::format("1.{}", study));
    object.set_text(tags::SeriesInstanceUID, fmt::format("1.{}.{}", study, series));
    object.set_text(tags::SOPInstanceUID, fmt::format("1.{}.{}.{}", study, series, instance));
    object.set_text(tags::PatientID, fmt::format("P{}", study));
    object.set_text(tags::Modality, series == 1 ? "CT" : "SR");
    object.set_text(tags::InstanceNumber, fmt::format("{}", instance));
    object.set_integer(tags::Rows, VR::US, 512);
    for (const auto& [tag, value] : more) object.set_text(tag, dictionary_vr(tag), value);
    stores(std::move(object));
  }

  std::vector<DataSet> asks(const std::string& target) {
    last = get("/dicomweb" + target);
    EXPECT_EQ(last.status(), 200) << last.body;
    EXPECT_EQ(last.header("Content-Type"), "application/dicom+json");
    std::vector<DataSet> found;
    const auto texts = split_json_array(last.body);
    EXPECT_TRUE(texts) << last.body;
    if (!texts) return found;
    for (const std::string_view text : *texts) {
      auto read = read_json(text);
      EXPECT_TRUE(read) << text;
      if (read) found.push_back(std::move(*read));
    }
    return found;
  }
  /// The first values of an attribute, in the order of the answers.
  std::vector<std::string> asks(const std::string& target, Tag shown) {
    std::vector<std::string> values;
    for (const DataSet& match : asks(target)) values.emplace_back(match.text(shown, 0));
    return values;
  }
  std::vector<std::string> studies(const std::string& query) {
    return asks("/studies?" + query, tags::StudyInstanceUID);
  }
  /// What a refused request says.
  std::string refused(const std::string& target) {
    last = get("/dicomweb" + target);
    EXPECT_EQ(last.status(), 400) << last.body;
    return last.body;
  }

  Answer last{};

 private:
  struct IngestContextOf {
    storage::IngestContext value{};
    IngestContextOf() { value.transfer_syntax_uid = uids::ExplicitVRLittleEndian; }
  };
};

TEST_F(QidoTest, NothingStoredIsAnEmptyArray) {
  const Answer none = get("/dicomweb/studies");
  EXPECT_EQ(none.status(), 200);
  EXPECT_EQ(none.body, "[]\n");
  EXPECT_EQ(none.header("Content-Type"), "application/dicom+json");
  EXPECT_EQ(none.header("X-Total-Count"), "0");
  EXPECT_EQ(none.header("Warning"), "");
}

TEST_F(QidoTest, AStudyHasTheAttributesOfItsTable) {
  stores(1, 1, 1, {{tags::StudyDate, "20240131"}, {tags::PatientName, "Müller^Jörg"}});
  stores(1, 2, 1);
  const auto found = asks("/studies");
  ASSERT_EQ(found.size(), 1U);
  const DataSet& study = found.front();
  // PS3.18 Table 10.6.3-3.
  for (const Tag tag :
       {tags::StudyDate, tags::StudyTime, tags::AccessionNumber, tags::InstanceAvailability,
        tags::ModalitiesInStudy, tags::ReferringPhysicianName, tags::RetrieveURL, tags::PatientName,
        tags::PatientID, tags::PatientBirthDate, tags::PatientSex, tags::StudyInstanceUID,
        tags::StudyID, tags::NumberOfStudyRelatedSeries, tags::NumberOfStudyRelatedInstances}) {
    EXPECT_TRUE(study.contains(tag)) << tag.to_string();
  }
  EXPECT_FALSE(study.contains(tags::TimezoneOffsetFromUTC)) << "not known";
  EXPECT_EQ(study.text(tags::StudyDate), "20240131");
  EXPECT_EQ(study.text(tags::PatientName), "Müller^Jörg");
  EXPECT_EQ(study.text(tags::ModalitiesInStudy), "CT\\SR");
  EXPECT_EQ(study.text(tags::NumberOfStudyRelatedSeries), "2");
  EXPECT_EQ(study.text(tags::InstanceAvailability), "ONLINE");
  EXPECT_EQ(study.text(tags::RetrieveURL), "http://localhost/dicomweb/studies/1.1");
  EXPECT_EQ(study.text(tags::SpecificCharacterSet), "ISO_IR 192");
  EXPECT_FALSE(study.contains(tags::QueryRetrieveLevel));
}

TEST_F(QidoTest, EachResourceReturnsTheLevelsThatItsPathDoesNotName) {
  stores(1, 1, 1, {{tags::PatientName, "Doe^Jane"}, {tags::SeriesDescription, "axial"}});
  const auto series = asks("/studies/1.1/series").front();
  EXPECT_EQ(series.text(tags::RetrieveURL), "http://localhost/dicomweb/studies/1.1/series/1.1.1");
  EXPECT_EQ(series.text(tags::SeriesDescription), "axial");
  EXPECT_EQ(series.text(tags::NumberOfSeriesRelatedInstances), "1");
  EXPECT_TRUE(series.contains(tags::SeriesNumber)) << "required";
  EXPECT_FALSE(series.contains(tags::PerformedProcedureStepStartDate)) << "not known";
  EXPECT_FALSE(series.contains(tags::RequestAttributesSequence)) << "not known";
  EXPECT_FALSE(series.contains(tags::PatientName));
  EXPECT_EQ(asks("/series").front().text(tags::PatientName), "Doe^Jane");
  const auto instance = asks("/studies/1.1/series/1.1.1/instances").front();
  EXPECT_EQ(instance.text(tags::RetrieveURL),
            "http://localhost/dicomweb/studies/1.1/series/1.1.1/instances/1.1.1.1");
  EXPECT_EQ(instance.text(tags::SOPClassUID), uids::CTImageStorage);
  EXPECT_EQ(*instance.integer(tags::Rows), 512);
  EXPECT_FALSE(instance.contains(tags::NumberOfFrames)) << "not known";
  EXPECT_FALSE(instance.contains(tags::Modality));
  const auto of_study = asks("/studies/1.1/instances").front();
  EXPECT_EQ(of_study.text(tags::Modality), "CT");
  EXPECT_FALSE(of_study.contains(tags::PatientName));
  EXPECT_EQ(asks("/instances").front().text(tags::PatientName), "Doe^Jane");
}

TEST_F(QidoTest, ThePathSaysWhatIsSearched) {
  stores(1, 1, 1);
  stores(1, 2, 1);
  stores(2, 1, 1);
  EXPECT_THAT(asks("/studies/1.1/series", tags::SeriesInstanceUID), ElementsAre("1.1.1", "1.1.2"));
  EXPECT_THAT(asks("/studies/1.1/instances", tags::SOPInstanceUID),
              ElementsAre("1.1.1.1", "1.1.2.1"));
  EXPECT_THAT(asks("/studies/1.1/series/1.1.2/instances", tags::SOPInstanceUID),
              ElementsAre("1.1.2.1"));
  EXPECT_THAT(asks("/studies/1.1/series/1.2.1/instances"), ElementsAre());
  EXPECT_THAT(asks("/studies/1.9/series"), ElementsAre());
  EXPECT_THAT(asks("/series?StudyInstanceUID=1.2", tags::SeriesInstanceUID), ElementsAre("1.2.1"));
  EXPECT_THAT(asks("/instances?Modality=SR", tags::SOPInstanceUID), ElementsAre("1.1.2.1"));
  EXPECT_THAT(refused("/studies/x/series"), HasSubstr("StudyInstanceUID: the value is not a UID"));
  EXPECT_THAT(refused("/studies/1.1/series?StudyInstanceUID=1.2"), HasSubstr("the path says"));
}

TEST_F(QidoTest, KeysMatchAsTheyDoForCFind) {
  stores(1, 1, 1, {{tags::PatientName, "Doe^Jane"}, {tags::StudyDate, "20240110"}});
  stores(2, 1, 1, {{tags::PatientName, "Yamada^Tarou=山田^太郎"}, {tags::StudyDate, "20240120"}});
  stores(3, 1, 1, {{tags::PatientName, "Smith^John"}, {tags::StudyTime, "101500"}});
  EXPECT_THAT(studies("PatientName=DOE*"), ElementsAre("1.1"));
  EXPECT_THAT(studies("00100010=doe%5Ejane"), ElementsAre("1.1"));
  EXPECT_THAT(studies("PatientName=doe^j?ne"), ElementsAre("1.1")) << "as people paste it";
  EXPECT_THAT(studies("PatientName=山田*"), ElementsAre("1.2"));
  EXPECT_THAT(studies("PatientName=%E5%B1%B1%E7%94%B0*"), ElementsAre("1.2"));
  EXPECT_THAT(studies("PatientName=*"), ElementsAre("1.1", "1.2", "1.3"));
  EXPECT_THAT(studies("PatientName="), ElementsAre("1.1", "1.2", "1.3"));
  EXPECT_THAT(studies("StudyDate=20240101-20240115"), ElementsAre("1.1"));
  EXPECT_THAT(studies("StudyDate=20240115-"), ElementsAre("1.2"));
  EXPECT_THAT(studies("StudyTime=10-11"), ElementsAre("1.3"));
  EXPECT_THAT(studies("PatientID=P1&StudyDate=20240120"), ElementsAre());
  EXPECT_THAT(studies("PatientName=Smyth%5EJohn"), ElementsAre());
  EXPECT_THAT(studies("PatientName=Smyth%5EJohn&fuzzymatching=true"), ElementsAre("1.3"));
  EXPECT_THAT(studies("StudyDate=%22%22&emptyvaluematching=true"), ElementsAre("1.3"));
  EXPECT_THAT(studies("Rows=512&limit=1"), ElementsAre("1.1"));
  EXPECT_THAT(studies("Rows=513"), ElementsAre());
}

TEST_F(QidoTest, ListsAreAlternativesHoweverTheyAreWritten) {
  for (int study = 1; study <= 4; ++study) stores(study, study % 2 + 1, 1);
  EXPECT_THAT(studies("StudyInstanceUID=1.3,1.1"), ElementsAre("1.1", "1.3"));
  EXPECT_THAT(studies("StudyInstanceUID=1.3%5C1.1"), ElementsAre("1.1", "1.3"));
  EXPECT_THAT(studies("StudyInstanceUID=1.3&0020000D=1.1"), ElementsAre("1.1", "1.3"));
  EXPECT_THAT(studies("PatientID=P2&PatientID=P4"), ElementsAre("1.2", "1.4"));
  stores(5, 1, 1);
  stores(5, 2, 1);
  EXPECT_EQ(studies("ModalitiesInStudy=CT&ModalitiesInStudy=SR").size(), 5U);
  EXPECT_THAT(studies("ModalitiesInStudy=CT%5CSR&multiplevaluematching=true"), ElementsAre("1.5"));
}

TEST_F(QidoTest, AttributesOfSequencesAreNamedByTheirPath) {
  DataSet request;
  request.set_text(tags::ScheduledProcedureStepID, "S7");
  request.set_text(tags::RequestedProcedureID, "R7");
  request.set_text(tags::RequestedProcedureDescription, "Chest");
  DataSet object;
  object.set_text(tags::StudyInstanceUID, "1.7");
  object.set_text(tags::SeriesInstanceUID, "1.7.1");
  object.set_text(tags::SOPInstanceUID, "1.7.1.1");
  object.set_items(tags::RequestAttributesSequence, {{request}});
  stores(std::move(object));
  stores(1, 1, 1);
  const std::string path = "/series?RequestAttributesSequence.ScheduledProcedureStepID=S7";
  const auto found = asks(path);
  ASSERT_EQ(found.size(), 1U);
  const Sequence& items = found.front().items(tags::RequestAttributesSequence);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].data_set.text(tags::RequestedProcedureID), "R7");
  EXPECT_FALSE(items[0].data_set.contains(tags::RequestedProcedureDescription));
  EXPECT_EQ(asks("/series?00400275.00400009=S7").size(), 1U);
  EXPECT_EQ(asks("/series?00400275.00400009=S8").size(), 0U);
  const auto whole = asks("/studies/1.7/series?includefield=RequestAttributesSequence");
  EXPECT_EQ(whole.front().items(tags::RequestAttributesSequence)[0].data_set.text(
                tags::RequestedProcedureDescription),
            "Chest");
  EXPECT_THAT(refused("/series?PatientID.StudyID=1"), HasSubstr("PatientID is not a sequence"));
  EXPECT_THAT(refused("/series?RequestAttributesSequence=1"), HasSubstr("is a sequence"));
}

TEST_F(QidoTest, FieldsAreIncludedSingleListedRepeatedOrAll) {
  stores(1, 1, 1,
         {{tags::StudyDescription, "Chest"},
          {tags::PatientComments, "tall"},
          {tags::BodyPartExamined, "CHEST"},
          {tags::KVP, "120"}});
  EXPECT_FALSE(asks("/studies").front().contains(tags::StudyDescription));
  EXPECT_EQ(asks("/studies?includefield=StudyDescription").front().text(tags::StudyDescription),
            "Chest");
  for (const char* query : {"includefield=00081030,PatientComments,Occupation",
                            "includefield=00081030&includefield=PatientComments,Occupation"}) {
    const auto study = asks(std::string("/studies?") + query).front();
    EXPECT_EQ(study.text(tags::StudyDescription), "Chest");
    EXPECT_EQ(study.text(tags::PatientComments), "tall");
    EXPECT_TRUE(study.contains(tags::Occupation)) << "asked for, though not known";
  }
  const auto all = asks("/studies?includefield=all").front();
  EXPECT_EQ(all.text(tags::StudyDescription), "Chest");
  EXPECT_EQ(all.text(tags::PatientComments), "tall");
  EXPECT_EQ(all.text(tags::NumberOfPatientRelatedStudies), "1");
  EXPECT_FALSE(all.contains(tags::BodyPartExamined)) << "of a series";
  EXPECT_FALSE(all.contains(tags::Occupation)) << "not known";
  EXPECT_FALSE(
      asks("/studies?includefield=BodyPartExamined").front().contains(tags::BodyPartExamined));
  EXPECT_EQ(asks("/series?includefield=BodyPartExamined").front().text(tags::BodyPartExamined),
            "CHEST");
  EXPECT_EQ(asks("/instances?includefield=KVP").front().text(tags::KVP), "120");
  EXPECT_THAT(refused("/studies?includefield=PatientNam"), HasSubstr("did you mean PatientName?"));
}

TEST_F(QidoTest, KeysOfLowerLevelsAreMatchedAndNotReturned) {
  stores(1, 1, 1, {{tags::SeriesDescription, "axial"}});
  stores(2, 1, 1);
  const auto found = asks("/studies?SeriesDescription=axial");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found.front().contains(tags::SeriesDescription));
}

TEST_F(QidoTest, PrivateAttributesGoByTagAndCreator) {
  for (const int study : {1, 2}) {
    DataSet object;
    object.set_text(tags::StudyInstanceUID, fmt::format("1.{}", study));
    object.set_text(tags::SeriesInstanceUID, fmt::format("1.{}.1", study));
    object.set_text(tags::SOPInstanceUID, fmt::format("1.{}.1.1", study));
    object.set_text(Tag{0x00091000 + 0x10}, VR::LO, "");
    object.set_text(Tag{0x00090010}, VR::LO, study == 1 ? "ACME" : "OTHER");
    object.set_text(Tag{0x00091001}, VR::LO, "inside");
    stores(std::move(object));
  }
  const auto found = asks("/instances?00090010=ACME&includefield=00091001");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text(Tag{0x00090010}), "ACME");
  EXPECT_EQ(found[0].text(Tag{0x00091001}), "inside");
  EXPECT_EQ(found[1].text(Tag{0x00091001}), "") << "another creator's";
  asks("/instances?00091001=inside&00090010=UNKNOWN");
  EXPECT_THAT(last.header("Warning"), HasSubstr("(0009,1001) is not supported for matching"));
}

TEST_F(QidoTest, TimesAreInTheZoneThatTheRequestNames) {
  stores(1, 1, 1,
         {{tags::StudyDate, "20240101"},
          {tags::StudyTime, "010000"},
          {tags::TimezoneOffsetFromUTC, "+0200"}});
  EXPECT_THAT(studies("StudyDate=20231231&TimezoneOffsetFromUTC=%2B0000"), ElementsAre("1.1"));
  EXPECT_THAT(studies("StudyDate=20231231"), ElementsAre());
  EXPECT_EQ(asks("/studies").front().text(tags::TimezoneOffsetFromUTC), "+0200");
}

TEST_F(QidoTest, PagesSayWhatIsLeft) {
  for (int study = 1; study <= 5; ++study) stores(study, 1, 1, {{tags::StudyDate, "20240101"}});
  EXPECT_THAT(studies("limit=2"), ElementsAre("1.1", "1.2"));
  EXPECT_EQ(last.header("X-Total-Count"), "5");
  EXPECT_EQ(last.header("Warning"),
            "299 http://localhost/dicomweb: \"There are 3 additional results that can be "
            "requested\"");
  EXPECT_THAT(studies("limit=2&offset=2&StudyDate=20240101"), ElementsAre("1.3", "1.4"));
  EXPECT_EQ(last.header("X-Total-Count"), "5");
  EXPECT_THAT(last.header("Warning"), HasSubstr("There are 1 additional"));
  EXPECT_THAT(studies("limit=2&offset=4"), ElementsAre("1.5"));
  EXPECT_EQ(last.header("Warning"), "");
  EXPECT_THAT(studies("offset=5&limit=2"), ElementsAre());
  EXPECT_EQ(last.header("X-Total-Count"), "5");
  EXPECT_THAT(studies("limit=0"), ElementsAre());
  EXPECT_THAT(last.header("Warning"), HasSubstr("There are 5 additional"));
  EXPECT_THAT(studies("offset=9223372036854775807"), ElementsAre());
  // Headers would have to be read to count these.
  EXPECT_THAT(studies("Rows=512&limit=2"), ElementsAre("1.1", "1.2"));
  EXPECT_EQ(last.header("X-Total-Count"), "");
  EXPECT_THAT(last.header("Warning"), HasSubstr("The number of results exceeded the maximum"));
  EXPECT_THAT(studies("Rows=512&limit=5"), testing::SizeIs(5));
  EXPECT_EQ(last.header("Warning"), "");
  EXPECT_THAT(refused("/studies?limit=x"), HasSubstr("limit must be a number"));
  EXPECT_THAT(refused("/studies?offset=-1"), HasSubstr("offset must be a number"));
}

TEST_F(QidoTest, AnAnswerHasNoMoreMatchesThanTheServerAllows) {
  for (int study = 1; study <= 3; ++study) stores(study, 1, 1);
  serve_with({.private_creators = {}, .matches_max = 2});
  for (const char* query : {"", "limit=99"}) {
    EXPECT_THAT(studies(query), ElementsAre("1.1", "1.2"));
    EXPECT_THAT(last.header("Warning"), HasSubstr("There are 1 additional"));
  }
}

TEST_F(QidoTest, PagesMissAndRepeatNothingWhileMoreIsStored) {
  for (int study = 1; study <= 6; ++study) {
    stores(study, 1, 1, {{tags::StudyDate, fmt::format("2024012{}", 9 - study)}});
  }
  for (const std::string keys : {"", "StudyDate=20240101-&", "PatientID=P*&"}) {
    std::vector<std::string> found;
    for (int offset = 0; offset < 6; offset += 2) {
      const auto page = studies(fmt::format("{}limit=2&offset={}", keys, offset));
      found.insert(found.end(), page.begin(), page.end());
      stores(100 + offset + static_cast<int>(keys.size()) * 10, 1, 1,
             {{tags::StudyDate, "20240101"}, {tags::PatientID, "P0"}});
    }
    EXPECT_THAT(found, ElementsAre("1.1", "1.2", "1.3", "1.4", "1.5", "1.6")) << keys;
  }
}

TEST_F(QidoTest, LargeAnswersAreSentWhileTheyAreMade) {
  const std::string comment(9000, 'x');
  for (int study = 1; study <= 150; ++study) {
    stores(study, 1, 1, {{tags::PatientComments, comment}, {tags::StudyDate, "20240101"}});
  }
  const auto found = studies("includefield=PatientComments&StudyDate=20240101&limit=149");
  EXPECT_EQ(found.size(), 149U);
  EXPECT_EQ(last.header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(last.header("X-Total-Count"), "150");
  EXPECT_THAT(last.header("Warning"), HasSubstr("There are 1 additional"));
  EXPECT_EQ(asks("/studies?includefield=PatientComments&Rows=512&limit=149").size(), 149U);
  EXPECT_THAT(last.header("Warning"), HasSubstr("The number of results exceeded the maximum"));
  EXPECT_EQ(asks("/studies?includefield=PatientComments&Rows=512&limit=150").size(), 150U);
  EXPECT_EQ(last.header("Warning"), "");
}

TEST_F(QidoTest, XmlComesAsPartsOneForEachMatch) {
  stores(1, 1, 1, {{tags::PatientName, "A<&>^\"B\""}});
  stores(2, 1, 1);
  const std::string accept = "Accept: multipart/related; type=\"application/dicom+xml\"\r\n";
  const Answer answer = send("GET", "/dicomweb/studies", "", accept);
  EXPECT_EQ(answer.status(), 200);
  const std::string type = answer.header("Content-Type");
  ASSERT_THAT(type, testing::StartsWith("multipart/related; type=\"application/dicom+xml\"; "));
  const std::string boundary = "--" + type.substr(type.find("boundary=") + 9);
  std::vector<std::string> names;
  std::string_view rest = answer.body;
  for (std::size_t at = 0; (at = rest.find("<?xml")) != rest.npos;) {
    rest.remove_prefix(at);
    const std::size_t end = rest.find("\r\n" + boundary);
    ASSERT_NE(end, rest.npos);
    const auto match = read_xml(rest.substr(0, end));
    ASSERT_TRUE(match);
    names.emplace_back(match->text(tags::PatientName));
    rest.remove_prefix(end);
  }
  EXPECT_THAT(names, ElementsAre("A<&>^\"B\"", ""));
  EXPECT_EQ(rest, "\r\n" + boundary + "--\r\n");
  const Answer none = send("GET", "/dicomweb/studies?PatientID=X", "", accept);
  EXPECT_EQ(none.status(), 200);
  EXPECT_THAT(none.body, testing::EndsWith("--\r\n"));
}

TEST_F(QidoTest, WhatTheClientAcceptsDecides) {
  const auto type_for = [&](const std::string& accept) {
    const Answer answer = send("GET", "/dicomweb/studies", "", "Accept: " + accept + "\r\n");
    return answer.status() == 200 ? answer.header("Content-Type") : std::to_string(answer.status());
  };
  EXPECT_EQ(type_for("*/*"), "application/dicom+json");
  EXPECT_EQ(type_for("application/json"), "application/json");
  EXPECT_EQ(type_for("application/json, application/dicom+json"), "application/dicom+json");
  EXPECT_EQ(type_for("application/json, application/dicom+json;q=0.5"), "application/json");
  EXPECT_EQ(type_for("application/dicom+json"), "application/dicom+json");
  EXPECT_THAT(type_for("multipart/related; type=application/dicom+xml"),
              HasSubstr("application/dicom+xml"));
  EXPECT_EQ(type_for("image/png"), "406");
  EXPECT_EQ(get("/dicomweb/studies?accept=application/json").header("Content-Type"),
            "application/json");
}

TEST_F(QidoTest, WhatIsNoParameterIsNamed) {
  EXPECT_THAT(refused("/studies?PatientNam=X"), HasSubstr("did you mean PatientName?"));
  EXPECT_THAT(refused("/studies?patientname=X"), HasSubstr("patientname"));
  EXPECT_THAT(refused("/studies?Limit=2"), HasSubstr("Limit"));
  EXPECT_THAT(refused("/studies?00109999=2"), HasSubstr("00109999"));
  EXPECT_THAT(refused("/studies?fuzzymatching=yes"), HasSubstr("fuzzymatching"));
  EXPECT_THAT(refused("/studies?StudyDate=yesterday"), HasSubstr("StudyDate: "));
  EXPECT_THAT(refused("/studies?Rows=many"), HasSubstr("Rows must be a number"));
  EXPECT_THAT(refused("/studies?PixelData=1"), HasSubstr("PixelData cannot be matched on"));
  EXPECT_THAT(refused("/studies?StudyInstanceUID=abc"), HasSubstr("StudyInstanceUID: "));
}

TEST_F(QidoTest, ParametersOfOtherServersArePassedOverAloud) {
  EXPECT_THAT(studies("pretty=1&accept=application/dicom%2Bjson"), ElementsAre());
  EXPECT_THAT(last.header("Warning"), HasSubstr("pretty is not supported"));
  EXPECT_THAT(studies("_=1712"), ElementsAre());
  studies("orderby=%22%5C%EA%B9%80" + std::string(3000, 'x') + "&_a=1");
  EXPECT_THAT(last.header("Warning"), HasSubstr("ordered by \\\"\\\\xxx")) << "escaped";
  EXPECT_LT(last.header("Warning").size(), 500U);
}

TEST_F(QidoTest, AnAttributeGivesTheOrder) {
  stores(1, 1, 1, {{tags::StudyDate, "20240102"}, {tags::PatientName, "B"}});
  stores(2, 1, 1, {{tags::StudyDate, "20240103"}, {tags::PatientName, "a"}});
  stores(3, 1, 1, {{tags::StudyDate, "20240101"}, {tags::PatientName, "C"}});
  EXPECT_THAT(studies("orderby=StudyDate"), ElementsAre("1.3", "1.1", "1.2"));
  EXPECT_THAT(studies("orderby=-StudyDate"), ElementsAre("1.2", "1.1", "1.3"));
  EXPECT_THAT(studies("orderby=-00080020&offset=1&limit=1"), ElementsAre("1.1"));
  EXPECT_EQ(last.header("X-Total-Count"), "3");
  EXPECT_THAT(studies("orderby=PatientName"), ElementsAre("1.2", "1.1", "1.3"));
  for (const char* unknown : {"orderby=StudyTime", "orderby=StudyDate,PatientName", "orderby="}) {
    EXPECT_THAT(studies(unknown), ElementsAre("1.1", "1.2", "1.3"));
    EXPECT_THAT(last.header("Warning"), HasSubstr("they come as they arrived"));
  }
  EXPECT_THAT(studies("orderby=StudyDate&orderby=Modality"), ElementsAre("1.1", "1.2", "1.3"));
}

TEST_F(QidoTest, TheCharacterSetOfAUrlIsUtf8WhateverItSays) {
  stores(1, 1, 1, {{tags::PatientName, "Müller"}});
  EXPECT_THAT(studies("PatientName=M%C3%BCller&SpecificCharacterSet=ISO_IR%20100"),
              ElementsAre("1.1"));
  EXPECT_THAT(studies("includefield=SpecificCharacterSet"), ElementsAre("1.1"));
}

}  // namespace
}  // namespace pacs::web
