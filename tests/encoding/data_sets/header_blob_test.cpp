#include "encoding/data_sets/header_blob.h"

#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/sample_files.h"

namespace pacs {
namespace {

using test::b;
using test::hex;

Header header_of(const test::SampleDataSet& sample, const Limits& limits = {}) {
  HeaderReader reader{*sample.syntax, limits};
  EXPECT_TRUE(reader.feed(sample.bytes.view));
  auto header = reader.finish();
  EXPECT_TRUE(header);
  return std::move(*header);
}

void expect_equal(const Header& a, const Header& b, const std::string& what) {
  EXPECT_TRUE(equal_content(a.data_set, b.data_set)) << what;
  EXPECT_EQ(a.pixel_data, b.pixel_data) << what;
  EXPECT_EQ(a.data_set_bytes, b.data_set_bytes) << what;
  EXPECT_EQ(a.inflate_points, b.inflate_points) << what;
}

TEST(HeaderBlob, GivesBackTheHeaderOfEverySample) {
  Limits many_references;
  many_references.header_value_bytes_max = many_references.header_text_bytes_max = 8;
  for (const auto& path : test::good_sample_files()) {
    for (const Limits& limits : {Limits{}, many_references}) {
      const Header header = header_of(test::sample_data_set(path), limits);
      const auto blob = encode_header(header);
      ASSERT_TRUE(blob) << path;
      const auto again = decode_header(share(*blob));
      ASSERT_TRUE(again) << path << again.error().to_string();
      expect_equal(header, *again, path);
      EXPECT_EQ(encode_header(*again), *blob) << path;
    }
  }
}

TEST(HeaderBlob, IsTheseBytes) {
  Header header;
  header.data_set.set_text(tags::PatientID, "ID");
  header.data_set.set(Element::bulk(kPixelData, VR::OW, {34, 300}, false));
  header.pixel_data.emplace();
  header.pixel_data->value_offset = 34;
  header.pixel_data->value_length = 300;
  header.data_set_bytes = 334;
  EXPECT_EQ(hex(encode_header(header).value()),
            hex(b("03 000000 16000000 1000 2000 'LO' 0200 'ID' E07F 1000 'OW' 0000 00000000"
                  "CE02 01 01 00 AC02 22 01 22 AC02 00 00 00 00 00 00")));
}

// What programs before wrote.
TEST(HeaderBlob, ReadsVersions1And2) {
  for (const std::string version : {"01", "02"}) {
    const auto header = decode_header(
        share(b(version + " 000000 16000000 1000 2000 'LO' 0200 'ID' E07F 1000 'OW' 0000 00000000"
                          "CE02 01 01 00 AC02 22 01 22 AC02 00 00 00 00")));
    ASSERT_TRUE(header) << header.error().to_string();
    EXPECT_EQ(header->data_set.text(tags::PatientID), "ID");
    EXPECT_EQ(*header->data_set.find(kPixelData)->bulk(), (BulkReference{34, 300}));
    EXPECT_EQ(header->data_set_bytes, 334U);
    EXPECT_TRUE(header->pixel_data->frame_starts.empty());
    EXPECT_TRUE(header->inflate_points.empty());
  }
}

TEST(HeaderBlob, KeepsFrameStartsAndInflatePoints) {
  Header header;
  header.data_set.set(Element::bulk(kPixelData, VR::OB, {12, 1000}, true));
  PixelDataLayout& layout = header.pixel_data.emplace();
  layout.encapsulated = true;
  layout.fragments = {{20, 10}, {38, 10}, {56, 10}};
  layout.fragment_count = 3;
  layout.frame_starts = {0, 2};
  header.inflate_points = {{5'000'000, 3'000'000, 3, 5, Bytes(32'768, std::byte{1})},
                           {10'000'000, 5'000'000, 0, 0, Bytes(32'768, std::byte{2})}};
  const Bytes blob = encode_header(header).value();
  const auto again = decode_header(share(blob));
  ASSERT_TRUE(again) << again.error().to_string();
  expect_equal(header, *again, "starts and points");
  EXPECT_EQ(encode_header(*again), blob);
  // Starts behind the fragments, or not one behind another.
  for (const std::vector<std::uint32_t>& wrong :
       std::vector<std::vector<std::uint32_t>>{{0, 3}, {2, 0}, {1, 1}}) {
    layout.frame_starts = wrong;
    EXPECT_EQ(decode_header(share(encode_header(header).value())).error().kind, ErrorKind::Corrupt);
  }
}

// PS3.5 §6.2.2 has values above 65,535 bytes as UN on the wire. A header is not the wire.
TEST(HeaderBlob, KeepsTheVrOfValuesOfAnyLength) {
  const std::string text(70'000, 'x');
  const Tag known = tags::ImageComments, unknown{0x0009, 0x1001};
  Header header;
  DataSet inner;
  inner.set_text(tags::TextValue, VR::UT, text);
  inner.set_text(known, VR::LT, text);
  header.data_set.set_text(unknown, VR::LO, text);
  header.data_set.set(Element::bulk(Tag{0x0009, 0x1002}, VR::OB, {34, 300}, false));
  Bytes numbers;
  for (int i = 0; i < 20'000; ++i) append(numbers, 1.5 * i, ByteOrder::Big);
  header.data_set.set(Element::owning(Tag{0x0009, 0x1003}, VR::FD, numbers, ByteOrder::Big));
  header.data_set.set_text(known, VR::LT, text);
  header.data_set.set_items(tags::ContentSequence, {Item{inner}});
  header.data_set.set(Element::bulk(kPixelData, VR::OW, {34, 300}, false));
  const auto blob = encode_header(header);
  ASSERT_TRUE(blob);
  const auto again = decode_header(share(*blob));
  ASSERT_TRUE(again) << again.error().to_string();
  expect_equal(header, *again, "long values");
  EXPECT_EQ(encode_header(*again), *blob);
  EXPECT_EQ(again->data_set.find(known)->vr(), VR::LT);
  EXPECT_EQ(again->data_set.find(unknown)->vr(), VR::LO);
  EXPECT_EQ(again->data_set.number(Tag{0x0009, 0x1003}, 19'999), 1.5 * 19'999);
}

TEST(HeaderBlob, IsReadAgainWhateverTheLimitsAre) {
  DataSet nested;
  for (int i = 0; i < 600; ++i) {
    DataSet outer;
    outer.set_items(tags::ContentSequence, {Item{std::move(nested)}});
    nested = std::move(outer);
  }
  Header header;
  header.data_set = std::move(nested);
  const auto again = decode_header(share(encode_header(header).value()));
  ASSERT_TRUE(again) << again.error().to_string();
  expect_equal(header, *again, "deeper than Limits has it");
}

TEST(HeaderBlob, CostsTwoBytesForEachRegularFragment) {
  Header header;
  header.data_set.set(Element::bulk(kPixelData, VR::OB, {12, 1 << 20}, true));
  header.pixel_data.emplace();
  header.pixel_data->encapsulated = true;
  header.pixel_data->value_offset = 12;
  header.pixel_data->value_length = 1 << 20;
  header.pixel_data->fragment_count = 1000;
  for (std::uint64_t i = 0; i < 1000; ++i)
    header.pixel_data->fragments.push_back({28 + i * 108, 100});
  const auto blob = encode_header(header);
  EXPECT_LT(blob->size(), 2050U);
  expect_equal(header, decode_header(share(*blob)).value(), "fragments");
}

TEST(HeaderBlob, SaysCorruptOfABlobThatIsCutOrChanged) {
  const Header header = header_of(test::sample_data_set(test::sample("reportsi.dcm")));
  const Bytes blob = encode_header(header).value();
  for (std::size_t size = 0; size < blob.size(); ++size) {
    const auto cut =
        decode_header(share(Bytes(blob.begin(), blob.begin() + static_cast<std::ptrdiff_t>(size))));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().kind, ErrorKind::Corrupt);
  }
  Bytes longer = blob;
  longer.push_back(std::byte{0});
  EXPECT_EQ(decode_header(share(longer)).error().kind, ErrorKind::Corrupt);
  Bytes other_version = blob;
  other_version[0] = std::byte{99};
  EXPECT_EQ(decode_header(share(other_version)).error().kind, ErrorKind::Corrupt);
}

}  // namespace
}  // namespace pacs
