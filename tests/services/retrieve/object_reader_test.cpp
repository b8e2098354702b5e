#include "services/retrieve/object_reader.h"

#include <future>

#include <gmock/gmock.h>

#include "tests/services/retrieve/retrieve_fixture.h"

namespace pacs::services {
namespace {

using testing::HasSubstr;

class ObjectReaderTest : public RetrieveTest {
 protected:
  network::DataSource opens(const std::string& uid, std::string_view as = {}) {
    auto record = archive.find_instance(uid);
    EXPECT_TRUE(record);
    const std::string syntax{as.empty() ? record->transfer_syntax_uid : as};
    return reader->open(std::move(*record), syntax);
  }
  /// The whole of a source, and the length of each piece.
  Result<Bytes> reads(const network::DataSource& source) {
    pieces.clear();
    auto reading = [](const network::DataSource& from,
                      std::vector<std::size_t>& lengths) -> Task<Result<Bytes>> {
      Bytes whole;
      for (;;) {
        Result<ByteView> piece = co_await from.later();
        if (!piece) co_return fail(std::move(piece.error()));
        if (piece->empty()) co_return whole;
        lengths.push_back(piece->size());
        append(whole, *piece);
      }
    };
    return boost::asio::co_spawn(context_, reading(source, pieces), boost::asio::use_future).get();
  }

  std::vector<std::size_t> pieces;

 private:
  integration::IoPool pool_{1};
  boost::asio::io_context& context_ = pool_.context();
  integration::WorkPool readers_{3};  // ended before the executor that their work answers on

 protected:
  std::shared_ptr<ObjectReader> reader =
      std::make_shared<ObjectReader>(archive, readers_, context_.get_executor());
};

TEST_F(ObjectReaderTest, GivesTheDataSetInPieces) {
  const TestObject object = ct("1.2.9.1", 1'000'000);
  has(object);
  const auto whole = reads(opens("1.2.9.1"));
  ASSERT_TRUE(whole) << whole.error().to_string();
  EXPECT_EQ(*whole, object.data_set);
  EXPECT_EQ(pieces.size(), (object.data_set.size() + kObjectPieceBytes - 1) / kObjectPieceBytes);
}

TEST_F(ObjectReaderTest, ReadsAheadAsFarAsItMay) {
  for (int i = 1; i <= 8; ++i) has(ct("1.2.9." + std::to_string(i), 1'000'000));
  std::vector<network::DataSource> sources;
  for (int i = 1; i <= 8; ++i) sources.push_back(opens("1.2.9." + std::to_string(i)));
  const std::uint64_t before = archive.bytes_read();
  ASSERT_TRUE(reads(sources[0]));
  // What lies ready, and what each worker has in hand.
  const std::uint64_t most = 1'001'000 + kReadAheadBytes + kReadersMax * kObjectPieceBytes;
  EXPECT_LE(archive.bytes_read() - before, most);
  for (std::size_t i = 1; i < sources.size(); ++i) {
    const auto whole = reads(sources[i]);
    ASSERT_TRUE(whole);
    EXPECT_EQ(*whole, ct("1.2.9." + std::to_string(i + 1), 1'000'000).data_set);
  }
}

TEST_F(ObjectReaderTest, WhatIsConvertedIsReadAheadAsFarAsItMay) {
  std::vector<network::DataSource> sources;
  for (int i = 1; i <= 4; ++i) {
    const std::string uid = "1.2.9." + std::to_string(i);
    has(ct(uid, 2 * kReadAheadBytes));
    sources.push_back(opens(uid, uids::ImplicitVRLittleEndian));
  }
  const std::uint64_t before = archive.bytes_read();
  ASSERT_TRUE(reads(sources[0]));
  const std::uint64_t most = 3 * kReadAheadBytes + kReadersMax * kObjectPieceBytes + 1'000;
  EXPECT_LE(archive.bytes_read() - before, most);
  for (std::size_t i = 1; i < sources.size(); ++i) EXPECT_TRUE(reads(sources[i]));
}

TEST_F(ObjectReaderTest, WhoeverWaitsIsServedHoweverMuchLiesReadyForOthers) {
  for (int i = 1; i <= 6; ++i) has(ct("1.2.9." + std::to_string(i), 1'000'000));
  std::vector<network::DataSource> sources;
  for (int i = 1; i <= 6; ++i) sources.push_back(opens("1.2.9." + std::to_string(i)));
  EXPECT_TRUE(reads(sources[5]));  // the others hold all that may lie ready
  EXPECT_TRUE(reads(sources[0]));
}

TEST_F(ObjectReaderTest, SourcesThatAreDroppedMakeRoom) {
  for (int i = 1; i <= 30; ++i) has(ct("1.2.9." + std::to_string(i), 1'000'000));
  for (int i = 1; i < 30; ++i) (void)opens("1.2.9." + std::to_string(i));
  EXPECT_TRUE(reads(opens("1.2.9.30")));
}

TEST_F(ObjectReaderTest, AnErrorOfTheDiskIsThatOfItsObject) {
  has_cts(2, 900'000);
  archive.cannot_read("1.2.9.1", 500'000);
  const auto bad = opens("1.2.9.1");
  const auto good = opens("1.2.9.2");
  const auto failed = reads(bad);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().to_string(), HasSubstr("the disk refuses"));
  EXPECT_TRUE(reads(good));
}

TEST_F(ObjectReaderTest, AnObjectShorterThanItsEntryIsCorrupt) {
  has(ct("1.2.9.1", 1000));
  auto record = archive.find_instance("1.2.9.1");
  ASSERT_TRUE(record);
  record->data_set_bytes += 10;
  const auto failed = reads(reader->open(*record, record->transfer_syntax_uid));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::Corrupt);
}

TEST_F(ObjectReaderTest, DeflatedDataSetsOfOddLengthArePadded) {
  TestObject object = ct("1.2.9.1", 7, uids::DeflatedExplicitVRLittleEndian);
  object.data_set.push_back(std::byte{0});  // ours are even; one byte behind the stream is none
  ASSERT_EQ(object.data_set.size() % 2, 1U);
  has(object);
  const auto whole = reads(opens("1.2.9.1"));
  ASSERT_TRUE(whole);
  object.data_set.push_back(std::byte{0});
  EXPECT_EQ(*whole, object.data_set);
}

TEST_F(ObjectReaderTest, ConvertsBetweenUncompressedTransferSyntaxes) {
  has(ct("1.2.9.1", 700'000));
  const auto whole = reads(opens("1.2.9.1", uids::ImplicitVRLittleEndian));
  ASSERT_TRUE(whole) << whole.error().to_string();
  const auto data_set = read_data_set(share(*whole), implicit_vr_little_endian());
  ASSERT_TRUE(data_set);
  EXPECT_EQ(data_set->text(tags::PatientName), "Doe^Jane");
}

}  // namespace
}  // namespace pacs::services
