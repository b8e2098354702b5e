#include "encoding/pixels/transcoder.h"

#include <gtest/gtest.h>

#include "core/uids.h"
#include "tests/encoding/frames/pixel_sets.h"
#include "tests/encoding/pixels/pixel_objects.h"

namespace pacs {
namespace {

using test::coded;
using test::fragments_of;
using test::grey;
using test::StoredObject;

struct Outcome {
  Result<Bytes> bytes;
  Departures departures;
};

Outcome transcodes(StoredObject& object, std::string_view to) {
  Departures met;
  const auto note = [&](Departures departures) { met.add(departures); };
  Result<Bytes> bytes = test::whole_of(
      transcode(object.header, object.syntax->uid, to, object.stored(), {.departed = note}));
  return {std::move(bytes), met};
}

TEST(Transcoder, TellsWhatTheFramesAndTheirPlacesDepartIn) {
  DataSet set = grey(2, 2, 16, 12);
  set.set_integer(tags::PixelRepresentation, VR::US, 1);
  set.set_integer(tags::NumberOfFrames, VR::IS, 2);
  // Unsigned, of 16 bits: the data set says signed, of 12.
  const FrameFormat format{.rows = 2, .columns = 2, .bits_allocated = 16, .bits_stored = 16};
  const Bytes frame = coded(Codec::Jpeg2000, Bytes(8), format);
  set.set(fragments_of({frame, frame, frame}, {0, 1}));
  StoredObject object{set, uids::JPEG2000Lossless};
  const Outcome outcome = transcodes(object, uids::ExplicitVRLittleEndian);
  ASSERT_TRUE(outcome.bytes) << outcome.bytes.error().to_string();
  EXPECT_EQ(outcome.departures.to_string(),
            "codestream_sign,codestream_precision,offset_table,more_fragments");
}

// PS3.5 §A.4: what some writers leave native is encapsulated where it has to be written anew, if
// that can be done without loss.
TEST(Transcoder, EncapsulatesWhatIsNativeWhereItMustNotBe) {
  DataSet set = grey(2, 2, 8);
  set.set_bytes(kPixelData, VR::OB, Bytes(4, std::byte{7}));
  StoredObject rle{set, uids::RLELossless};
  const Outcome outcome = transcodes(rle, uids::RLELossless);
  ASSERT_TRUE(outcome.bytes) << outcome.bytes.error().to_string();
  const auto again = read_data_set(share(*outcome.bytes), *rle.syntax);
  ASSERT_TRUE(again);
  EXPECT_NE(again->find(kPixelData)->fragments(), nullptr);
  StoredObject jpeg{set, uids::JPEGBaseline8Bit};
  EXPECT_EQ(transcodes(jpeg, uids::JPEGBaseline8Bit).bytes.error().kind, ErrorKind::Unsupported);
  EXPECT_TRUE(transcodes(jpeg, uids::ImplicitVRLittleEndian).bytes);
}

// PS3.5 §8.1.1: pixels that stand high in their cells stay there, and High Bit says so.
TEST(Transcoder, KeepsHighBitWithPixelsThatStayWhereTheyAre) {
  DataSet set = grey(2, 1, 16, 12);
  set.set_integer(tags::HighBit, VR::US, 15);
  const Bytes pixels{std::byte{0x10}, std::byte{0x20}, std::byte{0x30}, std::byte{0x40}};
  const FrameFormat format{.rows = 1, .columns = 2, .bits_allocated = 16, .bits_stored = 16};
  set.set(fragments_of({coded(Codec::Rle, pixels, format)}));
  StoredObject object{set, uids::RLELossless};
  const Outcome native = transcodes(object, uids::ExplicitVRLittleEndian);
  ASSERT_TRUE(native.bytes);
  const auto read = read_data_set(share(*native.bytes), explicit_vr_little_endian());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->integer(tags::HighBit), 15);
  EXPECT_EQ(Bytes(read->find(kPixelData)->value().begin(), read->find(kPixelData)->value().end()),
            pixels);
  const Outcome compressed = transcodes(object, uids::JPEGLSLossless);
  ASSERT_TRUE(compressed.bytes);
  EXPECT_EQ(read_data_set(share(*compressed.bytes), *find_transfer_syntax(uids::JPEGLSLossless))
                ->integer(tags::HighBit),
            11);
}

TEST(Transcoder, AsksForMemoryBeforeItDecodesAndKeepsItToTheEnd) {
  DataSet set = grey(2, 2, 8);
  const FrameFormat format{.rows = 2, .columns = 2};
  set.set(fragments_of({coded(Codec::Rle, Bytes(4), format)}));
  StoredObject object{set, uids::RLELossless};
  std::uint64_t asked = 0;
  const auto memory = std::make_shared<int>(7);
  TranscodeOptions options;
  options.memory = [&](std::uint64_t bytes) -> Result<std::shared_ptr<const void>> {
    asked += bytes;
    return memory;
  };
  {
    const auto pieces = transcode(object.header, uids::RLELossless, uids::ExplicitVRLittleEndian,
                                  object.stored(), options);
    ASSERT_TRUE(pieces);
    EXPECT_EQ(asked, 8U) << "the frame and its codestream";
    EXPECT_EQ(memory.use_count(), 2);
  }
  EXPECT_EQ(memory.use_count(), 1);
  ASSERT_TRUE(transcode(object.header, uids::RLELossless, uids::JPEG2000Lossless, object.stored(),
                        options));
  EXPECT_EQ(asked, 8U + 8U + 4U * 8U) << "and what the library takes";
  options.memory = [](std::uint64_t) -> Result<std::shared_ptr<const void>> {
    return fail(ErrorKind::OutOfResources, "none is left");
  };
  const auto refused = transcode(object.header, uids::RLELossless, uids::ExplicitVRLittleEndian,
                                 object.stored(), options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "none is left");
}

TEST(Transcoder, DecodesGreyPixelsWhoseMeaningIsNotSaidAndTellsSo) {
  for (const std::string_view name : {"monochrome2", ""}) {
    DataSet set = grey(2, 2, 8);
    set.set_text(tags::PhotometricInterpretation, name);
    const FrameFormat format{.rows = 2, .columns = 2};
    set.set(fragments_of({coded(Codec::Rle, Bytes(4, std::byte{9}), format)}));
    StoredObject object{set, uids::RLELossless};
    const Outcome outcome = transcodes(object, uids::ImplicitVRLittleEndian);
    ASSERT_TRUE(outcome.bytes) << outcome.bytes.error().to_string();
    EXPECT_EQ(outcome.departures.to_string(), "photometric_interpretation");
    const auto read = read_data_set(share(*outcome.bytes), implicit_vr_little_endian());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->text(tags::PhotometricInterpretation), name.empty() ? "" : "MONOCHROME2");
    EXPECT_EQ(read->find(kPixelData)->value()[3], std::byte{9});
  }
}

TEST(Transcoder, ADamagedFrameAnywhereIsAnErrorBeforeTheFirstByte) {
  for (const std::uint16_t side :
       {std::uint16_t{16}, std::uint16_t{1024}}) {  // all in memory, and more than is held there
    DataSet set = grey(side, side, 16);
    set.set_integer(tags::NumberOfFrames, VR::IS, 12);
    const FrameFormat format{
        .rows = side, .columns = side, .bits_allocated = 16, .bits_stored = 16};
    const Bytes frame = coded(Codec::Rle, Bytes(std::size_t{side} * side * 2), format);
    std::vector<Bytes> frames(12, frame);
    frames[10].resize(70);
    set.set(fragments_of(frames));
    StoredObject object{set, uids::RLELossless};
    for (const std::string_view to : {uids::ExplicitVRLittleEndian, uids::JPEGLSLossless}) {
      const auto pieces = transcode(object.header, uids::RLELossless, to, object.stored(), {});
      ASSERT_FALSE(pieces);
      EXPECT_EQ(pieces.error().tag, kPixelData);
    }
    frames[10] = frame;
    set.set(fragments_of(frames));
    StoredObject whole{set, uids::RLELossless};
    const Outcome outcome = transcodes(whole, uids::ExplicitVRLittleEndian);
    ASSERT_TRUE(outcome.bytes) << outcome.bytes.error().to_string();
    EXPECT_GT(outcome.bytes->size(), std::size_t{side} * side * 2 * 12);
  }
}

TEST(Transcoder, RefusesFramesThatPassTheirLimitBeforeItTakesMemory) {
  DataSet set = grey(65'535, 65'535, 16);
  set.set(fragments_of({Bytes(64)}));
  StoredObject object{set, uids::RLELossless};
  const Outcome outcome = transcodes(object, uids::ExplicitVRLittleEndian);
  ASSERT_FALSE(outcome.bytes);
  EXPECT_EQ(outcome.bytes.error().kind, ErrorKind::LimitExceeded);
  EXPECT_EQ(outcome.bytes.error().tag, tags::Rows);
}

}  // namespace
}  // namespace pacs
