#include "web/dicomweb/retrieve/bulk_data.h"

#include <gmock/gmock.h>

#include "core/dicom_tags.h"
#include "tests/web/dicomweb/wado_fixture.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;

class BulkDataTest : public WadoTest {
 protected:
  /// With a document of its own and one within two sequences.
  static TestImage with_documents() {
    TestImage image{.frames = 40};
    DataSet icon, middle;
    icon.set_bytes(tags::EncapsulatedDocument, VR::OB, Bytes(6000, std::byte{7}));
    middle.set_items(tags::IconImageSequence, {{icon}});
    image.more.set_items(tags::ReferencedStudySequence, {Item{}, {middle}});
    image.more.set_bytes(tags::EncapsulatedDocument, VR::OB, Bytes(5000, std::byte{9}));
    image.more.set_bytes(tags::ICCProfile, VR::OB, Bytes(10, std::byte{3}));
    return image;
  }
};

TEST_F(BulkDataTest, IsWhatMetadataNames) {
  const TestImage image = with_documents();
  stores_image(image);
  const std::string metadata = get(image.path() + "/metadata").body;
  const std::string nested = image.path() + "/bulkdata/00081110.2.00880200.1.00420011";
  EXPECT_THAT(metadata, HasSubstr("http://localhost" + nested + "\""));
  EXPECT_EQ(get(nested).body, std::string(6000, '\7'));
  const Answer own = get(image.path() + "/bulkdata/00420011");
  EXPECT_EQ(own.header("Content-Type"), "application/octet-stream");
  EXPECT_EQ(own.body, std::string(5000, '\11'));
  EXPECT_EQ(get(image.path() + "/bulkdata/00282000").body, std::string(10, '\3'))
      << "a short one is given too";
  const auto parts = parts_of(accepts(image.path() + "/bulkdata/00420011",
                                      "multipart/related; type=\"application/octet-stream\""));
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].body, own.body);
}

TEST_F(BulkDataTest, NativePixelsAreTheirValueInRanges) {
  const TestImage image{.frames = 40};
  stores_image(image);
  const Answer whole = get(image.path() + "/bulkdata/7FE00010");
  EXPECT_EQ(whole.body.size(), 40U * kTestSide * kTestSide * 2);
  const Answer part = gets_as(image.path() + "/bulkdata/7FE00010", "Range: bytes=128-255\r\n");
  EXPECT_EQ(part.status(), 206);
  EXPECT_EQ(part.body, text_of(TestImage::frame(1)));
  EXPECT_EQ(parts_of(accepts(image.path() + "/bulkdata/7FE00010",
                             "multipart/related; type=\"image/jls\""))
                .size(),
            40U);
}

TEST_F(BulkDataTest, BigEndianValuesAreTurnedAround) {
  const TestImage image{.transfer_syntax = "1.2.840.10008.1.2.2", .frames = 40};
  stores_image(image);
  EXPECT_EQ(get(image.path() + "/bulkdata/7FE00010").body.substr(128, 128),
            text_of(TestImage::frame(1)));
  EXPECT_EQ(accepts(image.path() + "/frames/2",
                    "multipart/related; type=application/octet-stream; transfer-syntax=*")
                .status(),
            200);
}

TEST_F(BulkDataTest, DeflatedObjectsAreReadThrough) {
  TestImage image = with_documents();
  image.transfer_syntax = "1.2.840.10008.1.2.1.99";
  stores_image(image);
  EXPECT_EQ(get(image.path() + "/bulkdata/00420011").body, std::string(5000, '\11'));
  EXPECT_EQ(accepts(image.path() + "/frames/2", "application/octet-stream").body,
            text_of(TestImage::frame(1)));
}

TEST_F(BulkDataTest, CompressedPixelsAreTheirFrames) {
  const TestImage image{.transfer_syntax = "1.2.840.10008.1.2.4.80", .frames = 3};
  stores_image(image);
  const auto decoded = parts_of(accepts(image.path() + "/bulkdata/7FE00010",
                                        "multipart/related; type=\"application/octet-stream\""));
  ASSERT_EQ(decoded.size(), 3U);
  EXPECT_EQ(decoded[2].body, text_of(TestImage::frame(2)));
  const auto stored = parts_of(
      accepts(image.path() + "/bulkdata/7FE00010", "multipart/related; type=\"image/jls\""));
  ASSERT_EQ(stored.size(), 3U);
  EXPECT_THAT(stored[0].head, HasSubstr("image/jls"));
}

TEST_F(BulkDataTest, PathsThatNameNothingAre404) {
  stores_image(with_documents());
  for (const char* path : {"00420012", "x", "00081110", "00081110.1", "00081110.3.00420011",
                           "00081110.0.00420011", "00081110.2.", "00420011.1.00420011", "7FE0001",
                           "7FE000100", "-0420011", "00081110.99999999999999999999.00420011"}) {
    EXPECT_EQ(get(TestImage{}.path() + "/bulkdata/" + path).status(), 404) << path;
  }
  EXPECT_EQ(accepts(TestImage{}.path() + "/bulkdata/00420011", "image/jls").status(), 406);
}

}  // namespace
}  // namespace pacs::web
