#include "web/dicomweb/retrieve/frames.h"
#include "tests/storage/small_archive.h"

#include <thread>

#include <gmock/gmock.h>

#include "tests/web/dicomweb/wado_fixture.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;

const TestImage kPlainFrames{.frames = 3};
const TestImage kCodedFrames{
    .instance = "1.2.3.4.9", .transfer_syntax = "1.2.840.10008.1.2.4.80", .frames = 3};
constexpr std::string_view kOctetParts = "multipart/related; type=\"application/octet-stream\"";

class FramesTest : public WadoTest {
 protected:
  FramesTest() {
    stores_image(kPlainFrames);
    stores_image(kCodedFrames);
  }
};

TEST(FrameList, HasNumbersFromOneOn) {
  EXPECT_EQ(read_frame_list("1,3, 2").value(), (std::vector<std::uint32_t>{0, 2, 1}));
  for (const char* wrong :
       {"", "0", "-1", "1,", ",1", "1,,2", "x", "1x", "4294967296", "1;2", "+1"}) {
    EXPECT_EQ(read_frame_list(wrong).error().kind, ErrorKind::InvalidArgument) << wrong;
  }
}

TEST_F(FramesTest, NativeFramesAreTheirBytes) {
  const Answer answer = accepts(kPlainFrames.path() + "/frames/3,1", kOctetParts);
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.header("Content-Length"), std::to_string(answer.body.size()));
  EXPECT_TRUE(answer.body.starts_with("--")) << "viewers look for the boundary at the front";
  const auto parts = parts_of(answer);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].body, text_of(TestImage::frame(2)));
  EXPECT_EQ(parts[1].body, text_of(TestImage::frame(0)));
  EXPECT_THAT(parts[0].head,
              HasSubstr("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"));
  EXPECT_THAT(parts[0].head, HasSubstr("Content-Location: http://localhost" + kPlainFrames.path() +
                                       "/frames/3\r\n"));
}

TEST_F(FramesTest, CompressedFramesAreDecodedUnlessTheirFormIsTaken) {
  const std::string path = kCodedFrames.path() + "/frames/2";
  EXPECT_EQ(parts_of(accepts(path, kOctetParts)).at(0).body, text_of(TestImage::frame(1)));
  const auto viewer = parts_of(
      accepts(path, "multipart/related; type=application/octet-stream; transfer-syntax=*"));
  ASSERT_EQ(viewer.size(), 1U);
  EXPECT_THAT(viewer[0].head,
              HasSubstr("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.80"));
  EXPECT_EQ(viewer[0].body.substr(0, 2), "\xff\xd8");
  const Answer alone = accepts(path, "image/jls");
  EXPECT_EQ(alone.header("Content-Type"), "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80");
  EXPECT_EQ(alone.body, viewer[0].body);
  EXPECT_EQ(accepts(path, "image/x-jls").header("Content-Type"),
            "image/x-jls; transfer-syntax=1.2.840.10008.1.2.4.80");
  EXPECT_EQ(accepts(path, "image/*").body, alone.body);
}

TEST_F(FramesTest, AmongEqualsWhatIsStoredIsGivenAndNothingCodedInVain) {
  const std::string path = kCodedFrames.path() + "/frames/2";
  EXPECT_TRUE(accepts(path, "image/jp2, application/octet-stream, image/jls")
                  .header("Content-Type")
                  .starts_with("image/jls"));
  EXPECT_TRUE(accepts(path, "image/jp2, application/octet-stream")
                  .header("Content-Type")
                  .starts_with("application/octet-stream"));
  EXPECT_TRUE(accepts(path, "image/jp2, application/octet-stream; q=0.9")
                  .header("Content-Type")
                  .starts_with("image/jp2"));
}

TEST_F(FramesTest, FramesAreCodedAnewWhereNothingIsLost) {
  const std::string path = kPlainFrames.path() + "/frames/1";
  for (const char* media :
       {"image/jls", "image/jp2", "image/jphc", "image/jhc", "image/dicom-rle"}) {
    const Answer answer = accepts(path, media);
    EXPECT_EQ(answer.status(), 200) << media;
    EXPECT_TRUE(answer.header("Content-Type").starts_with(media)) << answer.head;
  }
  for (const char* media : {"image/jpeg", "image/jxl", "video/mp4", "text/plain",
                            "image/jls; transfer-syntax=1.2.840.10008.1.2.4.81"}) {
    EXPECT_EQ(accepts(path, media).status(), 406) << media;
  }
}

TEST_F(FramesTest, WhoTakesAnyImageGetsOneThatLosesNothing) {
  const std::string path = kPlainFrames.path() + "/frames/2";
  const Answer alone = accepts(path, "image/*");
  EXPECT_EQ(alone.header("Content-Type"), "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80");
  const auto parts = parts_of(accepts(path, "multipart/related; type=\"image/*\""));
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].body, alone.body);
  const auto stored =
      parts_of(accepts(kCodedFrames.path() + "/frames/2", "multipart/related; type=\"image/*\""));
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].body, alone.body);
  EXPECT_TRUE(accepts(path, "image/*; transfer-syntax=1.2.840.10008.1.2.4.90")
                  .header("Content-Type")
                  .starts_with("image/jp2"));
  EXPECT_EQ(accepts(path, "image/*; transfer-syntax=1.2.840.10008.1.2.4.50").status(), 406);
  EXPECT_EQ(accepts(path, "video/*").status(), 406);
}

TEST_F(FramesTest, AnAnswerSaysThatAcceptDecidedOfIt) {
  const std::string path = kPlainFrames.path() + "/frames/2";
  for (const char* accept : {"image/jls", "application/octet-stream", "text/plain", "*/*"}) {
    EXPECT_EQ(accepts(path, accept).header("Vary"), "Accept") << accept;
  }
}

TEST_F(FramesTest, AHeadSaysWhatAGetWouldAndCodesNothing) {
  const auto head = [&](const char* accept) {
    Peer peer(*server);
    peer.sends("HEAD " + kCodedFrames.path() +
               "/frames/2 HTTP/1.1\r\nHost: localhost\r\nAccept: " + accept + "\r\n\r\n");
    return peer.receives(true);
  };
  for (const char* accept : {"image/jls", "application/octet-stream", "image/jp2"}) {
    const Answer whole = accepts(kCodedFrames.path() + "/frames/2", accept);
    const Answer said = head(accept);
    EXPECT_EQ(said.status(), 200);
    for (const char* name : {"Content-Type", "ETag", "Vary"}) {
      EXPECT_EQ(said.header(name), whole.header(name)) << accept << " " << name;
    }
    const bool is_coded = std::string_view(accept) == "image/jp2";  // its length is not known
    EXPECT_EQ(said.header("Content-Length"), is_coded ? "" : whole.header("Content-Length"));
  }
}

TEST_F(FramesTest, OneFrameIsGivenInRangesAndKnownByItsTag) {
  const std::string path = kPlainFrames.path() + "/frames/2";
  const Answer whole = accepts(path, "application/octet-stream");
  EXPECT_EQ(whole.body, text_of(TestImage::frame(1)));
  EXPECT_EQ(whole.header("Accept-Ranges"), "bytes");
  const Answer part = gets_as(path, "Accept: application/octet-stream\r\nRange: bytes=2-5\r\n");
  EXPECT_EQ(part.status(), 206);
  EXPECT_EQ(part.body, whole.body.substr(2, 4));
  const Answer several =
      gets_as(path, "Accept: application/octet-stream\r\nRange: bytes=0-1,4-5\r\n");
  EXPECT_EQ(several.status(), 206);
  EXPECT_EQ(parts_of(several).at(1).body, whole.body.substr(4, 2));
  const std::string coded = kCodedFrames.path() + "/frames/2";  // lies in two fragments
  const std::string codestream = accepts(coded, "image/jls").body;
  const Answer across = gets_as(coded, "Accept: image/jls\r\nRange: bytes=2-" +
                                           std::to_string(codestream.size() - 3) + "\r\n");
  EXPECT_EQ(across.body, codestream.substr(2, codestream.size() - 4));
  EXPECT_EQ(gets_as(path, "Accept: application/octet-stream\r\nIf-None-Match: " +
                              whole.header("ETag") + "\r\n")
                .status(),
            304);
}

TEST_F(FramesTest, WhatIsNotThereIsSaid) {
  EXPECT_EQ(get(kPlainFrames.path() + "/frames/4").status(), 404);
  EXPECT_EQ(get(kPlainFrames.path() + "/frames/0").status(), 400);
  EXPECT_EQ(get(kPlainFrames.path() + "/frames/1,x").status(), 400);
  EXPECT_EQ(get(kPlainFrames.path() + "/frames/..").status(), 400);
  stores_image({.instance = "1.2.3.4.5", .has_pixels = false});
  EXPECT_EQ(get(TestImage{.instance = "1.2.3.4.5"}.path() + "/frames/1").status(), 404);
}

TEST_F(FramesTest, FramesThatFindNoMemoryAreAskedForAgainLater) {
  const std::string path = kCodedFrames.path();
  auto others = frame_memory.hold(frame_memory_bytes).value();
  for (const std::string& coded : {path + "/frames/1", path + "/rendered", path}) {
    const Answer refused = get(coded);
    EXPECT_EQ(refused.status(), 503) << coded;
    EXPECT_FALSE(refused.header("Retry-After").empty());
    EXPECT_THAT(refused.body, HasSubstr("frames_bytes_max"));
  }
  EXPECT_EQ(accepts(kPlainFrames.path() + "/frames/1", kOctetParts).status(), 200) << "as it is";
  others.reset();
  for (const std::string& coded : {path + "/frames/1", path + "/rendered", path}) {
    EXPECT_EQ(get(coded).status(), 200) << coded;
  }
  while (frame_memory.bytes() != 0) std::this_thread::yield();  // given back behind the answer
}

TEST_F(FramesTest, WhatPixelsDepartInIsCountedOnceForEachObject) {
  const TestImage departing{.instance = "1.2.3.4.8",
                            .transfer_syntax = "1.2.840.10008.1.2.4.80",
                            .frames = 2,
                            .bits_stored = 12};
  stores_image(departing);
  const auto counted = [](int times) {
    return HasSubstr("pacs_pixel_departures_total{kind=\"codestream_precision\"} " +
                     std::to_string(times) + "\n");
  };
  EXPECT_EQ(get(departing.path() + "/frames/1").status(), 200);
  EXPECT_THAT(metrics->exposition(), counted(1));
  EXPECT_EQ(get(departing.path() + "/frames/2").status(), 200);
  EXPECT_EQ(get(departing.path() + "/rendered").status(), 200);
  EXPECT_THAT(metrics->exposition(), counted(1)) << "the object was open all the time";
  EXPECT_EQ(get(departing.path()).status(), 200);
  EXPECT_THAT(metrics->exposition(), counted(2)) << "read again to be converted";
}

TEST_F(FramesTest, AnObjectStoredInTheSamePlaceIsShownFromThenOn) {
  const std::string path = kPlainFrames.path() + "/frames/2";
  EXPECT_EQ(accepts(path, "application/octet-stream").status(), 200);
  server.reset();
  archive.reset();
  storage::ArchiveOptions options;
  options.path = folder.path();
  options.durability = storage::Durability::Os;
  options.free_bytes_min = 0;
  options.on_duplicate = storage::DuplicatePolicy::Replace;
  archive = *storage::open_small_archive(std::move(options));
  Router router;
  Resources resources{router};
  add_frames(resources, *archive, std::make_shared<ImageCache>(ImageSetup{*archive, frame_memory}));
  serve(std::move(router));
  EXPECT_EQ(accepts(path, "application/octet-stream").status(), 200);
  stores_image({.frames = 1});
  EXPECT_EQ(accepts(path, "application/octet-stream").status(), 404) << "it has one frame now";
}

}  // namespace
}  // namespace pacs::web
