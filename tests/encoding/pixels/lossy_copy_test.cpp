#include "encoding/pixels/lossy_copy.h"

#include <gtest/gtest.h>

#include "core/uid_registry.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/pixels/stored_image.h"
#include "encoding/pixels/transcoder.h"
#include "tests/encoding/codecs/frames.h"
#include "tests/encoding/frames/pixel_sets.h"

namespace pacs {
namespace {

using test::colour;
using test::grey;

/// An image with so many frames of a pattern, as it is stored in Explicit VR Little Endian.
struct StoredPattern {
  Header header;
  ReadStored stored;
  Bytes frame;

  explicit StoredPattern(DataSet set, int frames = 1) {
    frame = test::frame_of(pixel_format(set).value().frame);
    set.set_text(tags::SOPClassUID, uids::SecondaryCaptureImageStorage);
    set.set_text(tags::SOPInstanceUID, "1.2.3");
    if (frames > 1) set.set_integer(tags::NumberOfFrames, VR::IS, frames);
    Bytes pixels;
    for (int i = 0; i < frames; ++i) append(pixels, frame);
    set.set_bytes(kPixelData, VR::OB, std::move(pixels));
    const SharedBytes bytes = share(write_data_set(set, explicit_vr_little_endian()).value());
    header = header_of(bytes.view, explicit_vr_little_endian());
    stored = stored_in(bytes);
  }
  static Header header_of(ByteView bytes, const TransferSyntax& syntax) {
    HeaderReader reader{syntax};
    EXPECT_TRUE(reader.feed(bytes));
    return reader.finish().value();
  }
  /// The copy, read again.
  [[nodiscard]] Header copy(Bytes& bytes, std::size_t frames_at_once = 1) const {
    auto pieces =
        transcode_to_lossy_copy(header, uids::ExplicitVRLittleEndian, "2.25.7", stored,
                                {.encode = {.jpeg_quality = 75}, .frames_at_once = frames_at_once});
    if (!pieces) throw std::runtime_error(pieces.error().to_string());
    for (ByteView piece = (*pieces)().value(); !piece.empty(); piece = (*pieces)().value()) {
      append(bytes, piece);
    }
    return header_of(bytes, *find_transfer_syntax(uids::JPEGBaseline8Bit));
  }
  [[nodiscard]] bool has_copy(std::string_view syntax = uids::ExplicitVRLittleEndian) const {
    return has_lossy_copy(header, syntax);
  }
};

TEST(LossyCopy, IsANewInstanceThatSaysWhatItIsMadeOf) {
  DataSet set = colour(64, 48, "RGB");
  set.set_text(tags::ImageType, "ORIGINAL\\PRIMARY\\AXIAL");
  set.set_text(tags::DerivationDescription, "turned");
  set.set_text(tags::LossyImageCompressionRatio, "4");
  set.set_text(tags::LossyImageCompressionMethod, "ISO_15444_1");
  set.set_integer(tags::SmallestImagePixelValue, VR::US, 3);
  Bytes bytes;
  const Header header = StoredPattern{set}.copy(bytes);
  const DataSet& copy = header.data_set;
  EXPECT_EQ(copy.text(tags::SOPInstanceUID), "2.25.7");
  EXPECT_EQ(copy.text(tags::ImageType), "DERIVED\\PRIMARY\\AXIAL");
  EXPECT_EQ(copy.text(tags::PhotometricInterpretation), "YBR_FULL_422");
  EXPECT_EQ(copy.text(tags::LossyImageCompression), "01");
  EXPECT_EQ(copy.text(tags::LossyImageCompressionMethod), "ISO_15444_1\\ISO_10918_1");
  EXPECT_EQ(copy.number(tags::LossyImageCompressionRatio, 0).value(), 4);
  const double ratio = copy.number(tags::LossyImageCompressionRatio, 1).value();
  ASSERT_EQ(header.pixel_data->fragments.size(), 1U);
  EXPECT_NEAR(ratio, 64.0 * 48 * 3 / header.pixel_data->fragments[0].length, 0.005);
  const std::string_view derivation = copy.text(tags::DerivationDescription);
  EXPECT_TRUE(derivation.starts_with("turned; Lossy compression with JPEG baseline, quality 75"))
      << derivation;
  const DataSet& how = copy.items(tags::DerivationCodeSequence).at(0).data_set;
  EXPECT_EQ(how.text(tags::CodeValue), "113040");
  EXPECT_EQ(how.text(tags::CodingSchemeDesignator), "DCM");
  const DataSet& source = copy.items(tags::SourceImageSequence).at(0).data_set;
  EXPECT_EQ(source.text(tags::ReferencedSOPClassUID), uids::SecondaryCaptureImageStorage);
  EXPECT_EQ(source.text(tags::ReferencedSOPInstanceUID), "1.2.3");
  EXPECT_FALSE(copy.contains(tags::SmallestImagePixelValue));
}

TEST(LossyCopy, LeavesEmptyWhatNobodySaidOfAnEarlierStep) {
  const auto copied = [](std::string_view ratio, std::string_view method) {
    DataSet set = grey(64, 48, 8);
    set.set_text(tags::LossyImageCompressionRatio, ratio);
    set.set_text(tags::LossyImageCompressionMethod, method);
    Bytes bytes;
    const Header header = StoredPattern{set}.copy(bytes);
    const std::string_view all = header.data_set.text(tags::LossyImageCompressionRatio);
    return std::pair{std::string{all.substr(0, all.rfind('\\') + 1)},
                     std::string{header.data_set.text(tags::LossyImageCompressionMethod)}};
  };
  EXPECT_EQ(copied("", ""), std::pair(std::string{}, std::string{"ISO_10918_1"}));
  EXPECT_EQ(copied("4", ""), std::pair(std::string{"4\\"}, std::string{"\\ISO_10918_1"}));
  EXPECT_EQ(copied("4\\2", "ISO_15444_1"),
            std::pair(std::string{"4\\2\\"}, std::string{"ISO_15444_1\\\\ISO_10918_1"}));
  EXPECT_EQ(copied("", "ISO_15444_1"),
            std::pair(std::string{"\\"}, std::string{"ISO_15444_1\\ISO_10918_1"}));
}

TEST(LossyCopy, SaysOfEachFrameThatItIsDerived) {
  DataSet type;
  type.set_text(tags::FrameType, "ORIGINAL\\PRIMARY\\VOLUME\\NONE");
  DataSet shared, frame;
  shared.set_items(tags::CTImageFrameTypeSequence, {{type}});
  frame.set_items(tags::MRImageFrameTypeSequence, {{type}});
  DataSet set = grey(64, 48, 8);
  set.set_text(tags::ImageType, "ORIGINAL\\PRIMARY\\VOLUME\\NONE");
  set.set_items(tags::SharedFunctionalGroupsSequence, {{shared}});
  set.set_items(tags::PerFrameFunctionalGroupsSequence, {{frame}, {frame}});
  Bytes bytes;
  const DataSet copy = StoredPattern{set}.copy(bytes).data_set;
  constexpr std::string_view kDerived = "DERIVED\\PRIMARY\\VOLUME\\NONE";
  EXPECT_EQ(copy.text(tags::ImageType), kDerived);
  const auto type_in = [](const Item& group, Tag sequence) {
    return std::string{group.data_set.items(sequence).at(0).data_set.text(tags::FrameType)};
  };
  const Sequence& shared_groups = copy.items(tags::SharedFunctionalGroupsSequence);
  EXPECT_EQ(type_in(shared_groups.at(0), tags::CTImageFrameTypeSequence), kDerived);
  const Sequence& groups = copy.items(tags::PerFrameFunctionalGroupsSequence);
  ASSERT_EQ(groups.size(), 2U);
  for (const Item& group : groups) {
    EXPECT_EQ(type_in(group, tags::MRImageFrameTypeSequence), kDerived);
  }
}

TEST(LossyCopy, IsNotMadeWhereItWouldNotBeSmallerThanWhatIsStored) {
  const StoredPattern pattern{grey(2, 2, 8)};
  const auto refused = transcode_to_lossy_copy(pattern.header, uids::ExplicitVRLittleEndian,
                                               "2.25.7", pattern.stored, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "with loss the image would not be smaller than stored");
}

TEST(LossyCopy, IsNotOfPixelsWhoseMeaningIsNotSaid) {
  DataSet set = grey(64, 48, 8);
  set.erase(tags::PhotometricInterpretation);
  EXPECT_FALSE(StoredPattern{set}.has_copy());
}

TEST(LossyCopy, KeepsWhatAPersonSees) {
  const StoredPattern pattern{grey(64, 48, 8)};
  Bytes bytes;
  const Header header = pattern.copy(bytes);
  EXPECT_EQ(header.data_set.text(tags::PhotometricInterpretation), "MONOCHROME2");
  EXPECT_EQ(header.data_set.text(tags::ImageType), "DERIVED\\SECONDARY");
  const auto image = StoredImage::open(header, *find_transfer_syntax(uids::JPEGBaseline8Bit),
                                       stored_in(share(bytes)));
  ASSERT_TRUE(image) << image.error().to_string();
  Bytes pixels(64 * 48);
  ASSERT_TRUE(image->decode(0, pixels));
  EXPECT_GT(test::mean_difference(pixels, pattern.frame), 0);
  EXPECT_LT(test::mean_difference(pixels, pattern.frame), 8);  // of noise, most of it
}

TEST(LossyCopy, SaysTheRatioOfAllFramesHoweverManyAreInMemory) {
  const StoredPattern pattern{grey(64, 48, 8), 5};
  Bytes one, two, all;
  const Header header = pattern.copy(one, 1);
  std::uint64_t coded = 0;
  for (const auto& fragment : header.pixel_data->fragments) coded += fragment.length;
  EXPECT_EQ(header.pixel_data->fragments.size(), 5U);
  EXPECT_NEAR(header.data_set.number(tags::LossyImageCompressionRatio).value(),
              5.0 * 64 * 48 / static_cast<double>(coded), 0.005);
  (void)pattern.copy(two, 2);
  (void)pattern.copy(all, 8);
  EXPECT_EQ(one, two);
  EXPECT_EQ(one, all);
}

TEST(LossyCopy, IsOnlyOfWhatIsToBeLookedAtInEightBits) {
  EXPECT_TRUE(StoredPattern{grey(8, 8, 8)}.has_copy());
  EXPECT_TRUE(StoredPattern{grey(8, 8, 8)}.has_copy(uids::DeflatedExplicitVRLittleEndian));
  EXPECT_TRUE(StoredPattern{colour(8, 8, "YBR_FULL")}.has_copy());
  EXPECT_FALSE(StoredPattern{grey(8, 8, 16, 12)}.has_copy());
  EXPECT_FALSE(StoredPattern{grey(8, 8, 16, 8)}.has_copy());
  EXPECT_FALSE(StoredPattern{grey(8, 8, 8, 7)}.has_copy());
  EXPECT_FALSE(StoredPattern{colour(8, 8, "PALETTE COLOR")}.has_copy());
  EXPECT_FALSE(StoredPattern{colour(8, 8, "RGB", 16)}.has_copy());
  DataSet is_signed = grey(8, 8, 8);
  is_signed.set_integer(tags::PixelRepresentation, VR::US, 1);
  EXPECT_FALSE(StoredPattern{is_signed}.has_copy());
  DataSet segments = grey(8, 8, 8);
  segments.set_items(tags::SegmentSequence, {{}});
  EXPECT_FALSE(StoredPattern{segments}.has_copy());
}

TEST(LossyCopy, IsNotOfWhatHasLostAlreadyOrIsNotRead) {
  const StoredPattern pattern{grey(8, 8, 8)};
  EXPECT_FALSE(pattern.has_copy(uids::JPEGBaseline8Bit));
  EXPECT_FALSE(pattern.has_copy(uids::JPEG2000));
  EXPECT_FALSE(pattern.has_copy(uids::MPEG2MPML));
  const auto refused =
      transcode_to_lossy_copy(pattern.header, uids::JPEGBaseline8Bit, "2.25.7", pattern.stored, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Unsupported);
}

TEST(LossyCopy, HasTheSameUidEachTimeAndAnotherForEachQuality) {
  const std::string uid = lossy_copy_uid("1.2.3", 75);
  EXPECT_TRUE(is_valid_uid(uid));
  EXPECT_TRUE(uid.starts_with("2.25."));
  EXPECT_EQ(uid, lossy_copy_uid("1.2.3", 75));
  EXPECT_NE(uid, lossy_copy_uid("1.2.3", 76));
  EXPECT_NE(uid, lossy_copy_uid("1.2.4", 75));
}

}  // namespace
}  // namespace pacs
