#include "web/dicomweb/retrieve/rendered.h"

#include <gmock/gmock.h>

#include "core/dicom_tags.h"
#include "tests/web/dicomweb/wado_fixture.h"
#include "web/dicomweb/retrieve/render_query.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;

/// The width and height of a PNG.
std::pair<int, int> png_size(const std::string& png) {
  const auto number = [&png](std::size_t at) {
    return static_cast<int>(load<std::uint32_t>(as_bytes(png).data() + at, ByteOrder::Big));
  };
  if (!png.starts_with("\x89PNG") || png.size() < 24) return {};
  return {number(16), number(20)};
}

TEST(RenderQuery, ReadsWhatTheStandardHas) {
  const auto query = read_render_query(
      {{"window", "40,400,linear"}, {"viewport", "512,256,8,,-4,2"}, {"quality", "70"}});
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->window->center, 40);
  EXPECT_EQ(query->window->width, 400);
  EXPECT_EQ(query->width, 512U);
  EXPECT_EQ(query->quality, 70);
  const auto options = render_options(*query, 100, 100);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->region->left, 8U);
  EXPECT_EQ(options->region->top, 0U);
  EXPECT_EQ(options->region->width, 4U);
  EXPECT_TRUE(options->region->mirrored);
  EXPECT_FALSE(options->region->upside_down);
  EXPECT_FALSE(render_options(*query, 10, 10)) << "it lies beside the image";
}

TEST(RenderQuery, NamesTheParameterThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"window", ""},         {"window", "40"},         {"window", "40,0"},
      {"window", "a,b"},      {"window", "1,2,spline"}, {"window", "1,nan"},
      {"window", "inf,1"},    {"viewport", "0,5"},      {"viewport", "5"},
      {"viewport", "1e9,5"},  {"viewport", "5,5,1"},    {"viewport", "5,5,1,1,1,1,1"},
      {"quality", "0"},       {"quality", "101"},       {"quality", "x"},
      {"iccprofile", "srgb"}, {"viewport", "1.5,2"},    {"viewport", "4097,1"},
      {"viewport", "1,4097"}};
  EXPECT_TRUE(read_render_query({{"viewport", "4096,4096"}}));
  for (const auto& [name, value] : wrong) {
    const auto query = read_render_query({{name, value}});
    ASSERT_FALSE(query) << name << "=" << value;
    EXPECT_EQ(query.error().kind, ErrorKind::InvalidArgument);
    EXPECT_THAT(query.error().message, HasSubstr(name));
  }
}

class RenderedTest : public WadoTest {
 protected:
  RenderedTest() {
    stores_image({.frames = 3});
    stores_image({.instance = "1.2.3.4.2", .number = 2});
    stores_image({.instance = "1.2.3.5.1", .series = "1.2.3.5", .has_pixels = false});
  }
};

TEST_F(RenderedTest, FramesAndInstancesArePictures) {
  const std::string path = TestImage{}.path();
  const Answer jpeg = get(path + "/rendered");
  EXPECT_EQ(jpeg.header("Content-Type"), "image/jpeg");
  EXPECT_TRUE(jpeg.body.starts_with("\xff\xd8\xff"));
  const Answer png = accepts(path + "/frames/2/rendered?viewport=32,16", "image/png");
  EXPECT_EQ(png.header("Content-Type"), "image/png");
  EXPECT_EQ(png_size(png.body), std::pair(16, 16)) << "it fits and keeps its shape";
  EXPECT_EQ(png_size(accepts(path + "/rendered?viewport=8,8,2,2,4,4", "image/png").body),
            std::pair(8, 8));
  EXPECT_EQ(accepts(path + "/rendered", "image/gif").status(), 406);
  EXPECT_EQ(get(path + "/frames/9/rendered").status(), 404);
  EXPECT_EQ(get(path + "/frames/1,2/rendered").status(), 400);
  EXPECT_EQ(get(path + "/rendered?viewport=8,8,0,0,9,9").status(), 400);
  const Answer window = get(path + "/rendered?window=x");
  EXPECT_EQ(window.status(), 400);
  EXPECT_THAT(window.body, HasSubstr("window"));
}

TEST_F(RenderedTest, AnnotationIsNotDrawnAndTheAnswerSaysSo) {
  const Answer answer = get(TestImage{}.path() + "/rendered?annotation=patient");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_THAT(answer.header("Warning"), HasSubstr("annotation"));
}

TEST_F(RenderedTest, SeriesAndStudiesAreManyPictures) {
  EXPECT_EQ(parts_of(get("/dicomweb/studies/1.2.3/series/1.2.3.4/rendered")).size(), 4U);
  const auto parts = parts_of(
      accepts("/dicomweb/studies/1.2.3/rendered", "multipart/related; type=\"image/png\""));
  ASSERT_EQ(parts.size(), 4U) << "what has no pixels has no part";
  EXPECT_THAT(parts[1].head, HasSubstr("/instances/1.2.3.4.1/frames/2/rendered"));
  EXPECT_EQ(
      parts_of(accepts(TestImage{}.path() + "/rendered", "multipart/related; type=\"image/jpeg\""))
          .size(),
      3U);
  EXPECT_EQ(get("/dicomweb/studies/1.2.3/series/1.2.3.5/rendered").status(), 404) << "no pixels";
  EXPECT_EQ(get("/dicomweb/studies/1.9/rendered").status(), 404);
}

TEST_F(RenderedTest, ThumbnailsAreSmallAndOfEveryLevel) {
  const std::string path = TestImage{}.path();
  for (const std::string& level :
       {std::string("/dicomweb/studies/1.2.3"),
        std::string("/dicomweb/studies/1.2.3/series/1.2.3.4"), path, path + "/frames/1"}) {
    const Answer answer = accepts(level + "/thumbnail", "image/png");
    EXPECT_EQ(answer.status(), 200) << level;
    EXPECT_EQ(png_size(answer.body), std::pair(128, 128)) << level;
  }
  EXPECT_EQ(get("/dicomweb/studies/1.2.3/series/1.2.3.5/thumbnail").status(), 404);
  EXPECT_EQ(get("/dicomweb/studies/1.9/thumbnail").status(), 404);
  EXPECT_EQ(get(TestImage{.instance = "1.9"}.path() + "/thumbnail").status(), 404);
}

TEST_F(RenderedTest, TheThumbnailOfFewerFramesThanClaimedIsTheFirst) {
  TestImage claims{.instance = "1.2.3.6.1", .series = "1.2.3.6"};
  claims.more.set_integer(tags::NumberOfFrames, VR::IS, 99);
  stores_image(claims);
  EXPECT_EQ(get(claims.path() + "/frames/50/rendered").status(), 404);
  EXPECT_EQ(get(claims.path() + "/thumbnail").status(), 200);
}

TEST_F(RenderedTest, APictureIsKnownByItsTagAndItsQuery) {
  const std::string path = TestImage{}.path() + "/rendered";
  const std::string condition = "If-None-Match: " + get(path).header("ETag") + "\r\n";
  EXPECT_EQ(gets_as(path, condition).status(), 304);
  EXPECT_EQ(gets_as(path + "?window=40,400", condition).status(), 200);
}

TEST_F(RenderedTest, AHeadRendersNothing) {
  const std::string path = TestImage{}.path() + "/rendered";
  const auto head = [&](const std::string& target) {
    Peer peer(*server);
    peer.sends("HEAD " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return peer.receives(true);
  };
  const Answer whole = get(path), said = head(path);
  EXPECT_EQ(said.status(), 200);
  for (const char* name : {"Content-Type", "ETag", "Accept-Ranges", "Vary"}) {
    EXPECT_EQ(said.header(name), whole.header(name)) << name;
  }
  EXPECT_NE(whole.header("Content-Length"), "");
  EXPECT_EQ(said.header("Content-Length"), "") << "only a picture that is made has a length";
  EXPECT_EQ(head(path + "?window=x").status(), 400);
  EXPECT_EQ(head(path + "?viewport=8,8,0,0,9,9").status(), 400);
}

class VideoTest : public WadoTest {
 protected:
  VideoTest() {
    video.more = TestImage{}.data_set();
    Fragments fragments;
    fragments.fragments = {as_bytes("one "), as_bytes("stream")};
    video.more.set(Element::fragments(kPixelData, VR::OB, std::move(fragments)));
    stores_image(video);
  }
  TestImage video{.transfer_syntax = "1.2.840.10008.1.2.4.102", .has_pixels = false};
};

TEST_F(VideoTest, IsPassedThroughAsItIsStored) {
  const Answer answer = accepts(video.path() + "/rendered", "video/mp4");
  EXPECT_EQ(answer.header("Content-Type"), "video/mp4");
  EXPECT_EQ(answer.body, "one stream");
  EXPECT_EQ(get(video.path() + "/rendered").body, "one stream");
  EXPECT_EQ(gets_as(video.path() + "/rendered", "Range: bytes=2-5\r\n").body, "e st");
  EXPECT_EQ(gets_as(video.path() + "/rendered", "If-None-Match: " + answer.header("ETag") + "\r\n")
                .status(),
            304);
  EXPECT_EQ(accepts(video.path() + "/rendered", "image/jpeg").status(), 406);
  EXPECT_EQ(accepts(video.path() + "/frames/1", "video/mp4").body, "one stream");
  EXPECT_EQ(accepts(video.path() + "/frames/1", "application/octet-stream").status(), 406);
}

}  // namespace
}  // namespace pacs::web
