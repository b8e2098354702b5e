#include "services/store/storable_file.h"

#include <gtest/gtest.h>

#include "tests/services/temporary_folder.h"

namespace pacs::services {
namespace {

/// All of a data set as it goes out.
Result<Bytes> sent_bytes(const StorableFile& file, std::string_view as) {
  PACS_TRY(const Pieces pieces, sent_pieces(file, as));
  Bytes whole;
  for (;;) {
    PACS_TRY(const ByteView piece, pieces());
    if (piece.empty()) return whole;
    append(whole, piece);
  }
}

class StorableFileTest : public testing::Test {
 protected:
  TemporaryFolder folder;
};

TEST_F(StorableFileTest, SaysWhatAFileIsAndWhereItsDataSetBegins) {
  const TestObject object = ct("1.2.3", 5000);
  const auto path = folder.write("ct.dcm", object);
  const auto file = inspect_file(path);
  ASSERT_TRUE(file) << file.error().to_string();
  EXPECT_EQ(file->sop_class_uid, uids::CTImageStorage);
  EXPECT_EQ(file->sop_instance_uid, "1.2.3");
  EXPECT_EQ(file->transfer_syntax_uid, uids::ExplicitVRLittleEndian);
  EXPECT_EQ(file->data_set_bytes, object.data_set.size());
  EXPECT_EQ(sent_bytes(*file, uids::ExplicitVRLittleEndian), object.data_set);
}

TEST_F(StorableFileTest, TheDataSetsIdentityCountsMoreThanTheMetaGroups) {
  TestObject object = ct("1.2.3");
  object.sop_instance_uid = "9.9.9";  // for the meta group only
  const auto file = inspect_file(folder.write("ct.dcm", object));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->sop_instance_uid, "1.2.3");
}

TEST_F(StorableFileTest, ABareDataSetIsAnObjectToo) {
  const TestObject object = ct("1.2.3", 100, uids::ImplicitVRLittleEndian);
  const auto file = inspect_file(folder.write("bare", ByteView{object.data_set}));
  ASSERT_TRUE(file) << file.error().to_string();
  EXPECT_EQ(file->transfer_syntax_uid, uids::ImplicitVRLittleEndian);
  EXPECT_EQ(file->data_set_offset, 0U);
}

TEST_F(StorableFileTest, WhatSaysWherePixelsAreToBeFetchedIsNotTranscoded) {
  const auto file = inspect_file(folder.write("jpip.dcm", ct("1.2.3", 100, uids::JPIPReferenced)));
  ASSERT_TRUE(file) << file.error().to_string();
  EXPECT_EQ(sent_bytes(*file, uids::ExplicitVRLittleEndian).error().kind, ErrorKind::Unsupported);
}

TEST_F(StorableFileTest, ADataSetOfOddLengthGoesOutEven) {
  TestObject object = ct("1.2.3", 100, uids::ImplicitVRLittleEndian);
  // A last element with three bytes.
  append(object.data_set, as_bytes(std::string_view("\xFC\xFF\xFA\xFF\x03\0\0\0abc", 11)));
  ASSERT_EQ(object.data_set.size() % 2, 1U);
  const auto file = inspect_file(folder.write("odd.dcm", object));
  ASSERT_TRUE(file) << file.error().to_string();
  const auto even = sent_bytes(*file, uids::ImplicitVRLittleEndian);
  ASSERT_TRUE(even) << even.error().to_string();
  EXPECT_EQ(even->size(), object.data_set.size() + 1);
}

TEST_F(StorableFileTest, WhatIsNoDicomFileIsUnsupportedNotBroken) {
  EXPECT_EQ(inspect_file(folder.write("a.txt", as_bytes("hello, world"))).error().kind,
            ErrorKind::Unsupported);
  EXPECT_EQ(inspect_file(folder.write("empty", ByteView{})).error().kind, ErrorKind::Unsupported);
  EXPECT_EQ(inspect_file(folder.write("zeros", ByteView{Bytes(4096)})).error().kind,
            ErrorKind::Unsupported);
}

TEST_F(StorableFileTest, ADicomdirIsNotStored) {
  TestObject directory = ct("1.2.3");
  directory.sop_class_uid = uids::MediaStorageDirectoryStorage;
  const auto file = inspect_file(folder.write("DICOMDIR", directory));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::Unsupported);
}

TEST_F(StorableFileTest, AMissingFileIsAnErrorThatNamesIt) {
  const auto file = inspect_file(folder.path() / "nowhere.dcm");
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().kind, ErrorKind::Unsupported);
  EXPECT_NE(file.error().to_string().find("nowhere.dcm"), std::string::npos);
}

TEST_F(StorableFileTest, ConvertsBetweenUncompressedTransferSyntaxes) {
  const auto file = inspect_file(folder.write("ct.dcm", ct("1.2.3", 64)));
  ASSERT_TRUE(file);
  for (const std::string_view as : {uids::ImplicitVRLittleEndian, uids::ExplicitVRBigEndian,
                                    uids::DeflatedExplicitVRLittleEndian}) {
    const auto bytes = sent_bytes(*file, as);
    ASSERT_TRUE(bytes) << as;
    const auto converted = read_data_set(share(*bytes), *find_transfer_syntax(as));
    ASSERT_TRUE(converted) << as;
    const auto original = read_data_set(share(*sent_bytes(*file, file->transfer_syntax_uid)),
                                        explicit_vr_little_endian());
    EXPECT_EQ(converted->text(tags::PatientName), original->text(tags::PatientName));
    EXPECT_EQ(converted->integer(tags::Rows), 16);
  }
  EXPECT_EQ(sent_bytes(*file, uids::JPEG2000).error().kind, ErrorKind::Unsupported);  // lossy
}

TEST_F(StorableFileTest, AFileWrittenInAnotherSyntaxThanItNamesGoesOutAsItCame) {
  TestObject mislabelled = ct("1.2.3", 64, uids::ImplicitVRLittleEndian);
  mislabelled.transfer_syntax_uid = uids::ExplicitVRLittleEndian;
  const auto file = inspect_file(folder.write("ct.dcm", mislabelled));
  ASSERT_TRUE(file) << file.error().to_string();
  EXPECT_EQ(file->sop_instance_uid, "1.2.3");
  EXPECT_EQ(sent_bytes(*file, uids::ExplicitVRLittleEndian), mislabelled.data_set);
  // In another one it is written right.
  const auto converted = sent_bytes(*file, uids::ExplicitVRBigEndian);
  ASSERT_TRUE(converted) << converted.error().to_string();
  const auto data_set =
      read_data_set(share(*converted), *find_transfer_syntax(uids::ExplicitVRBigEndian));
  ASSERT_TRUE(data_set);
  EXPECT_EQ(data_set->text(tags::PatientName), "Doe^Jane");
}

TEST_F(StorableFileTest, ADeflatedDataSetGoesOutWithEvenLength) {
  TestObject odd = ct("1.2.3", 64, uids::DeflatedExplicitVRLittleEndian);
  if (odd.data_set.size() % 2 == 0) odd.data_set.push_back(std::byte{0});
  const auto file = inspect_file(folder.write("odd.dcm", odd));
  ASSERT_TRUE(file) << file.error().to_string();
  Bytes expected = odd.data_set;
  expected.push_back(std::byte{0});
  EXPECT_EQ(sent_bytes(*file, uids::DeflatedExplicitVRLittleEndian), expected);
}

TEST_F(StorableFileTest, AFileThatBecomesShorterMeanwhileIsAnErrorThatNamesIt) {
  const auto path = folder.write("cut.dcm", ct("1.2.3", 3'000'000));
  const auto file = inspect_file(path);
  ASSERT_TRUE(file);
  const auto pieces = sent_pieces(*file, uids::ExplicitVRLittleEndian);
  ASSERT_TRUE(pieces);
  ASSERT_TRUE((*pieces)());
  std::filesystem::resize_file(path, 1'000'000);
  Result<ByteView> piece = (*pieces)();
  while (piece && !piece->empty()) piece = (*pieces)();
  ASSERT_FALSE(piece);
  EXPECT_EQ(piece.error().kind, ErrorKind::Truncated);
  EXPECT_NE(piece.error().to_string().find("cut.dcm"), std::string::npos);
  EXPECT_EQ(sent_bytes(*file, uids::ImplicitVRLittleEndian).error().kind, ErrorKind::Truncated);
}

TEST_F(StorableFileTest, ALongDeflatedDataSetTellsItsIdentityToo) {
  TestObject object = ct("1.2.3", 3'000'000, uids::DeflatedExplicitVRLittleEndian);
  object.sop_instance_uid = "9.9.9";  // for the meta group only
  const auto file = inspect_file(folder.write("deflated.dcm", object));
  ASSERT_TRUE(file) << file.error().to_string();
  EXPECT_EQ(file->sop_instance_uid, "1.2.3");
}

TEST_F(StorableFileTest, ASourceGivesLargeFilesInPieces) {
  const TestObject object = ct("1.2.3", 3'000'000);
  const auto file = inspect_file(folder.write("large.dcm", object));
  ASSERT_TRUE(file);
  EXPECT_EQ(sent_bytes(*file, uids::ExplicitVRLittleEndian), object.data_set);
}

TEST_F(StorableFileTest, AFileIsOpenedOnlyWhenItIsSent) {
  const TestObject object = ct("1.2.3", 3'000'000);
  const auto path = folder.write("waits.dcm", object);
  const auto file = inspect_file(path);
  ASSERT_TRUE(file);
  const auto sent = data_set_when_sent(*file, std::string{uids::ExplicitVRLittleEndian});
  const auto waits = data_set_when_sent(*file, std::string{uids::ImplicitVRLittleEndian});
  EXPECT_EQ(sent.now()->size(), 256U << 10);
  std::filesystem::remove(path);
  const Result<ByteView> gone = waits.now();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().where, path.string());
}

}  // namespace
}  // namespace pacs::services
