#include "encoding/frames/frame_index.h"

#include <gtest/gtest.h>

#include "core/uids.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/frames/pixel_sets.h"
#include "tests/encoding/sample_files.h"

namespace pacs {
namespace {

using test::b;
using test::colour;
using test::grey;

/// Pixel data in fragments, and who reads of it.
struct Fragmented {
  static constexpr std::uint64_t kStart = 1000;
  Bytes bytes;
  PixelDataLayout layout;
  std::uint32_t frames = 1;
  int reads = 0;

  explicit Fragmented(std::uint32_t number_of_frames, const std::vector<std::string>& fragments)
      : frames(number_of_frames) {
    layout.encapsulated = true;
    layout.value_offset = kStart;
    for (const std::string& fragment : fragments) {
      const Bytes one = b(fragment);
      append(bytes, Bytes(8));  // the item's header
      layout.fragments.push_back({kStart + bytes.size(), static_cast<std::uint32_t>(one.size())});
      append(bytes, one);
    }
    layout.fragment_count = layout.fragments.size();
    layout.value_length = bytes.size();
  }

  Result<FrameIndex> index(std::string_view uid = uids::JPEGBaseline8Bit) {
    DataSet set = grey(4, 4, 8);
    set.set_integer(tags::NumberOfFrames, VR::IS, frames);
    const auto read = [this](std::uint64_t offset, std::span<std::byte> into) {
      ++reads;
      return stored_in(share(bytes), kStart)(offset, into);
    };
    return FrameIndex::create(layout, pixel_format(set).value(), *find_transfer_syntax(uid), read);
  }
};

/// Numbers of the fragments of each frame: "0 1|2|-", - for a frame that is not there.
std::string sharing(const FrameIndex& index, const Fragmented& data) {
  std::string text;
  for (std::uint32_t frame = 0; frame < index.frames(); ++frame) {
    if (frame > 0) text += '|';
    const auto place = index.find(frame);
    if (!place) {
      EXPECT_EQ(place.error().tag, tags::NumberOfFrames);
      text += '-';
      continue;
    }
    for (const BulkReference& piece : place->pieces) {
      for (std::size_t i = 0; i < data.layout.fragments.size(); ++i) {
        if (data.layout.fragments[i].offset != piece.offset) continue;
        EXPECT_EQ(data.layout.fragments[i].length, piece.length);
        if (&piece != place->pieces.data()) text += ' ';
        text += std::to_string(i);
      }
    }
  }
  return text;
}

FrameIndex native_index(const DataSet& set, std::uint64_t value_bytes) {
  PixelDataLayout layout;
  layout.value_offset = 100;
  layout.value_length = value_bytes;
  return FrameIndex::create(layout, pixel_format(set).value(), explicit_vr_little_endian(), {})
      .value();
}

TEST(FrameIndex, FindsNativeFramesByTheirSize) {
  DataSet set = grey(5, 3, 16);
  set.set_integer(tags::NumberOfFrames, VR::IS, 4);
  const FrameIndex index = native_index(set, 120);
  EXPECT_EQ(index.find(0)->pieces, (std::vector<BulkReference>{{100, 30}}));
  EXPECT_EQ(index.find(3)->pieces, (std::vector<BulkReference>{{190, 30}}));
  EXPECT_EQ(index.find(4).error().kind, ErrorKind::InvalidArgument);
}

TEST(FrameIndex, ReadsTheFramesThatACutValueStillHas) {
  DataSet set = grey(5, 3, 16);
  set.set_integer(tags::NumberOfFrames, VR::IS, 4);
  const FrameIndex index = native_index(set, 119);
  EXPECT_TRUE(index.find(2));
  EXPECT_EQ(index.find(3).error().kind, ErrorKind::Truncated);
  EXPECT_EQ(index.find(3).error().tag, tags::NumberOfFrames);
}

TEST(FrameIndex, SaysWithinWhichByteAFrameOfBitsBegins) {
  DataSet set = grey(3, 3, 1);
  set.set_integer(tags::NumberOfFrames, VR::IS, 3);
  const FrameIndex index = native_index(set, 4);
  EXPECT_EQ(index.find(0)->pieces, (std::vector<BulkReference>{{100, 2}}));
  EXPECT_EQ(index.find(1)->pieces, (std::vector<BulkReference>{{101, 2}}));
  EXPECT_EQ(index.find(1)->first_bit, 1U);
  EXPECT_EQ(index.find(2)->pieces, (std::vector<BulkReference>{{102, 2}}));
  EXPECT_EQ(index.find(2)->first_bit, 2U);
}

TEST(FrameIndex, TellsHalvedChromaByTheLengthOfTheValue) {
  DataSet set = colour(4, 2, "YBR_FULL_422");
  EXPECT_TRUE(native_index(set, 16).halved_chroma());
  EXPECT_EQ(native_index(set, 16).find(0)->pieces, (std::vector<BulkReference>{{100, 16}}));
  EXPECT_FALSE(native_index(set, 24).halved_chroma());
  EXPECT_EQ(native_index(set, 24).find(0)->pieces, (std::vector<BulkReference>{{100, 24}}));
}

TEST(FrameIndex, GivesEachFrameItsFragmentAndReadsNothing) {
  Fragmented data{3, {"00*10", "00*12", "00*14"}};
  const FrameIndex index = data.index().value();
  EXPECT_EQ(sharing(index, data), "0|1|2");
  EXPECT_EQ(index.found_by(), FoundBy::OneFragmentEach);
  EXPECT_EQ(data.reads, 0);
}

TEST(FrameIndex, PassesOverALastFragmentOfNoBytes) {
  Fragmented data{2, {"00*10", "00*12", ""}};
  EXPECT_EQ(sharing(data.index().value(), data), "0|1");
}

TEST(FrameIndex, GivesTheOnlyFrameAllFragments) {
  Fragmented data{1, {"00*10", "00*12", "00*14"}};
  EXPECT_EQ(sharing(data.index().value(), data), "0 1 2");
  EXPECT_EQ(data.reads, 0);
}

TEST(FrameIndex, FollowsOffsetTablesTheExtendedOneFirst) {
  Fragmented data{2, {"00*10", "00*12", "00*14"}};
  data.layout.basic_offset_table = {0, 18};
  EXPECT_EQ(sharing(data.index().value(), data), "0|1 2");
  EXPECT_EQ(data.index()->found_by(), FoundBy::BasicOffsetTable);
  data.layout.extended_offset_table = {0, 38};
  EXPECT_EQ(sharing(data.index().value(), data), "0 1|2");
  EXPECT_EQ(data.index()->found_by(), FoundBy::ExtendedOffsetTable);
  EXPECT_EQ(data.index()->departures(), Departures{});
  EXPECT_EQ(data.reads, 0);
}

TEST(FrameIndex, BelievesTheHeaderThatHasLookedForMarksAlready) {
  Fragmented data{3, {"FFD8FFE0", "0000FFD9", "FFD8FFE0 FFD9", "FFD8FFE0", ""}};
  data.layout.frame_starts = {0, 2, 3};
  EXPECT_EQ(sharing(data.index().value(), data), "0 1|2|3");
  data.layout.frame_starts = {0, 2};
  EXPECT_EQ(sharing(data.index().value(), data), "0 1|2 3|-");
  data.layout.frame_starts = {0, 2, 4};  // the last has no bytes
  EXPECT_EQ(sharing(data.index().value(), data), "0 1|2 3|-");
  data.layout.frame_starts = {0, 1, 2, 3};
  EXPECT_EQ(sharing(data.index().value(), data), "0|1|2");
  EXPECT_EQ(data.index()->departures().to_string(), "more_fragments");
  EXPECT_EQ(data.index()->found_by(), FoundBy::Marks);
  EXPECT_EQ(data.reads, 0);
}

TEST(FrameIndex, SaysTruncatedOfFramesThatPass32BitsOfBytes) {
  struct Row {
    int columns, rows, bits;
    std::int64_t frames;
  };
  for (const Row& row : {Row{65535, 65535, 8, 1}, Row{65535, 65535, 64, 1}, Row{65535, 65535, 1, 9},
                         Row{65535, 65535, 32, 100'000'000}, Row{2, 2, 8, 2147483647}}) {
    DataSet set = grey(row.columns, row.rows, row.bits);
    set.set_integer(tags::NumberOfFrames, VR::IS, row.frames);
    const FrameIndex index = native_index(set, 3);
    for (const std::uint32_t frame : {0U, static_cast<std::uint32_t>(row.frames - 1)}) {
      EXPECT_EQ(index.find(frame).error().kind, ErrorKind::Truncated);
      EXPECT_EQ(index.find(frame).error().tag, tags::NumberOfFrames);
    }
  }
}

TEST(FrameIndex, LooksForMarksWhereATableIsWrong) {
  Fragmented data{2, {"FFD8FFE0", "0000FFD9", "FFD8FFE0 FFD9"}};
  for (const std::vector<std::uint64_t>& table : {
           std::vector<std::uint64_t>{0},
           {0, 13},  // within a fragment
           {8, 24},  // counted from the table
           {0, 0},
           {24, 0},
           {0, 1000},  // past the end
           {0, UINT64_MAX - 100},
           {0, 12, 24},
       }) {
    for (auto* which : {&data.layout.basic_offset_table, &data.layout.extended_offset_table}) {
      data.layout.basic_offset_table.clear();
      data.layout.extended_offset_table.clear();
      *which = table;
      const FrameIndex index = data.index().value();
      EXPECT_EQ(sharing(index, data), "0 1|2");
      EXPECT_EQ(index.found_by(), FoundBy::Marks);
      EXPECT_EQ(index.departures().to_string(), "offset_table");
    }
  }
}

TEST(FrameIndex, TellsFramesByTheMarksOfTheirCodec) {
  const std::string rle = "02000000 40000000 50000000 00*52";
  const std::vector<std::pair<std::string_view, std::string>> fronts{
      {uids::JPEGBaseline8Bit, "FFD8FFDB"},
      {uids::JPEGLSLossless, "FFD8FFF7"},
      {uids::JPEG2000Lossless, "FF4FFF51"},
      {uids::HTJ2KLossless, "0000000C 6A502020 0D0A870A"},
      {uids::JPEGXLLossless, "FF0A7F7F"},
      {uids::JPEGXL, "0000000C 4A584C20 0D0A870A"},
      {uids::RLELossless, rle},
  };
  for (const auto& [uid, front] : fronts) {
    // The first bytes of all fragments are equal within the second frame too: FF.
    Fragmented data{3, {front, "FF*6", front, "FF*6", "FF010203", front}};
    EXPECT_EQ(sharing(data.index(uid).value(), data), "0 1|2 3 4|5") << uid;
  }
}

TEST(FrameIndex, IsNotMisledByAPreviewPictureAtTheFrontOfAFragment) {
  Fragmented data{2, {"FFD8FFE1 00", "FFD8FFDB FF", "01FFD9", "FFD8FFE0", "02FFD900"}};
  EXPECT_EQ(sharing(data.index().value(), data), "0 1 2|3 4");
}

TEST(FrameIndex, SaysWhichFramesAreMissingAndReadsTheOthers) {
  Fragmented data{4, {"FFD8FFE0", "FFD9", "FFD8FFE0 FFD9"}};
  EXPECT_EQ(sharing(data.index().value(), data), "0 1|2|-|-");
  Fragmented none{2, {}};
  EXPECT_EQ(sharing(none.index().value(), none), "-|-");
  Fragmented deflated{3, {"00*10", "00*12"}};
  EXPECT_EQ(sharing(deflated.index(uids::DeflatedImageFrameCompression).value(), deflated),
            "0|1|-");
}

TEST(FrameIndex, SaysThatThereIsMoreThanAnnounced) {
  Fragmented data{2, {"FFD8FFE0 FFD9", "FFD8FFE0 FFD9", "FFD8FFE0 FFD9"}};
  const FrameIndex index = data.index().value();
  EXPECT_EQ(sharing(index, data), "0|1");
  EXPECT_EQ(index.departures().to_string(), "more_fragments");
}

TEST(FrameIndex, CountsTheBytesOfUncompressedFrames) {
  Fragmented data{2, {"00*10", "00*6", "00*16"}};
  EXPECT_EQ(sharing(data.index(uids::EncapsulatedUncompressedExplicitVRLittleEndian).value(), data),
            "0 1|2");
}

TEST(FrameIndex, CountsHalfTheChromaOfUncompressedFramesWhereHalfIsThere) {
  DataSet set = test::colour(4, 2, "YBR_FULL_422");
  set.set_integer(tags::NumberOfFrames, VR::IS, 2);
  const auto shared = [&](const std::vector<std::string>& fragments) {
    const Fragmented data{2, fragments};
    const auto index = FrameIndex::create(
        data.layout, pixel_format(set).value(),
        *find_transfer_syntax(uids::EncapsulatedUncompressedExplicitVRLittleEndian),
        stored_in(share(data.bytes), Fragmented::kStart));
    return sharing(index.value(), data);
  };
  EXPECT_EQ(shared({"00*10", "00*6", "00*16"}), "0 1|2");
  EXPECT_EQ(shared({"00*24", "00*10", "00*14"}), "0|1 2");
}

TEST(FrameIndex, RefusesVideoAndFragmentsUnderNativeSyntaxes) {
  Fragmented data{2, {"00*10"}};
  EXPECT_EQ(data.index("1.2.840.10008.1.2.4.100").error().kind, ErrorKind::Unsupported);
  EXPECT_EQ(data.index(uids::ExplicitVRLittleEndian).error().kind, ErrorKind::Mismatch);
  EXPECT_EQ(data.index(uids::ExplicitVRLittleEndian).error().tag, kPixelData);
}

TEST(FrameIndex, HandsOnWhatTheReaderAnswers) {
  Fragmented data{2, {"00*10", "00*6", "00*16"}};
  const auto read = [](std::uint64_t, std::span<std::byte>) -> Result<> {
    return fail(ErrorKind::Io, "gone");
  };
  DataSet set = grey(4, 4, 8);
  set.set_integer(tags::NumberOfFrames, VR::IS, 2);
  const auto index = FrameIndex::create(data.layout, pixel_format(set).value(),
                                        *find_transfer_syntax(uids::JPEGBaseline8Bit), read);
  EXPECT_EQ(index.error().kind, ErrorKind::Io);
}

TEST(FrameIndex, FindsAllFramesOfTheSamples) {
  for (const auto& path : test::good_sample_files()) {
    const test::SampleDataSet sample = test::sample_data_set(path);
    if (sample.syntax == nullptr || sample.syntax->deflated) continue;
    HeaderReader reader{*sample.syntax};
    if (!reader.feed(sample.bytes.view)) continue;
    const auto header = reader.finish();
    if (!header || !header->pixel_data) continue;
    const auto format = pixel_format(header->data_set);
    if (!format) continue;
    const auto index =
        FrameIndex::create(*header->pixel_data, *format, *sample.syntax, stored_in(sample.bytes));
    ASSERT_TRUE(index) << path << index.error().to_string();
    EXPECT_EQ(index->departures(), Departures{}) << path;
    for (std::uint32_t frame = 0; frame < index->frames(); ++frame) {
      EXPECT_TRUE(index->find(frame)) << path << frame;
    }
  }
}

}  // namespace
}  // namespace pacs
