#include "web/dicomweb/retrieve/wado_uri.h"

#include <gmock/gmock.h>

#include "core/dicom_tags.h"
#include "encoding/data_sets/dicom_file.h"
#include "tests/web/dicomweb/wado_fixture.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;

class WadoUriTest : public WadoTest {
 protected:
  WadoUriTest() { stores_image({.frames = 3}); }
  Answer asks_for(const std::string& more, const std::string& instance = "1.2.3.4.1") {
    return get("/dicomweb/wado?requestType=WADO&studyUID=1.2.3&seriesUID=1.2.3.4&objectUID=" +
               instance + more);
  }
};

TEST_F(WadoUriTest, GivesPicturesOfImages) {
  EXPECT_EQ(asks_for("").header("Content-Type"), "image/jpeg");
  EXPECT_EQ(asks_for("&contentType=image/png&frameNumber=2&rows=64&columns=64&windowCenter=40&"
                     "windowWidth=400&region=0.25,0.25,0.75,0.75&imageQuality=80")
                .header("Content-Type"),
            "image/png");
  EXPECT_EQ(asks_for("&frameNumber=4").status(), 404);
  for (const char* wrong :
       {"&frameNumber=0", "&rows=x", "&windowCenter=40", "&region=0,0,2,2", "&region=1,1,0,0",
        "&imageQuality=101", "&columns=4097", "&rows=4097", "&windowCenter=1&windowWidth=0"}) {
    EXPECT_EQ(asks_for(wrong).status(), 400) << wrong;
  }
}

TEST_F(WadoUriTest, GivesObjects) {
  const Answer plain = asks_for("&contentType=application/dicom");
  EXPECT_EQ(plain.header("Content-Type"), "application/dicom");
  const ByteView bytes = as_bytes(plain.body);
  const auto file = read_file(share(Bytes(bytes.begin(), bytes.end())));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->data_set.text(tags::PatientID), "P1");
  const Answer rle = asks_for("&contentType=application/dicom&transferSyntax=1.2.840.10008.1.2.5");
  EXPECT_THAT(rle.body.substr(0, 400), HasSubstr("1.2.840.10008.1.2.5"));
  EXPECT_EQ(
      asks_for("&contentType=application/dicom&transferSyntax=1.2.840.10008.1.2.4.50").status(),
      406);
  stores_image({.instance = "1.2.3.4.2", .has_pixels = false});
  EXPECT_EQ(asks_for("", "1.2.3.4.2").header("Content-Type"), "application/dicom");
}

TEST_F(WadoUriTest, RefusesWhatItDoesNotDo) {
  const Answer anonymous = asks_for("&anonymize=yes");
  EXPECT_EQ(anonymous.status(), 501);
  EXPECT_THAT(anonymous.body, HasSubstr("anonymize"));
  EXPECT_EQ(asks_for("&presentationUID=1.2").status(), 501);
  EXPECT_EQ(asks_for("&contentType=text/html").status(), 406);
  EXPECT_EQ(asks_for("", "1.9").status(), 404);
  EXPECT_EQ(asks_for("", "x").status(), 400);
  EXPECT_EQ(get("/dicomweb/wado?requestType=OTHER").status(), 400);
  EXPECT_THAT(get("/dicomweb/wado?requestType=WADO").body, HasSubstr("studyUID"));
  EXPECT_THAT(asks_for("&annotation=patient").header("Warning"), HasSubstr("annotation"));
}

}  // namespace
}  // namespace pacs::web
