#include "services/retrieve/object_reader.h"

#include <future>
#include <thread>

#include <gmock/gmock.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include "encoding/codecs/frame_codec.h"
#include "tests/services/retrieve/retrieve_fixture.h"

namespace pacs::services {
namespace {

using testing::HasSubstr;

Task<Result<Bytes>> whole_of(const network::DataSource& from, std::vector<std::size_t>& lengths) {
  Bytes whole;
  for (;;) {
    Result<ByteView> piece = co_await from.later();
    if (!piece) co_return fail(std::move(piece.error()));
    if (piece->empty()) co_return whole;
    lengths.push_back(piece->size());
    append(whole, *piece);
  }
}

class ObjectReaderTest : public RetrieveTest {
 protected:
  network::DataSource opens(const std::string& uid, std::string_view as = {}) {
    auto record = archive.find_instance(uid);
    EXPECT_TRUE(record);
    const std::string syntax{as.empty() ? record->transfer_syntax_uid : as};
    return reader->open(std::move(*record), {.transfer_syntax_uid = syntax});
  }
  /// The whole of a source, and the length of each piece.
  Result<Bytes> reads(const network::DataSource& source) {
    pieces.clear();
    return boost::asio::co_spawn(context_, whole_of(source, pieces), boost::asio::use_future).get();
  }
  /// While others are read.
  std::future<Result<Bytes>> reads_later(const network::DataSource& source) {
    const auto read = [](network::DataSource from) -> Task<Result<Bytes>> {
      std::vector<std::size_t> lengths;
      Result<Bytes> whole = co_await whole_of(from, lengths);
      co_return whole;
    };
    return boost::asio::co_spawn(context_, read(source), boost::asio::use_future);
  }
  /// Asks for pieces of it and, once its frames wait for memory, goes away with it.
  void drops_while_it_waits(network::DataSource source) {
    boost::asio::cancellation_signal gone;
    std::vector<std::size_t> lengths;
    auto reading = boost::asio::co_spawn(
        context_, whole_of(source, lengths),
        boost::asio::bind_cancellation_slot(gone.slot(), boost::asio::use_future));
    while (frame_memory.waiting() == 0) std::this_thread::yield();
    boost::asio::post(context_, [&] { gone.emit(boost::asio::cancellation_type::terminal); });
    EXPECT_THROW((void)reading.get(), boost::system::system_error);
  }

  std::vector<std::size_t> pieces;
  integration::WorkMemory frame_memory{"frames_bytes_max", 100'000};

 private:
  integration::IoPool pool_{1};
  boost::asio::io_context& context_ = pool_.context();
  integration::WorkPool readers_{3};  // ended before the executor that their work answers on

 protected:
  std::shared_ptr<ObjectReader> reader = std::make_shared<ObjectReader>(
      ReadSetup{archive, readers_, frame_memory}, context_.get_executor(), "7");
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
  const auto failed =
      reads(reader->open(*record, {.transfer_syntax_uid = record->transfer_syntax_uid}));
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

/// Two frames of JPEG 2000 whose codestreams have 16 bits where the data set says 12.
TestObject departing_ct(const std::string& uid) {
  TestObject object = ct(uid, 0);
  DataSet set = read_data_set(share(object.data_set), explicit_vr_little_endian()).value();
  const FrameFormat format{.rows = 16, .columns = 16, .bits_allocated = 16, .bits_stored = 16};
  for (const auto& [tag, number] : {std::pair{tags::SamplesPerPixel, 1},
                                    {tags::Rows, 16},
                                    {tags::Columns, 16},
                                    {tags::BitsAllocated, 16},
                                    {tags::BitsStored, 12},
                                    {tags::HighBit, 11},
                                    {tags::PixelRepresentation, 0}}) {
    set.set_integer(tag, VR::US, number);
  }
  set.set_integer(tags::NumberOfFrames, VR::IS, 2);
  set.set_text(tags::PhotometricInterpretation, "MONOCHROME2");
  Bytes codestream;
  EXPECT_TRUE(find_frame_codec(Codec::Jpeg2000)->encode(Bytes(512), format, {}, codestream));
  set.set(Element::fragments(kPixelData, VR::OB, {{}, {codestream, codestream}}, nullptr));
  object.transfer_syntax_uid = uids::JPEG2000Lossless;
  object.data_set = write_data_set(set, *find_transfer_syntax(object.transfer_syntax_uid)).value();
  return object;
}

TEST_F(ObjectReaderTest, TellsOnceOfEachObjectWhatItsPixelsDepartIn) {
  has(departing_ct("1.2.9.1"));
  has(departing_ct("1.2.9.2"));
  EXPECT_TRUE(reads(opens("1.2.9.1")));  // as it is: nobody looks
  EXPECT_TRUE(archive.departed().empty());
  for (const std::string uid : {"1.2.9.1", "1.2.9.2"}) {
    const auto whole = reads(opens(uid, uids::ExplicitVRLittleEndian));
    EXPECT_TRUE(whole) << whole.error().to_string();
  }
  EXPECT_THAT(archive.departed(), testing::ElementsAre("1.2.9.1 codestream_precision 7",
                                                       "1.2.9.2 codestream_precision 7"));
}

TEST_F(ObjectReaderTest, WhatIsConvertedWaitsForMemoryAndTheRestGoesOn) {
  has(departing_ct("1.2.9.1"));
  has(departing_ct("1.2.9.2"));
  has(ct("1.2.9.3", 700'000));
  auto others = frame_memory.hold(100'000).value();
  const auto first = opens("1.2.9.1", uids::ExplicitVRLittleEndian);
  const auto second = opens("1.2.9.2", uids::ExplicitVRLittleEndian);
  const auto third = opens("1.2.9.3");
  auto waiting = reads_later(first);
  while (frame_memory.waiting() == 0) std::this_thread::yield();
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds{20}), std::future_status::timeout);
  EXPECT_EQ(frame_memory.waiting(), 1U) << "what nobody waits for does not queue up";
  EXPECT_TRUE(reads(third)) << "it needs none";
  others.reset();
  EXPECT_TRUE(waiting.get());
  EXPECT_TRUE(reads(second));
  EXPECT_EQ(frame_memory.bytes(), 0U) << "given back when all is read, sent or not";
}

TEST_F(ObjectReaderTest, MoreThanAllMemoryIsTakenOneAfterTheOther) {
  std::vector<network::DataSource> sources;
  auto little = frame_memory.hold(99'999).value();
  for (int i = 1; i <= 6; ++i) {
    const std::string uid = "1.2.9." + std::to_string(i);
    has(departing_ct(uid));
    sources.push_back(opens(uid, uids::ExplicitVRLittleEndian));
  }
  std::vector<std::future<Result<Bytes>>> readings;
  readings.reserve(sources.size());
  for (const auto& source : sources) readings.push_back(reads_later(source));
  while (frame_memory.waiting() != sources.size()) std::this_thread::yield();
  little.reset();
  for (auto& reading : readings) EXPECT_TRUE(reading.get());
}

TEST_F(ObjectReaderTest, WhatIsDroppedWhileItWaitsTakesNoMemory) {
  has(departing_ct("1.2.9.1"));
  has(departing_ct("1.2.9.2"));
  auto others = frame_memory.hold(100'000).value();
  drops_while_it_waits(opens("1.2.9.1", uids::ExplicitVRLittleEndian));
  others.reset();
  EXPECT_TRUE(reads(opens("1.2.9.2", uids::ExplicitVRLittleEndian)));
  EXPECT_EQ(frame_memory.bytes(), 0U);
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
