#include "encoding/pixels/icons.h"

#include <gtest/gtest.h>

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

const Bytes kPixels{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};

DataSet with_pixels(Bytes codestream) {
  DataSet set = grey(2, 2, 8);
  set.set(fragments_of({std::move(codestream)}));
  return set;
}

Bytes rle() {
  return coded(Codec::Rle, kPixels, FrameFormat{.rows = 2, .columns = 2});
}

DataSet with_icon(DataSet icon) {
  DataSet set = with_pixels(rle());
  set.set_items(tags::IconImageSequence, {Item{std::move(icon)}});
  return set;
}

struct Transcoded {
  DataSet data_set;
  Departures departures;
};

Transcoded transcoded(const DataSet& data_set, std::string_view to,
                      std::string_view from = uids::RLELossless) {
  StoredObject object{data_set, from};
  Transcoded result;
  const auto whole =
      test::whole_of(transcode(object.header, from, to, object.stored(),
                               {.departed = [&](Departures met) { result.departures.add(met); }}));
  EXPECT_TRUE(whole) << (whole ? "" : whole.error().to_string());
  if (!whole) return result;
  auto read = read_data_set(share(*whole), *find_transfer_syntax(to));
  EXPECT_TRUE(read);
  if (read) result.data_set = std::move(*read);
  return result;
}

const DataSet& icon_of(const DataSet& data_set) {
  return data_set.items(tags::IconImageSequence).front().data_set;
}

TEST(Icons, AreDecodedWithTheObject) {
  const DataSet object = with_icon(with_pixels(rle()));
  for (const std::string_view to : {uids::ImplicitVRLittleEndian, uids::ExplicitVRBigEndian,
                                    uids::DeflatedExplicitVRLittleEndian, uids::JPEGLSLossless}) {
    const Transcoded result = transcoded(object, to);
    ASSERT_EQ(result.data_set.items(tags::IconImageSequence).size(), 1U) << to;
    const DataSet& icon = icon_of(result.data_set);
    const ByteView value = icon.find(kPixelData)->value();
    EXPECT_EQ(Bytes(value.begin(), value.end()), kPixels) << to;
    EXPECT_EQ(icon.text(tags::PhotometricInterpretation), "MONOCHROME2");
    EXPECT_TRUE(result.departures.empty()) << result.departures.to_string();
  }
}

TEST(Icons, AreDecodedWhereverTheyStand) {
  DataSet between;
  between.set_items(tags::IconImageSequence, {Item{with_pixels(rle())}});
  DataSet object = with_pixels(rle());
  object.set_items(tags::ReferencedSeriesSequence, {Item{std::move(between)}});
  const Transcoded result = transcoded(object, uids::ExplicitVRLittleEndian);
  const DataSet& item = result.data_set.items(tags::ReferencedSeriesSequence).front().data_set;
  EXPECT_EQ(icon_of(item).find(kPixelData)->value().size(), kPixels.size());
}

TEST(Icons, ThatCannotBeDecodedAreLeftOutAndCounted) {
  std::vector<DataSet> icons(5, with_pixels(rle()));
  icons[0] = with_pixels(Bytes(70));                       // no RLE header
  icons[1].set_integer(tags::Rows, VR::US, 3);             // too few pixels
  icons[2].set_integer(tags::SamplesPerPixel, VR::US, 2);  // no format
  icons[3].set_integer(tags::Rows, VR::US, 60'000);        // a bomb
  icons[3].set_integer(tags::Columns, VR::US, 60'000);
  icons[4].set_integer(tags::NumberOfFrames, VR::IS, 1'000'000);
  for (const DataSet& icon : icons) {
    const Transcoded result = transcoded(with_icon(icon), uids::ExplicitVRLittleEndian);
    EXPECT_FALSE(result.data_set.contains(tags::IconImageSequence));
    EXPECT_EQ(result.data_set.find(kPixelData)->value().size(), kPixels.size());
    EXPECT_EQ(result.departures.to_string(), "icon_not_decoded");
  }
}

TEST(Icons, ThatAreNativeStayAsTheyAre) {
  DataSet icon = grey(2, 2, 8);
  icon.set_bytes(kPixelData, VR::OB, kPixels);
  const Transcoded result = transcoded(with_icon(icon), uids::JPEG2000Lossless);
  EXPECT_EQ(icon_of(result.data_set).find(kPixelData)->value().size(), kPixels.size());
  EXPECT_TRUE(result.departures.empty());
}

TEST(Icons, AreAnErrorOfTheDiskWhereItRefuses) {
  const StoredObject object{with_icon(with_pixels(rle())), uids::RLELossless};
  DataSet data_set = object.header.data_set;
  const auto refuses = [](std::uint64_t, std::span<std::byte>) -> Result<> {
    return fail(ErrorKind::Io, "gone");
  };
  EXPECT_EQ(decode_icons(data_set, *object.syntax, refuses).error().kind, ErrorKind::Io);
}

}  // namespace
}  // namespace pacs
