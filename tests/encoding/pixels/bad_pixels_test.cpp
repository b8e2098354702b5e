// Pixel data that disagrees with what the data set says of it, in every transfer syntax that is
// written here: each is an error that names an attribute, and other frames stay readable.
#include <gtest/gtest.h>

#include <functional>

#include "core/uids.h"
#include "encoding/pixels/transcoder.h"
#include "tests/encoding/frames/pixel_sets.h"
#include "tests/encoding/pixels/pixel_objects.h"

namespace pacs {
namespace {

using test::coded;
using test::fragments_of;
using test::grey;
using test::StoredObject;

constexpr int kSide = 16;
const FrameFormat kFormat{.rows = kSide, .columns = kSide};

Bytes frame_of(std::uint8_t seed) {
  Bytes pixels(kSide * kSide);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::byte>(i * i / 7 + seed);
  }
  return pixels;
}

std::vector<const TransferSyntax*> encapsulated_syntaxes() {
  std::vector<const TransferSyntax*> found;
  for (const TransferSyntax& syntax : transfer_syntaxes()) {
    const FrameCodec* codec = find_frame_codec(syntax.codec);
    if (syntax.lossless && codec != nullptr && codec->written_as == syntax.uid) {
      found.push_back(&syntax);
    }
  }
  EXPECT_GE(found.size(), 6U);
  return found;
}

DataSet two_frames(std::vector<Bytes> fragments) {
  DataSet set = grey(kSide, kSide, 8);
  set.set_integer(tags::NumberOfFrames, VR::IS, 2);
  set.set(fragments_of(std::move(fragments)));
  return set;
}

TEST(BadPixels, ThatAreNotWhatTheDataSetSaysAreErrorsThatNameAnAttribute) {
  struct Row {
    const char* what;
    std::function<void(DataSet&)> change;
    Codec cannot_tell = Codec::Native;
  };
  const auto number = [](Tag tag, std::int64_t value) {
    return [tag, value](DataSet& set) { set.set_integer(tag, VR::US, value); };
  };
  const std::vector<Row> rows{
      {"a row more", number(tags::Rows, kSide + 1)},
      // RLE has no columns, and what stands behind a frame is passed over, as DCMTK does.
      {"a column less", number(tags::Columns, kSide - 1), Codec::Rle},
      {"as many rows and columns as there can be",
       [](DataSet& set) {
         set.set_integer(tags::Rows, VR::US, 65'535);
         set.set_integer(tags::Columns, VR::US, 65'535);
       }},
      {"the most that is decoded at once",
       [](DataSet& set) {
         set.set_integer(tags::Rows, VR::US, 65'535);
         set.set_integer(tags::Columns, VR::US, 256);
       }},
      {"three samples",
       [](DataSet& set) {
         set.set_integer(tags::SamplesPerPixel, VR::US, 3);
         set.set_text(tags::PhotometricInterpretation, VR::CS, "RGB");
       }},
      {"bits that are not read", number(tags::BitsAllocated, 12)},
      {"more bits stored than allocated", number(tags::BitsStored, 9)},
      {"a high bit above all", number(tags::HighBit, 8)},
      {"a sign that is none", number(tags::PixelRepresentation, 7)},
      {"no rows", number(tags::Rows, 0)},
      {"colours of nobody",
       [](DataSet& set) {
         set.set_integer(tags::SamplesPerPixel, VR::US, 3);
         set.set_text(tags::PhotometricInterpretation, VR::CS, "COLOUR");
       }},
  };
  for (const TransferSyntax* syntax : encapsulated_syntaxes()) {
    const DataSet good = two_frames(
        {coded(syntax->codec, frame_of(1), kFormat), coded(syntax->codec, frame_of(2), kFormat)});
    EXPECT_EQ(StoredObject(good, syntax->uid).frame(1), frame_of(2)) << syntax->name;
    for (const Row& row : rows) {
      if (row.cannot_tell == syntax->codec) continue;
      DataSet set = good;
      row.change(set);
      StoredObject object{set, syntax->uid};
      const auto frame = object.frame(0);
      ASSERT_FALSE(frame) << syntax->name << ": " << row.what;
      EXPECT_TRUE(frame.error().tag)
          << syntax->name << ": " << row.what << ": " << frame.error().to_string();
      EXPECT_FALSE(test::whole_of(
          transcode(object.header, syntax->uid, uids::ExplicitVRLittleEndian, object.stored())))
          << syntax->name << ": " << row.what;
    }
  }
}

TEST(BadPixels, InOneFrameLeaveTheOthersReadable) {
  for (const TransferSyntax* syntax : encapsulated_syntaxes()) {
    const Bytes good = coded(syntax->codec, frame_of(2), kFormat);
    const Bytes half(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(good.size() / 2));
    Bytes other = good;
    std::ranges::fill(other, std::byte{0xFF});
    for (const Bytes& bad : {Bytes{}, Bytes(1), Bytes(2), Bytes(1'000'000), half, other}) {
      if (syntax->codec == Codec::Uncompressed && bad.size() == good.size()) continue;
      StoredObject object{two_frames({bad, good}), syntax->uid};
      const auto frame = object.frame(0);
      EXPECT_FALSE(frame) << syntax->name << ": " << bad.size() << " bytes";
      if (!frame) {
        EXPECT_EQ(frame.error().tag, kPixelData) << syntax->name;
      }
      EXPECT_EQ(object.frame(1), frame_of(2)) << syntax->name << ": " << bad.size() << " bytes";
    }
  }
}

TEST(BadPixels, AreFramesThatAreAnnouncedAndNotThere) {
  for (const TransferSyntax* syntax : encapsulated_syntaxes()) {
    const Bytes good = coded(syntax->codec, frame_of(2), kFormat);
    for (const std::int64_t frames : {3LL, 1'000'000LL, 2'147'483'647LL}) {
      DataSet set = two_frames({good, good});
      set.set_integer(tags::NumberOfFrames, VR::IS, frames);
      StoredObject object{set, syntax->uid};
      EXPECT_EQ(object.frame(1), frame_of(2)) << syntax->name;
      const auto missing = object.frame(static_cast<std::uint32_t>(frames - 1));
      ASSERT_FALSE(missing) << syntax->name;
      EXPECT_EQ(missing.error().tag, tags::NumberOfFrames) << syntax->name;
    }
    StoredObject none{two_frames({}), syntax->uid};
    EXPECT_EQ(none.frame(0).error().tag, tags::NumberOfFrames) << syntax->name;
  }
}

TEST(BadPixels, ThatAreNativeAndTooShortAreReadAsFarAsTheyGo) {
  DataSet set = grey(kSide, kSide, 8);
  set.set_integer(tags::NumberOfFrames, VR::IS, 3);
  Bytes pixels = frame_of(1);
  append(pixels, frame_of(2));
  pixels.resize(pixels.size() + 10);
  set.set_bytes(kPixelData, VR::OB, pixels);
  for (const std::string_view uid :
       {uids::ExplicitVRLittleEndian, uids::ImplicitVRLittleEndian, uids::ExplicitVRBigEndian,
        uids::DeflatedExplicitVRLittleEndian}) {
    StoredObject object{set, uid};
    EXPECT_EQ(object.frame(1), frame_of(2)) << uid;
    EXPECT_EQ(object.frame(2).error().tag, tags::NumberOfFrames) << uid;
    EXPECT_EQ(object.frame(3).error().kind, ErrorKind::InvalidArgument) << uid;
  }
}

}  // namespace
}  // namespace pacs
