#include "apps/commands/readable_part.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"

namespace pacs::apps {
namespace {

class ReadablePartTest : public testing::Test {
 protected:
  ~ReadablePartTest() override { std::filesystem::remove(path_); }

  static Bytes object(std::string_view syntax) {
    DataSet ds;
    ds.set_text(tags::SOPClassUID, uids::CTImageStorage);
    ds.set_text(tags::SOPInstanceUID, "1.2.3");
    Item first;
    first.data_set.set_text(tags::ReferencedSOPInstanceUID, "1.2.3.4");
    Item second;
    second.data_set.set_text(tags::ReferencedSOPInstanceUID, "1.2.3.5");
    ds.set_items(tags::ReferencedImageSequence, {first, second});
    ds.set_text(tags::PatientName, "Doe^John");
    Bytes file = make_file_meta(uids::CTImageStorage, "1.2.3", syntax, "");
    append(file, write_data_set(ds, *find_transfer_syntax(syntax)).value());
    return file;
  }
  Result<ReadablePart> read(ByteView bytes) {
    std::ofstream file{path_, std::ios::binary | std::ios::trunc};
    file.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    return read_readable_part(path_);
  }

  std::filesystem::path path_ = std::filesystem::path{testing::TempDir()} /
                                (std::string{"pacs_readable_"} +
                                 testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(ReadablePartTest, AWholeFileIsReadWhole) {
  for (const std::string_view syntax :
       {uids::ExplicitVRLittleEndian, uids::ImplicitVRLittleEndian, uids::ExplicitVRBigEndian,
        uids::DeflatedExplicitVRLittleEndian}) {
    const auto part = read(object(syntax));
    ASSERT_TRUE(part) << syntax;
    EXPECT_FALSE(part->error) << syntax;
    EXPECT_EQ(part->file.data_set.text(tags::PatientName), "Doe^John");
    EXPECT_EQ(part->file.data_set.items(tags::ReferencedImageSequence).size(), 2U);
  }
}

TEST_F(ReadablePartTest, CutAtEveryByteItShowsWhatCameBeforeAndSaysWhere) {
  const Bytes whole = object(uids::ExplicitVRLittleEndian);
  const std::uint64_t data_set = read(whole)->file.header.data_set_offset;
  std::size_t items_seen_most = 0;
  for (std::size_t length = data_set + 1; length < whole.size(); ++length) {
    const auto part = read(ByteView{whole}.first(length));
    ASSERT_TRUE(part) << length;
    const DataSet& ds = part->file.data_set;
    if (!part->error) {  // cut between two elements: nothing tells
      EXPECT_FALSE(ds.contains(tags::PatientName));
      continue;
    }
    EXPECT_EQ(part->error->kind, ErrorKind::Truncated);
    EXPECT_EQ(part->error->where, path_.string());
    ASSERT_TRUE(part->error->offset);
    EXPECT_LE(*part->error->offset, length);
    items_seen_most = std::max(items_seen_most, ds.items(tags::ReferencedImageSequence).size());
  }
  EXPECT_EQ(items_seen_most, 2U) << "items of a sequence that was still open are shown";
}

TEST_F(ReadablePartTest, WhatIsNoDicomFileIsAnError) {
  const auto part = read(as_bytes("this is a shopping list, not an image"));
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().kind, ErrorKind::Malformed);
  EXPECT_EQ(read_readable_part("/nowhere/x.dcm").error().where, "/nowhere/x.dcm");
}

TEST_F(ReadablePartTest, FragmentsOfACutPixelSequenceAreShown) {
  Bytes file = make_file_meta(uids::CTImageStorage, "1.2.3", uids::JPEGBaseline8Bit, "");
  for (const int byte :
       {0xE0, 0x7F, 0x10, 0x00, 0x4F, 0x42, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF,  // OB
        0xFE, 0xFF, 0x00, 0xE0, 0x00, 0x00, 0x00, 0x00,  // empty offset table
        0xFE, 0xFF, 0x00, 0xE0, 0x02, 0x00, 0x00, 0x00, 0xFF, 0xD8, 0xFE, 0xFF,
        0x00, 0xE0, 0x02, 0x00, 0x00}) {
    file.push_back(static_cast<std::byte>(byte));
  }
  const auto part = read(file);
  ASSERT_TRUE(part);
  EXPECT_TRUE(part->error);
  const Element* pixels = part->file.data_set.find(tags::PixelData);
  ASSERT_NE(pixels, nullptr);
  ASSERT_NE(pixels->fragments(), nullptr);
  EXPECT_EQ(pixels->fragments()->fragments.size(), 1U);
}

}  // namespace
}  // namespace pacs::apps
