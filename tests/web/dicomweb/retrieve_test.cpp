#include "web/dicomweb/retrieve/retrieve.h"

#include <ctime>

#include <gmock/gmock.h>

#include "core/dicom_tags.h"
#include "encoding/data_sets/dicom_file.h"
#include "tests/web/dicomweb/wado_fixture.h"
#include "web/dicomweb/retrieve/object_source.h"
#include "web/http/http_date.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;

constexpr std::string_view kAllOfStudy = "/dicomweb/studies/1.2.3";
constexpr std::string_view kImplicit = "1.2.840.10008.1.2";
constexpr std::string_view kExplicit = "1.2.840.10008.1.2.1";
constexpr std::string_view kBigEndian = "1.2.840.10008.1.2.2";
constexpr std::string_view kJpegLs = "1.2.840.10008.1.2.4.80";
constexpr std::string_view kRle = "1.2.840.10008.1.2.5";
constexpr std::string_view kMpeg4 = "1.2.840.10008.1.2.4.102";

DicomFile file_of(const std::string& text) {
  const ByteView bytes = as_bytes(text);
  auto file = read_file(share(Bytes(bytes.begin(), bytes.end())));
  EXPECT_TRUE(file) << file.error().to_string();
  return file ? *std::move(file) : DicomFile{};
}

using RetrieveTest = WadoTest;

TEST(GivenSyntax, IsExplicitLittleEndianUnlessAnotherIsAskedFor) {
  EXPECT_EQ(given_syntax(kExplicit, ""), kExplicit);
  EXPECT_EQ(given_syntax(kJpegLs, ""), kExplicit);
  EXPECT_EQ(given_syntax(kBigEndian, ""), kExplicit);
  EXPECT_EQ(given_syntax(kMpeg4, ""), kMpeg4) << "there is no other form";
  EXPECT_EQ(given_syntax(kJpegLs, "*"), kJpegLs);
  EXPECT_EQ(given_syntax(kImplicit, "*"), kExplicit) << "shall not be used with web services";
  EXPECT_EQ(given_syntax(kBigEndian, "*"), kExplicit);
  EXPECT_EQ(given_syntax(kExplicit, kRle), kRle);
  EXPECT_EQ(given_syntax(kExplicit, kImplicit), kImplicit);
  EXPECT_EQ(given_syntax(kMpeg4, kExplicit), std::nullopt);
  EXPECT_EQ(given_syntax(kExplicit, kBigEndian), std::nullopt);
  EXPECT_EQ(given_syntax(kBigEndian, kBigEndian), std::nullopt) << "never leaves as such";
  EXPECT_EQ(given_syntax(kExplicit, "1.2.840.10008.1.2.4.50"), std::nullopt) << "with a loss";
  EXPECT_EQ(given_syntax(kExplicit, "1.9.9"), std::nullopt);
}

TEST_F(RetrieveTest, AStudyIsPartsInTheOrderOfTheirNumbersWithTheLengthKnown) {
  stores_image({.instance = "1.2.3.4.2", .number = 2});
  stores_image({.instance = "1.2.3.4.1", .number = 1});
  const Answer answer = accepts(kAllOfStudy, "multipart/related; type=\"application/dicom\"");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_THAT(answer.header("Content-Type"), HasSubstr("type=\"application/dicom\""));
  EXPECT_EQ(answer.header("Content-Length"), std::to_string(answer.body.size()));
  const auto parts = parts_of(answer);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_THAT(parts[0].head,
              HasSubstr("Content-Type: application/dicom; transfer-syntax=1.2.840.10008.1.2.1"));
  const DicomFile first = file_of(parts[0].body);
  EXPECT_EQ(first.data_set.text(tags::SOPInstanceUID), "1.2.3.4.1");
  EXPECT_TRUE(equal_content(first.data_set, TestImage{}.data_set()));
  EXPECT_EQ(parts[0].body.substr(0, 132), std::string(128, '\0') + "DICM");
  EXPECT_EQ(file_of(parts[1].body).data_set.text(tags::SOPInstanceUID), "1.2.3.4.2");
}

TEST_F(RetrieveTest, OneInstanceIsAFileForWhoTakesNoParts) {
  stores_image({});
  for (const char* accept : {"application/dicom", "*/*"}) {
    const Answer answer = accepts(TestImage{}.path(), accept);
    EXPECT_EQ(answer.header("Content-Type"),
              "application/dicom; transfer-syntax=1.2.840.10008.1.2.1");
    EXPECT_EQ(answer.header("Content-Disposition"), "attachment; filename=\"1.2.3.4.1.dcm\"");
    EXPECT_EQ(file_of(answer.body).data_set.text(tags::PatientID), "P1");
  }
}

TEST_F(RetrieveTest, CompressedObjectsAreGivenAsStoredDecodedAndOtherwiseCompressed) {
  const TestImage image{.transfer_syntax = std::string(kJpegLs), .frames = 3};
  stores_image(image);
  const DicomFile decoded = file_of(accepts(image.path(), "application/dicom").body);
  EXPECT_EQ(decoded.header.transfer_syntax_uid, kExplicit);
  EXPECT_TRUE(equal_content(decoded.data_set, TestImage{.frames = 3}.data_set()));
  const DicomFile stored =
      file_of(accepts(image.path(), "application/dicom; transfer-syntax=*").body);
  EXPECT_EQ(stored.header.transfer_syntax_uid, kJpegLs);
  EXPECT_TRUE(equal_content(stored.data_set, image.data_set()));
  const Answer rle =
      accepts(image.path(), "application/dicom; transfer-syntax=1.2.840.10008.1.2.5");
  EXPECT_THAT(rle.header("Content-Type"), HasSubstr(kRle));
  EXPECT_EQ(file_of(rle.body).header.transfer_syntax_uid, kRle);
}

TEST_F(RetrieveTest, BigEndianAndImplicitObjectsLeaveExplicitLittleEndian) {
  for (const std::string_view stored : {kBigEndian, kImplicit}) {
    const TestImage image{.instance = "1.2.3.4." + std::string(1, stored.back()),
                          .transfer_syntax = std::string(stored)};
    stores_image(image);
    const DicomFile file =
        file_of(accepts(image.path(), "application/dicom;transfer-syntax=*").body);
    EXPECT_EQ(file.header.transfer_syntax_uid, kExplicit);
    EXPECT_TRUE(equal_content(file.data_set, image.data_set()));
  }
}

TEST_F(RetrieveTest, WhatCannotBeGivenAsAskedIsLeftOutAndTheAnswerSaysSo) {
  stores_image({});
  stores_image({.instance = "1.2.3.4.2",
                .transfer_syntax = std::string(kMpeg4),
                .number = 2,
                .has_pixels = false});
  const Answer some =
      accepts(kAllOfStudy,
              "multipart/related; type=application/dicom; transfer-syntax=1.2.840.10008.1.2.5");
  EXPECT_EQ(some.status(), 206);
  EXPECT_EQ(parts_of(some).size(), 1U);
  const Answer none =
      accepts(kAllOfStudy,
              "multipart/related; type=application/dicom; transfer-syntax=1.2.840.10008.1.2.2");
  EXPECT_EQ(none.status(), 406);
  EXPECT_THAT(none.body, HasSubstr("application/dicom"));
  EXPECT_EQ(accepts(kAllOfStudy, "text/html").status(), 406);
  EXPECT_EQ(parts_of(accepts(kAllOfStudy, "*/*")).size(), 2U) << "video as it is stored";
}

TEST_F(RetrieveTest, DamagedPixelsLeaveAsTheyAreStoredBesideTheOthers) {
  TestImage broken{.instance = "1.2.3.4.2",
                   .transfer_syntax = std::string(kJpegLs),
                   .number = 2,
                   .has_pixels = false};
  broken.more = TestImage{}.data_set();
  const Bytes nonsense(16, std::byte{7});
  Fragments fragments;
  fragments.fragments.emplace_back(nonsense);
  broken.more.set(Element::fragments(kPixelData, VR::OB, std::move(fragments)));
  stores_image({});
  stores_image(broken);
  const auto parts = parts_of(accepts(kAllOfStudy, "multipart/related; type=application/dicom"));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_THAT(parts[0].head, HasSubstr("transfer-syntax=1.2.840.10008.1.2.1\r\n"));
  EXPECT_THAT(parts[1].head, HasSubstr("transfer-syntax=1.2.840.10008.1.2.4.80"));
}

TEST_F(RetrieveTest, AnInstanceIsKnownByItsTagAndGivenInRanges) {
  stores_image({});
  const Answer whole = accepts(TestImage{}.path(), "application/dicom");
  const std::string tag = whole.header("ETag");
  ASSERT_FALSE(tag.empty());
  const Answer again =
      gets_as(TestImage{}.path(), "Accept: application/dicom\r\nIf-None-Match: " + tag + "\r\n");
  EXPECT_EQ(again.status(), 304);
  EXPECT_EQ(again.header("ETag"), tag);
  const Answer part =
      gets_as(TestImage{}.path(), "Accept: application/dicom\r\nRange: bytes=128-131\r\n");
  EXPECT_EQ(part.status(), 206);
  EXPECT_EQ(part.body, "DICM");
  EXPECT_EQ(part.header("Content-Range"), "bytes 128-131/" + std::to_string(whole.body.size()));
  const Answer behind =
      gets_as(TestImage{}.path(), "Accept: application/dicom\r\nRange: bytes=9999999-\r\n");
  EXPECT_EQ(behind.status(), 416);
}

TEST_F(RetrieveTest, AnInstanceIsKnownByTheTimeItWasReceived) {
  const std::int64_t before = std::time(nullptr);
  stores_image({});
  const std::string path = TestImage{}.path();
  for (const char* what : {"", "/frames/1", "/rendered", "/bulkdata/7FE00010", "/metadata"}) {
    const auto since = [&](std::int64_t seconds) {
      return gets_as(path + what,
                     "Accept: */*\r\nIf-Modified-Since: " + http_date(seconds) + "\r\n");
    };
    const auto said = parse_http_date(since(before).header("Last-Modified"));
    ASSERT_TRUE(said) << what;
    EXPECT_GE(*said, before) << what;
    EXPECT_EQ(since(before).status(), 200) << what << ": it came in this second or later";
    const Answer known = since(std::time(nullptr) + 1);
    EXPECT_EQ(known.status(), 304) << what;
    EXPECT_NE(known.header("Last-Modified"), "") << what;
  }
  // A tag is more exact, and counts alone where there is one (RFC 9110 §13.1.3).
  EXPECT_EQ(
      gets_as(path, "Accept: application/dicom\r\nIf-None-Match: \"x\"\r\nIf-Modified-Since: " +
                        http_date(before + 100) + "\r\n")
          .status(),
      200);
}

TEST_F(RetrieveTest, AStudyIsAZipArchiveOfFilesNamedByTheirUids) {
  stores_image({});
  stores_image({.instance = "1.2.3.4.2", .transfer_syntax = std::string(kBigEndian), .number = 2});
  const Answer zip = accepts(kAllOfStudy, "application/zip");
  EXPECT_EQ(zip.status(), 200);
  EXPECT_EQ(zip.header("Content-Type"), "application/zip");
  EXPECT_EQ(zip.header("Content-Length"), std::to_string(zip.body.size()));
  EXPECT_EQ(zip.header("Content-Disposition"), "attachment; filename=\"1.2.3.zip\"");
  EXPECT_TRUE(zip.body.starts_with("PK\x03\x04"));
  EXPECT_THAT(zip.body, HasSubstr("1.2.3/1.2.3.4/1.2.3.4.2.dcm"));
}

TEST_F(RetrieveTest, WhatIsNotThereIs404AndWhatIsNoUidIs400) {
  stores_image({});
  EXPECT_EQ(get("/dicomweb/studies/1.9").status(), 404);
  EXPECT_EQ(get("/dicomweb/studies/1.2.3/series/1.9").status(), 404);
  EXPECT_EQ(get("/dicomweb/studies/1.9/series/1.2.3.4/instances/1.2.3.4.1").status(), 404)
      << "it lies in another study";
  const Answer bad = get("/dicomweb/studies/1.2.3%0d%0aX:1");
  EXPECT_EQ(bad.status(), 400);
  const Answer letters = get("/dicomweb/studies/abc");
  EXPECT_EQ(letters.status(), 400);
  EXPECT_THAT(letters.body, HasSubstr("study"));
}

}  // namespace
}  // namespace pacs::web
