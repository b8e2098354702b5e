#include "web/dicomweb/retrieve/metadata.h"

#include <gmock/gmock.h>

#include "core/dicom_tags.h"
#include "encoding/model/dicom_json.h"
#include "encoding/model/dicom_xml.h"
#include "tests/web/dicomweb/wado_fixture.h"
#include "web/dicomweb/retrieve/deflated_text.h"
#include "web/dicomweb/retrieve/series_answers.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;

constexpr std::string_view kStudyMetadata = "/dicomweb/studies/1.2.3/metadata";

/// What a gzip member of one fragment around it holds.
std::string inflated(const std::string& deflated) {
  const DeflatedText text{deflated, 0, 0};
  TextInflater inflater{text};
  std::string all;
  for (;;) {
    const auto piece = inflater.next();
    EXPECT_TRUE(piece);
    if (!piece || piece->empty()) return all;
    all += *piece;
  }
}

/// Without head and end of the member.
std::string gunzipped(const std::string& body) {
  EXPECT_GT(body.size(), 18U);
  return inflated(body.substr(10, body.size() - 18));
}

std::vector<DataSet> read_array(std::string_view json) {
  std::vector<DataSet> instances;
  EXPECT_TRUE(json.starts_with("[{") && json.ends_with("}]")) << json.substr(0, 100);
  json = json.substr(1, json.size() - 2);
  while (!json.empty()) {
    std::size_t depth = 0, end = 0;
    do {
      depth += json[end] == '{' ? 1 : 0;
      depth -= json[end] == '}' ? 1 : 0;
      ++end;
    } while (depth > 0);
    ModelReadOptions options;
    options.resolve_bulk = [](std::string_view, Tag, VR) -> Result<Bytes> { return Bytes{}; };
    auto data_set = read_json(json.substr(0, end), options);
    EXPECT_TRUE(data_set);
    instances.push_back(*std::move(data_set));
    json.remove_prefix(std::min(end + 1, json.size()));
  }
  return instances;
}

TEST(DeflatedText, PartsMadeApartAreOneMember) {
  TextDeflater first, second;
  std::string one(first.add("aaaa,bbbb"));
  one += first.flush();
  std::string two(second.add(std::string(100'000, 'c')));
  two += second.flush();
  GzipMember member;
  std::string all(GzipMember::head());
  all += member.text("[");
  all += one;
  member.take(first.bytes(), first.crc());
  all += member.text(",");
  all += two;
  member.take(second.bytes(), second.crc());
  all += member.text("]");
  all += member.end();
  EXPECT_EQ(gunzipped(all), "[aaaa,bbbb," + std::string(100'000, 'c') + "]");
  TextDeflater whole;
  (void)whole.add("[aaaa,bbbb," + std::string(100'000, 'c') + "]");
  std::string end;
  for (int i = 0; i < 4; ++i) end += static_cast<char>(whole.crc() >> (8 * i) & 0xFF);
  EXPECT_EQ(all.substr(all.size() - 8, 4), end) << "the CRC of a member is that of its whole text";
}

TEST(SeriesAnswers, HoldAsLongAsTheSeriesIsTheSame) {
  SeriesAnswers answers;
  const storage::SelectedSeries series{"1.2", "1.2.3", 5, 70};
  const auto answer = std::make_shared<const DeflatedText>(DeflatedText{"x", 1, 0});
  answers.keep(series, "http://a", answer);
  EXPECT_EQ(answers.find(series, "http://a"), answer);
  EXPECT_EQ(answers.find(series, "http://b"), nullptr) << "its URLs would be wrong";
  EXPECT_EQ(answers.find({"1.2", "1.2.3", 5, 71}, "http://a"), nullptr) << "one was replaced";
  EXPECT_EQ(answers.find(series, "http://a"), nullptr) << "it is gone";
  answers.keep(series, "http://a", answer);
  EXPECT_EQ(answers.find({"1.2", "1.2.3", 4, 70}, "http://a"), nullptr) << "one was removed";
}

TEST(SeriesAnswers, AreBoundedAndLeaveOutWhatIsTooLong) {
  SeriesAnswers answers;
  const auto answer = std::make_shared<const DeflatedText>(
      DeflatedText{std::string(kSeriesAnswerBytesMax, 'x'), 1, 0});
  const auto series = [](int n) {
    return storage::SelectedSeries{"1.2", "1.2." + std::to_string(n), 1, 1};
  };
  const int fit = kSeriesAnswersBytesMax / kSeriesAnswerBytesMax;
  for (int n = 0; n <= fit; ++n) answers.keep(series(n), "", answer);
  EXPECT_EQ(answers.find(series(0), ""), nullptr) << "the oldest went";
  EXPECT_EQ(answers.find(series(1), ""), answer);
  answers.keep(series(100), "",
               std::make_shared<const DeflatedText>(
                   DeflatedText{std::string(kSeriesAnswerBytesMax + 1, 'x'), 1, 0}));
  EXPECT_EQ(answers.find(series(100), ""), nullptr);
}

using MetadataTest = WadoTest;

TEST_F(MetadataTest, IsTheStoredHeaderWithLongValuesByTheirUrls) {
  TestImage image{.frames = 40};
  image.more.set_text(tags::PatientName, "Doe^Jane");
  stores_image(image);
  const Answer answer = accepts(image.path() + "/metadata", "application/dicom+json");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/dicom+json");
  EXPECT_THAT(answer.body, HasSubstr(R"("7FE00010":{"vr":"OW","BulkDataURI":"http://localhost)" +
                                     image.path() + R"(/bulkdata/7FE00010"})"));
  const auto instances = read_array(answer.body);
  ASSERT_EQ(instances.size(), 1U);
  EXPECT_EQ(instances[0].text(tags::PatientName), "Doe^Jane");
  EXPECT_EQ(get(image.path() + "/metadata").body, answer.body) << "JSON is the default";
}

TEST_F(MetadataTest, OfAStudyIsOneArrayOverItsSeriesAskedForOnceOrAgain) {
  stores_image({.instance = "1.2.3.4.2", .number = 2});
  stores_image({.instance = "1.2.3.4.1", .number = 1});
  stores_image({.instance = "1.2.3.5.1", .series = "1.2.3.5"});
  const Answer first = get(kStudyMetadata);
  const auto instances = read_array(first.body);
  ASSERT_EQ(instances.size(), 3U);
  EXPECT_EQ(instances[0].text(tags::SOPInstanceUID), "1.2.3.4.1");
  EXPECT_EQ(instances[2].text(tags::SOPInstanceUID), "1.2.3.5.1");
  EXPECT_EQ(get(kStudyMetadata).body, first.body) << "from what was kept";
  for (int round = 0; round < 2; ++round) {
    const Answer packed = gets_as(kStudyMetadata, "Accept-Encoding: gzip, deflate\r\n");
    EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
    EXPECT_EQ(gunzipped(packed.body), first.body);
  }
  const Answer series = get("/dicomweb/studies/1.2.3/series/1.2.3.5/metadata");
  EXPECT_EQ(read_array(series.body).size(), 1U);
}

TEST_F(MetadataTest, MadeCompressedItIsKeptForThoseWhoTakeItPlain) {
  stores_image({});
  const Answer packed = gets_as(kStudyMetadata, "Accept-Encoding: gzip\r\n");
  const Answer plain = gets_as(kStudyMetadata, "Accept-Encoding: gzip;q=0\r\n");
  EXPECT_EQ(plain.header("Content-Encoding"), "");
  EXPECT_EQ(gunzipped(packed.body), plain.body);
}

TEST_F(MetadataTest, ChangesWithEachStoreAndIsKnownByItsTag) {
  stores_image({});
  const Answer before = get(kStudyMetadata);
  const std::string condition = "If-None-Match: " + before.header("ETag") + "\r\n";
  EXPECT_EQ(gets_as(kStudyMetadata, condition).status(), 304);
  stores_image({.instance = "1.2.3.4.2", .number = 2});
  const Answer after = gets_as(kStudyMetadata, condition);
  EXPECT_EQ(after.status(), 200);
  EXPECT_EQ(read_array(after.body).size(), 2U);
}

TEST_F(MetadataTest, IsXmlForWhoAsksForIt) {
  stores_image({});
  stores_image({.instance = "1.2.3.4.2", .number = 2});
  const auto parts =
      parts_of(accepts(kStudyMetadata, "multipart/related; type=\"application/dicom+xml\""));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_THAT(parts[0].head, HasSubstr("Content-Type: application/dicom+xml"));
  ModelReadOptions options;
  options.resolve_bulk = [](std::string_view, Tag, VR) -> Result<Bytes> { return Bytes{}; };
  const auto data_set = read_xml(parts[1].body, options);
  ASSERT_TRUE(data_set) << data_set.error().to_string();
  EXPECT_EQ(data_set->text(tags::SOPInstanceUID), "1.2.3.4.2");
  EXPECT_EQ(accepts(kStudyMetadata, "text/html").status(), 406);
  EXPECT_EQ(get("/dicomweb/studies/1.9/metadata").status(), 404);
  EXPECT_EQ(
      accepts("/dicomweb/studies/1.9/metadata", "multipart/related; type=\"application/dicom+xml\"")
          .status(),
      404);
}

TEST_F(MetadataTest, OfThousandsIsGivenPieceByPiece) {
  for (int n = 1; n <= 300; ++n) {
    stores_image({.instance = "1.2.3.4." + std::to_string(n), .number = n, .has_pixels = false});
  }
  const Answer answer = get(kStudyMetadata);
  EXPECT_EQ(answer.header("Transfer-Encoding"), "chunked");
  const auto instances = read_array(answer.body);
  ASSERT_EQ(instances.size(), 300U);
  EXPECT_EQ(instances[299].text(tags::SOPInstanceUID), "1.2.3.4.300");
  EXPECT_EQ(gunzipped(gets_as(kStudyMetadata, "Accept-Encoding: gzip\r\n").body), answer.body);
}

}  // namespace
}  // namespace pacs::web
