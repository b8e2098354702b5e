#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/model/dicom_json.h"
#include "encoding/model/dicom_xml.h"
#include "tests/web/dicomweb/stow_fixture.h"
#include "web/dicomweb/store/json_objects.h"

namespace pacs::web::test {
namespace {

constexpr const char* kJsonBody = "multipart/related; type=\"application/dicom+json\"; boundary=b";
constexpr const char* kXmlBody = "multipart/related; type=application/dicom+xml; boundary=b";
constexpr const char* kJsonPart = "Content-Type: application/dicom+json\r\n";
constexpr const char* kXmlPart = "Content-Type: application/dicom+xml\r\n";

/// The image's metadata; its pixel data is named by `uri`.
ModelOptions with_bulk(const std::string& uri) {
  return {.bulk_data_uri = [uri](const Element&, std::string_view) { return uri; },
          .inline_bytes_max = 0};
}

std::string json_of(const DataSet& image, const std::string& uri) {
  std::string text;
  EXPECT_TRUE(write_json(image, text, with_bulk(uri)));
  return text;
}

std::string xml_of(const DataSet& image, const std::string& uri) {
  std::string text;
  EXPECT_TRUE(write_xml(image, text, with_bulk(uri)));
  return text;
}

Part bulk_part(const std::string& location, const std::string& content,
               const std::string& type = "application/octet-stream") {
  return {fmt::format("Content-Type: {}\r\nContent-Location: {}\r\n", type, location), content};
}

std::string pixels_of(const DataSet& image) {
  return std::string(as_text(image.find(tags::PixelData)->value()));
}

/// Read back, without the character set that the model names.
class StowMetadataTest : public StowTest {
 protected:
  DataSet stored(const std::string& instance) {
    const auto bytes = stored_data_set(instance);
    EXPECT_NE(bytes, std::nullopt) << instance;
    if (!bytes) return {};
    const ByteView view = as_bytes(*bytes);
    auto data_set =
        read_data_set(share(Bytes(view.begin(), view.end())), explicit_vr_little_endian());
    EXPECT_TRUE(data_set);
    data_set->erase(tags::SpecificCharacterSet);
    return *data_set;
  }
};

TEST_F(StowMetadataTest, InstancesInJsonWithTheirBulkDataAreStored) {
  const DataSet one = ct_image("1.2.1");
  const DataSet two = ct_image("1.2.2");
  for (const std::size_t bytes : {1, 13, 64 << 10}) {
    piece_bytes = bytes;
    const auto answer = post(multipart_body({{kJsonPart, "[" + json_of(one, "bulk/1") + " ,\n" +
                                                             json_of(two, "b2") + "]"},
                                             bulk_part("b2", pixels_of(two)),
                                             bulk_part("bulk/1", pixels_of(one))}),
                             kJsonBody, "1.2.3");
    EXPECT_EQ(answer.status, 200U) << answer.body;
    EXPECT_EQ(answer.stored(), "1.2.1 1.2.2");
    EXPECT_TRUE(equal_content(stored("1.2.1"), one));
    EXPECT_TRUE(equal_content(stored("1.2.2"), two));
  }
}

TEST_F(StowMetadataTest, InstancesInXmlAreParts) {
  const DataSet one = ct_image("1.2.1");
  const DataSet two = ct_image("1.2.2");
  const auto answer = post(multipart_body({{kXmlPart, xml_of(one, "1")},
                                           bulk_part("1", pixels_of(one)),
                                           {kXmlPart, xml_of(two, "2")},
                                           bulk_part("2", pixels_of(two))}),
                           kXmlBody);
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_TRUE(equal_content(stored("1.2.1"), one));
  EXPECT_TRUE(equal_content(stored("1.2.2"), two));
}

TEST_F(StowMetadataTest, BulkDataMayBeInlineAndOfOddLength) {
  const DataSet one = ct_image("1.2.1");
  std::string inline_json;
  ASSERT_TRUE(write_json(one, inline_json));
  DataSet odd = ct_image("1.2.2");
  odd.set_bytes(tags::PixelData, VR::OB, Bytes(3, std::byte{7}));
  const auto answer =
      post(multipart_body({{kJsonPart, "[" + inline_json + "," + json_of(odd, "o") + "]"},
                           bulk_part("o", "\x07\x07\x07")}),
           kJsonBody);
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_TRUE(equal_content(stored("1.2.1"), one));
  EXPECT_EQ(stored("1.2.2").find(tags::PixelData)->value().size(), 4U);
}

TEST_F(StowMetadataTest, FramesOfCompressedPixelDataAreParts) {
  DataSet image = ct_image("1.2.1");
  image.set_text(tags::NumberOfFrames, "2");
  const std::string json = json_of(image, "frames");
  const std::string type = "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80";
  const auto answer = post(multipart_body({{kJsonPart, "[" + json + "]"},
                                           bulk_part("frames", "first", type),
                                           bulk_part("frames", "second", "image/jls")}),
                           kJsonBody);
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(archive->find_instance("1.2.1")->transfer_syntax_uid, "1.2.840.10008.1.2.4.80");
  const DataSet object = stored("1.2.1");
  const Fragments* fragments = object.find(tags::PixelData)->fragments();
  ASSERT_NE(fragments, nullptr);
  EXPECT_TRUE(fragments->basic_offset_table.empty());
  ASSERT_EQ(fragments->fragments.size(), 2U);
  EXPECT_EQ(as_text(fragments->fragments[0]), std::string_view("first\0", 6));
  EXPECT_EQ(as_text(fragments->fragments[1]), "second");
}

TEST_F(StowMetadataTest, WhatIsWrongWithOneIsItsResultAndNotThatOfOthers) {
  DataSet elsewhere = ct_image("1.2.4", "1.9");
  const std::string good = json_of(ct_image("1.2.1"), "1");
  const auto answer =
      post(multipart_body({{kJsonPart, "[" + good + "," + json_of(ct_image("1.2.2"), "nowhere") +
                                           "," + R"({"00080018":{"vr":"UI","Value":[5,{}]}})" +
                                           "," + json_of(elsewhere, "1") + ", {}]"},
                           bulk_part("1", "\x01\x02")}),
           kJsonBody, "1.2.3");
  EXPECT_EQ(answer.status, 202U);
  EXPECT_EQ(answer.stored(), "1.2.1");
  EXPECT_EQ(answer.failed(), "1.2.4:A900 :C000 :C000 :C000");
}

struct BadBody {
  std::vector<Part> parts;
  unsigned status;
};

TEST_F(StowMetadataTest, MetadataThatIsNoneIsRefused) {
  const std::string good = "[" + json_of(ct_image("1.2.1"), "1") + "]";
  for (const BadBody& bad : std::initializer_list<BadBody>{
           {{}, 400},
           {{{kJsonPart, ""}}, 400},
           {{{kJsonPart, "[]"}}, 400},
           {{{kJsonPart, "nonsense"}}, 400},
           {{{kJsonPart, "[{]"}}, 400},
           {{{kJsonPart, good + "]"}}, 400},
           {{bulk_part("1", "x")}, 400},
           {{{kJsonPart, good}, {"Content-Type: image/jpeg\r\n", "no location"}}, 400},
           {{{kJsonPart, good}, bulk_part("1", "x"), bulk_part("1", "y")}, 400},
           {{{kJsonPart, good}, bulk_part("1", "x", "image/jpeg; transfer-syntax=1.2.3")}, 415},
           {{{kJsonPart, good}, bulk_part("1", "x", "no type")}, 400}}) {
    EXPECT_EQ(post(multipart_body(bad.parts), kJsonBody).status, bad.status)
        << multipart_body(bad.parts);
  }
  const auto bomb =
      post(multipart_body(
               {{kXmlPart, "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"b\">]><a>&b;</a>"}}),
           kXmlBody);
  EXPECT_EQ(bomb.status, 409U);
  EXPECT_EQ(archive->counts()->instances, 0U);
}

TEST_F(StowMetadataTest, WhatWaitsHasLimits) {
  service->limits = {.metadata_bytes_max = 5000, .bulk_bytes_max = 3000, .parts_max = 5};
  const std::string good = "[" + json_of(ct_image("1.2.1"), "1") + "]";
  EXPECT_EQ(post(multipart_body({{kJsonPart, std::string(5000, ' ')}}), kJsonBody).status, 413U);
  EXPECT_EQ(
      post(multipart_body({{kJsonPart, good}, bulk_part("1", std::string(3001, 'x'))}), kJsonBody)
          .status,
      413U);
  EXPECT_EQ(
      post(multipart_body({{kJsonPart, good}, bulk_part(std::string(5000, 'l'), "x")}), kJsonBody)
          .status,
      413U);
  EXPECT_EQ(post(multipart_body(std::vector<Part>(6, {kJsonPart, "[]"})), kJsonBody).status, 413U);
  EXPECT_EQ(
      post(multipart_body({{kJsonPart, good}, bulk_part("1", std::string(3000, 'x'))}), kJsonBody)
          .status,
      200U);
  // Where there is no room for bulk data.
  service->temporary_folder = "/nonexistent";
  EXPECT_EQ(post(multipart_body({{kJsonPart, good}, bulk_part("1", "xy")}), kJsonBody).status,
            500U);
}

TEST(JsonObjects, OfAnArrayAreGivenAsTheyStand) {
  using Texts = std::vector<std::string_view>;
  EXPECT_EQ(json_objects(" [ {\"a\":\"}\\\"{\"} ,{\"b\":[{}]}]\n").value(),
            (Texts{"{\"a\":\"}\\\"{\"}", "{\"b\":[{}]}"}));
  EXPECT_EQ(json_objects("{}").value(), Texts{"{}"});
  EXPECT_EQ(json_objects("[]").value(), Texts{});
  for (const std::string_view bad : {"", "1", "[1]", "[{},]", "[,{}]", "[{} {}]", "{}{}", "[{}",
                                     "{}]", "[{\"a]", "[{\"\\\"}]", "[[{}]]", "null"}) {
    EXPECT_FALSE(json_objects(bad)) << bad;
  }
  EXPECT_EQ(json_objects("[" + std::string(1'000'000, '{') + "]").error().kind,
            ErrorKind::Malformed);
}

}  // namespace
}  // namespace pacs::web::test
