// What the field sends although the standard has it otherwise: kept as it came, found and answered
// by what it means.
#include "storage/ingest/ingest_session.h"

#include <fstream>
#include <iterator>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/model/dicom_json.h"
#include "integration/metrics.h"
#include "tests/storage/archive_language.h"

namespace pacs::storage::test {
namespace {

using testing::HasSubstr;
using Texts = std::vector<std::pair<Tag, std::string>>;

constexpr std::string_view kObjectUid = "1.2.3.4.1";

class FieldValue : public testing::Test {
 protected:
  FieldValue() {
    options_ = options_for(folder_ / "archive");
    options_.metrics = metrics_.get();
  }
  void SetUp() override { open(); }
  void open() {
    archive_.reset();
    archive_ = open_archive(options_);
    ASSERT_NE(archive_, nullptr);
  }

  /// An object with these attributes besides those of identity, not of patient or character set.
  static DataSet object(const Texts& texts = {}) {
    DataSet ds;
    ds.set_text(tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.2");
    ds.set_text(tags::SOPInstanceUID, kObjectUid);
    ds.set_text(tags::StudyInstanceUID, "1.2.3");
    ds.set_text(tags::SeriesInstanceUID, "1.2.3.4");
    for (const auto& [tag, value] : texts) ds.set_text(tag, value);
    return ds;
  }
  static Bytes bytes_of(const DataSet& ds) {
    return *write_data_set(ds, explicit_vr_little_endian());
  }

  Result<StoredInstance> sends(const Bytes& bytes, const std::string& source_ae = "MODALITY",
                               const std::string& syntax = "1.2.840.10008.1.2.1") {
    return store(*archive_, bytes, {syntax, "", "", source_ae, "trace"});
  }
  /// It is stored, and comes out as it came.
  void is_kept(const Bytes& bytes, const std::string& source_ae = "MODALITY") {
    const auto stored = sends(bytes, source_ae);
    ASSERT_TRUE(stored) << stored.error().to_string();
    EXPECT_EQ(read_data_set_bytes(*archive_, stored->sop_instance_uid), bytes);
    expect_sound(*archive_);
  }

  /// The answers at the study level to a query in UTF-8.
  std::vector<DataSet> asked(const Texts& keys, const std::vector<Tag>& wanted = {}) {
    DataSet identifier;
    identifier.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    identifier.set_text(tags::QueryRetrieveLevel, "STUDY");
    for (const auto& [tag, value] : keys) identifier.set_text(tag, value);
    for (const Tag tag : wanted) identifier.set_text(tag, dictionary_vr(tag), "");
    QueryRules rules;
    rules.relational = true;
    auto query = parse_query(identifier, rules);
    EXPECT_TRUE(query);
    auto matches = archive_->find(std::move(*query));
    EXPECT_TRUE(matches);
    auto answers = (*matches)->next(10);
    EXPECT_TRUE(answers) << answers.error().to_string();
    return std::move(answers).value_or(std::vector<DataSet>{});
  }
  [[nodiscard]] std::string departures(std::string_view kind) const {
    const std::string name = fmt::format("pacs_storage_departures_total{{kind=\"{}\"}} ", kind);
    const std::string all = metrics_->exposition();
    const std::size_t at = all.find(name);
    return at == all.npos ? "none" : all.substr(at + name.size(), 1);
  }
  std::string json() {
    const auto header = archive_->read_header(kObjectUid);
    EXPECT_TRUE(header) << header.error().to_string();
    std::string text;
    EXPECT_TRUE(write_json(header->data_set, text));
    return text;
  }
  void lose_index() {
    archive_.reset();
    for (const char* file : {"index.sqlite", "index.sqlite-wal", "index.sqlite-shm"}) {
      std::filesystem::remove(options_.path / file);
    }
    open();
  }

  TemporaryFolder folder_;
  std::unique_ptr<integration::Metrics> metrics_ = integration::Metrics::create();
  ArchiveOptions options_;
  std::unique_ptr<LocalArchive> archive_;
};

DataSet as_unknown(const DataSet& data_set) {
  const auto implicit = write_data_set(data_set, implicit_vr_little_endian());
  DataSet unknown;
  const auto read = read_data_set(share(*implicit), implicit_vr_little_endian());
  for (const Element& element : *read) {
    Bytes value(element.value().begin(), element.value().end());
    if (element.form() == Element::Form::Sequence) {
      DataSet alone;
      alone.adopt(element);
      value = *write_data_set(alone, implicit_vr_little_endian());
      value.erase(value.begin(), value.begin() + 8);
    }
    unknown.set(Element::owning(element.tag(), VR::UN, std::move(value)));
  }
  return unknown;
}

TEST_F(FieldValue, KnownAttributesAsUnAreFoundAndAnswered) {
  DataSet ds = object({{tags::SpecificCharacterSet, "ISO_IR 100"},
                       {tags::PatientID, "P1"},
                       {tags::PatientName, "M\xFCller^Ann"},
                       {tags::StudyDate, "20240131"},
                       {tags::KVP, "120"}});
  DataSet code;
  code.set_text(tags::CodeValue, "C1");
  ds.set_items(tags::ProcedureCodeSequence, {Item{code, false}}, false);
  const Bytes bytes = bytes_of(as_unknown(ds));
  is_kept(bytes);
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(asked({{tags::PatientID, "P1"}}).size(), 1U);
    EXPECT_EQ(asked({{tags::PatientName, "müller*"}}).size(), 1U);
    EXPECT_EQ(asked({{tags::StudyDate, "20240101-20240201"}}).size(), 1U);
    EXPECT_EQ(asked({{tags::KVP, "120"}}).size(), 1U);
    const auto answers = asked({}, {tags::PatientName, tags::KVP, tags::StudyDate});
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].text(tags::PatientName), "Müller^Ann");
    EXPECT_EQ(answers[0].text(tags::KVP), "120");
    EXPECT_EQ(answers[0].find(tags::StudyDate)->vr(), VR::DA);
    EXPECT_THAT(json(),
                HasSubstr(R"("00100010":{"vr":"PN","Value":[{"Alphabetic":"Müller^Ann"}]})"));
    EXPECT_THAT(json(), HasSubstr(R"("00081032":{"vr":"SQ","Value":[{"00080100":{"vr":"SH",)"));
    lose_index();
  }
  EXPECT_EQ(departures("known_as_un"), "1");
}

TEST_F(FieldValue, ElementsOfCommandsAndFilesAreKeptAndNotActedUpon) {
  DataSet before;
  before.set_text(Tag{0x0000, 0x1000}, VR::UI, "9.9.9");
  before.set_text(tags::TransferSyntaxUID, VR::UI, "1.2.840.10008.1.2.4.50");
  Bytes bytes = bytes_of(before);
  append(bytes, bytes_of(object({{tags::PatientID, "P1"}})));
  is_kept(bytes);
  EXPECT_EQ(archive_->find_instance(kObjectUid)->transfer_syntax_uid, "1.2.840.10008.1.2.1");
  const auto header = archive_->read_header(kObjectUid);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->data_set.begin()->tag(), tags::SOPClassUID);
  EXPECT_EQ(json().find("\"0002"), std::string::npos);
  EXPECT_EQ(departures("foreign_group"), "1");
}

TEST_F(FieldValue, OfAnAttributeThatComesTwiceTheFirstCounts) {
  Bytes bytes = bytes_of(object({{tags::PatientID, "P1"}, {tags::PatientName, "First"}}));
  append(bytes, bytes_of([] {
           DataSet again;
           again.set_text(tags::PatientName, "Second");
           again.set_text(tags::PatientID, "P1");
           return again;
         }()));
  is_kept(bytes);
  EXPECT_EQ(asked({{tags::PatientName, "First"}}).size(), 1U);
  EXPECT_EQ(asked({{tags::PatientName, "Second"}}).size(), 0U);
  EXPECT_EQ(json().find("Second"), std::string::npos);
  EXPECT_EQ(departures("element_twice"), "1");
  EXPECT_EQ(departures("out_of_order"), "1");
}

TEST_F(FieldValue, TwoValuesOfWhatIdentifiesAreRefused) {
  const Texts identity{{tags::PatientID, "P1"},
                       {tags::IssuerOfPatientID, "H"},
                       {tags::StudyInstanceUID, "1.2.3"},
                       {tags::SeriesInstanceUID, "1.2.3.4"},
                       {tags::SOPInstanceUID, "1.2.3.4.1"}};
  const Bytes whole = bytes_of(object(identity));
  for (const auto& [tag, value] : identity) {
    for (const bool same : {true, false}) {
      DataSet again;
      again.set_text(tag, same ? value : value + "9");
      Bytes bytes = whole;
      append(bytes, bytes_of(again));
      const auto stored = sends(bytes);
      EXPECT_EQ(stored.has_value(), same) << tag.to_string();
      if (stored) continue;
      EXPECT_EQ(stored.error().kind, ErrorKind::Malformed);
      EXPECT_EQ(stored.error().tag, tag);
      EXPECT_THAT(stored.error().message, HasSubstr("twice"));
    }
  }
}

TEST_F(FieldValue, NativePixelDataUnderAnEncapsulatedSyntaxIsCountedAndTold) {
  DataSet ds = object();
  ds.set_bytes(tags::PixelData, VR::OW, Bytes(100));
  const auto stored = sends(bytes_of(ds), "MODALITY", "1.2.840.10008.1.2.4.50");
  ASSERT_TRUE(stored) << stored.error().to_string();
  const auto header = archive_->read_header(kObjectUid);
  ASSERT_TRUE(header && header->pixel_data);
  EXPECT_FALSE(header->pixel_data->encapsulated);
  EXPECT_EQ(header->pixel_data->value_length, 100U);
  EXPECT_EQ(departures("native_pixel_data"), "1");
}

TEST_F(FieldValue, TextWithoutCharacterSetIsReadInThatOfItsSource) {
  options_.character_sets = {"ISO_IR 100", {{"GREEK", "ISO_IR 126"}, {"TOKYO", "Shift_JIS"}}};
  open();
  is_kept(bytes_of(object({{tags::PatientID, "P1"}, {tags::PatientName, "M\xFCller"}})));
  EXPECT_EQ(asked({{tags::PatientName, "müller"}}).size(), 1U);
  EXPECT_EQ(asked({}, {tags::PatientName})[0].text(tags::PatientName), "Müller");
  EXPECT_THAT(json(), HasSubstr(R"([{"Alphabetic":"Müller"}])"));
  is_kept(bytes_of(object({{tags::SOPInstanceUID, "1.5.1"},
                           {tags::SeriesInstanceUID, "1.5"},
                           {tags::StudyInstanceUID, "1.5"},
                           {tags::PatientID, "P2"},
                           {tags::PatientName, "\xC4\xE9\xEF\xED"}})),
          "GREEK");
  EXPECT_EQ(asked({{tags::PatientName, "Διον"}}).size(), 1U);
  is_kept(bytes_of(object({{tags::SOPInstanceUID, "1.6.1"},
                           {tags::SeriesInstanceUID, "1.6"},
                           {tags::StudyInstanceUID, "1.6"},
                           {tags::PatientID, "P3"},
                           {tags::SpecificCharacterSet, "ISO_IR 6"},
                           {tags::PatientName, "\x8E\x52\x93\x63^\x83\x5C"}})),
          "TOKYO");
  EXPECT_EQ(asked({{tags::PatientName, "山田^ソ"}}).size(), 1U);
  EXPECT_EQ(departures("no_character_set"), "3");
  // Whoever reads the objects again reads them so.
  lose_index();
  EXPECT_EQ(asked({{tags::PatientName, "Διον"}}).size(), 1U);
  EXPECT_EQ(asked({{tags::PatientName, "müller"}}).size(), 1U);
  expect_sound(*archive_);
  // What is stored keeps its set whatever the configuration says later.
  options_.character_sets = {};
  open();
  EXPECT_EQ(asked({{tags::PatientName, "müller"}}).size(), 1U);
  EXPECT_THAT(json(), HasSubstr(R"([{"Alphabetic":"Müller"}])"));
  expect_sound(*archive_);
}

TEST_F(FieldValue, ACharacterSetThatIsNamedCounts) {
  options_.character_sets = {"ISO_IR 126", {}};
  open();
  is_kept(bytes_of(object({{tags::SpecificCharacterSet, "ISO_IR 100"},
                           {tags::PatientID, "P1"},
                           {tags::PatientName, "M\xFCller"}})));
  EXPECT_EQ(asked({{tags::PatientName, "müller"}}).size(), 1U);
  EXPECT_EQ(departures("no_character_set"), "0");
  is_kept(bytes_of(object({{tags::SOPInstanceUID, "1.5.1"}, {tags::PatientName, "Doe"}})));
  EXPECT_EQ(archive_->read_header("1.5.1")->data_set.find(tags::SpecificCharacterSet), nullptr)
      << "ASCII needs none";
}

class DamagedHeader : public FieldValue {};

TEST_F(DamagedHeader, OfTheIndexIsReadFromTheObject) {
  options_.character_sets = {"ISO_IR 100", {}};
  options_.logger = *integration::Logger::create({.file = (folder_ / "log").string()});
  open();
  for (const char* number : {"1", "2", "3"}) {
    ASSERT_TRUE(sends(bytes_of(object({{tags::SOPInstanceUID, std::string{"1.2.3.4."} + number},
                                       {tags::PatientID, "P1"},
                                       {tags::PatientName, "M\xFCller"},
                                       {tags::ContrastBolusAgent, "Gr\xFCn"},
                                       {tags::InstanceNumber, number}}))));
  }
  EXPECT_EQ(asked({{tags::ContrastBolusAgent, "Grün"}}).size(), 1U);
  archive_.reset();
  {
    SQLite::Database database((options_.path / "index.sqlite").native(), SQLite::OPEN_READWRITE);
    const auto damage = [&](const char* table) {
      SQLite::Statement read(database, fmt::format("SELECT rowid, header FROM {}", table));
      while (read.executeStep()) {
        std::string header = read.getColumn(1).getString();
        header[header.size() / 2] ^= 0x10;
        SQLite::Statement write(database,
                                fmt::format("UPDATE {} SET header = ? WHERE rowid = ?", table));
        write.bind(1, header.data(), static_cast<int>(header.size()));
        write.bind(2, read.getColumn(0).getInt64());
        write.exec();
      }
    };
    damage("instance");
    damage("header_base");
  }
  open();
  const auto answers = asked({{tags::ContrastBolusAgent, "Grün"}}, {tags::ContrastBolusAgent});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].text(tags::ContrastBolusAgent), "Grün");
  EXPECT_THAT(json(), HasSubstr("Grün"));
  // The series goes on.
  ASSERT_TRUE(sends(bytes_of(object({{tags::SOPInstanceUID, "1.2.3.4.4"}}))));
  EXPECT_EQ(archive_->counts()->instances, 4U);
  EXPECT_TRUE(archive_->read_header("1.2.3.4.4"));
  // It is said where it is met, and by verify.
  const auto report = archive_->verify({});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->problems.size(), 3U);
  options_.logger.flush();
  std::ifstream file(folder_ / "log");
  const std::string log(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(log, HasSubstr("a header in the index is damaged"));
  EXPECT_THAT(log, HasSubstr("sop_instance=1.2.3.4.1"));
}

}  // namespace
}  // namespace pacs::storage::test
