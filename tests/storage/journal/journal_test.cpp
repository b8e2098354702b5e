#include "storage/journal/journal.h"

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "storage/disk/aligned_buffer.h"
#include "storage/disk/checksum.h"
#include "storage/journal/journal_format.h"
#include "storage/journal/journal_reader.h"
#include "tests/storage/disk/fault_file_system.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::storage::test {
namespace {

using Records = std::map<std::uint64_t, std::string>;

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    options_.directory = folder_ / "journal";
    options_.segment_bytes = 64 << 10;
    options_.segments_min = 2;
    options_.segments_max = 3;
    options_.segment_wait = std::chrono::milliseconds(20);
  }
  void open(std::uint64_t last_sequence = 0) {
    journal_.reset();
    auto opened = Journal::open(files_, options_, last_sequence);
    ASSERT_TRUE(opened) << opened.error().to_string();
    journal_ = std::move(*opened);
  }
  std::future<Result<std::uint64_t>> append(std::string head, std::string payload = {}) {
    auto promise = std::make_shared<std::promise<Result<std::uint64_t>>>();
    auto block = std::make_shared<AlignedBuffer>();
    const auto bytes = block->take(round_to_block(payload.size()));
    std::ranges::fill(bytes, std::byte{0});
    std::ranges::copy(as_bytes(payload), bytes.begin());
    JournalEntry entry;
    const ByteView view = as_bytes(head);
    entry.head.assign(view.begin(), view.end());
    if (!bytes.empty()) entry.payload = {bytes};
    entry.payload_bytes = static_cast<std::uint32_t>(payload.size());
    entry.payload_checksum = checksum(as_bytes(payload));
    entry.done = [promise, block](Result<std::uint64_t> result) {
      promise->set_value(std::move(result));
    };
    journal_->append(std::move(entry));
    return promise->get_future();
  }
  Records read(std::uint64_t checkpoint = 0, std::uint64_t* last = nullptr) {
    Records records;
    torn_ = 0;
    const auto result =
        read_journal(*files_, options_.directory, checkpoint, [&](const JournalRecord& record) {
          if (!record.whole) ++torn_;
          records[record.sequence] =
              std::string(as_text(record.head)) + "|" +
              (record.whole ? std::string(as_text(record.payload)) : std::string());
          return Result<>{};
        });
    EXPECT_TRUE(result);
    missing_ = result->missing;
    if (last != nullptr) *last = result->last_sequence;
    return records;
  }
  /// Changes one byte of a segment file.
  void damage(const std::string& segment, std::uint64_t offset) {
    auto file = files_->open(options_.directory / segment, OpenMode::Update);
    ASSERT_TRUE(file);
    std::byte value{};
    ASSERT_TRUE((*file)->read({&value, 1}, offset));
    value ^= std::byte{0x40};
    ASSERT_TRUE(write(**file, {&value, 1}, offset));
  }

  TemporaryFolder folder_;
  std::shared_ptr<FaultFileSystem> files_ = FaultFileSystem::create();
  JournalOptions options_;
  std::unique_ptr<Journal> journal_;
  using Missing = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  Missing missing_;  // of the last read
  int torn_ = 0;
};

TEST_F(JournalTest, RecordsComeBackInOrder) {
  open();
  EXPECT_EQ(append("a").get(), 1U);
  EXPECT_EQ(append("b", "payload").get(), 2U);
  EXPECT_EQ(append("c", std::string(9000, 'x')).get(), 3U);
  journal_.reset();
  EXPECT_EQ(read(), (Records{{1, "a|"}, {2, "b|payload"}, {3, "c|" + std::string(9000, 'x')}}));
  EXPECT_EQ(read(2), (Records{{3, "c|" + std::string(9000, 'x')}}));
}

TEST_F(JournalTest, AnEmptyJournalHoldsNothing) {
  std::uint64_t last = 9;
  EXPECT_TRUE(read(0, &last).empty());
  EXPECT_EQ(last, 0U);
  open();
  EXPECT_TRUE(read().empty());
}

TEST_F(JournalTest, HeadsLongerThanABlockAreKept) {
  open();
  const std::string head(20'000, 'h');
  ASSERT_TRUE(append(head, "p").get());
  EXPECT_EQ(read(), (Records{{1, head + "|p"}}));
}

TEST_F(JournalTest, ManyWritersShareFlushes) {
  std::atomic<int> flushes = 0;
  options_.segment_bytes = 4 << 20;
  options_.on_flush = [&](double) { ++flushes; };
  open();
  constexpr int kThreads = 8, kEach = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) EXPECT_TRUE(append("x").get());
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LT(flushes, kThreads * kEach);
  EXPECT_EQ(read().size(), std::size_t{kThreads * kEach});
}

TEST_F(JournalTest, ARecordThatFitsNoSegmentIsRefused) {
  open();
  EXPECT_EQ(append("x", std::string(70'000, 'x')).get().error().kind, ErrorKind::LimitExceeded);
  EXPECT_TRUE(append("y").get());
}

TEST_F(JournalTest, SegmentsAreUsedAgainOnlyWhenReleased) {
  open();
  const std::string payload(20'000, 'x');
  // Three segments of two such records each.
  for (std::uint64_t n = 1; n <= 6; ++n) ASSERT_EQ(append("r", payload).get(), n);
  EXPECT_EQ(append("r", payload).get().error().kind, ErrorKind::OutOfResources);
  EXPECT_EQ(read().size(), 6U);
  journal_->release(3);  // the first segment's two, and half of the second
  const auto next = append("s", payload).get();
  ASSERT_TRUE(next);
  const auto records = read();
  EXPECT_FALSE(records.contains(1));
  EXPECT_FALSE(records.contains(3)) << "the new segment says that 3 is durable elsewhere";
  EXPECT_TRUE(records.contains(4));
  EXPECT_TRUE(records.contains(*next));
}

TEST_F(JournalTest, BytesHeldGoDownWithRelease) {
  open();
  const std::string payload(20'000, 'x');
  for (int n = 0; n < 4; ++n) ASSERT_TRUE(append("r", payload).get());
  const auto held = journal_->bytes_held();
  EXPECT_GT(held, 80'000U);
  journal_->release(4);
  EXPECT_LT(journal_->bytes_held(), held);
}

TEST_F(JournalTest, ANewStartGoesOnBehindTheLastSequence) {
  open();
  ASSERT_TRUE(append("a").get());
  open(1);
  EXPECT_EQ(append("b").get(), 2U);
  EXPECT_EQ(read(), (Records{{2, "b|"}}));  // the new segment says that 1 was recovered
}

TEST_F(JournalTest, DamageCostsItsOwnRecordOnly) {
  open();
  ASSERT_TRUE(append("first", "one").get());
  ASSERT_TRUE(append("second", std::string(5000, 'x')).get());
  ASSERT_TRUE(append("third", "three").get());
  journal_.reset();
  const std::string segment = "000001.log";
  // Second record: header and head in block 3, payload in blocks 4 and 5.
  for (const std::uint64_t offset : {0U, 4U, 8U, 16U, 24U, 32U, 40U, 45U, 4096U, 9095U}) {
    const std::uint64_t at = 3 * kJournalBlock + offset;
    damage(segment, at);
    Records left{{1, "first|one"}, {3, "third|three"}};
    if (offset >= kJournalBlock) left[2] = "second|";  // its head still says what it was
    EXPECT_EQ(read(), left) << "damaged at " << offset;
    EXPECT_EQ(missing_, (Missing{{2, 2}}));
    EXPECT_EQ(torn_, offset >= kJournalBlock ? 1 : 0);
    damage(segment, at);
    EXPECT_EQ(read().size(), 3U);
    EXPECT_TRUE(missing_.empty());
  }
}

TEST_F(JournalTest, ATornTailIsNoLoss) {
  open();
  ASSERT_TRUE(append("first", "one").get());
  ASSERT_TRUE(append("second", std::string(5000, 'x')).get());
  journal_.reset();
  damage("000001.log", 3 * kJournalBlock);
  EXPECT_EQ(read(), (Records{{1, "first|one"}}));
  EXPECT_TRUE(missing_.empty());
}

TEST_F(JournalTest, NoObjectPassesForARecord) {
  open();
  ASSERT_TRUE(append("first", "one").get());
  Bytes forged(2 * kJournalBlock);
  encode(RecordHeader{6, 0, 0, 3, 0}, as_bytes("forged"), 0,
         std::span(forged).first(kJournalBlock));
  ASSERT_TRUE(append("second", std::string(as_text(forged))).get());
  journal_.reset();
  damage("000001.log", 3 * kJournalBlock);  // nothing says any more where the payload ends
  EXPECT_EQ(read(), (Records{{1, "first|one"}}));
}

TEST_F(JournalTest, ADamagedSegmentHeaderHidesTheSegmentAndIsNoticed) {
  open();
  ASSERT_TRUE(append("first", std::string(40'000, 'x')).get());
  ASSERT_TRUE(append("second", std::string(40'000, 'x')).get());  // in the other one
  damage("000001.log", 9);
  EXPECT_EQ(read().size(), 1U);
  EXPECT_EQ(missing_, (Missing{{1, 1}}));
}

TEST_F(JournalTest, DamageBeforeTheCheckpointIsNone) {
  open();
  for (const char* head : {"a", "b", "c"}) ASSERT_TRUE(append(head).get());
  damage("000001.log", 2 * kJournalBlock);
  EXPECT_EQ(read(2), (Records{{3, "c|"}}));
  EXPECT_TRUE(missing_.empty());
}

TEST_F(JournalTest, RecordsOfAnEarlierUseAreNotTakenForNewOnes) {
  open();
  const std::string payload(20'000, 'x');
  for (int n = 0; n < 6; ++n) ASSERT_TRUE(append("old", payload).get());
  journal_->release(6);
  ASSERT_EQ(append("new", payload).get(), 7U);  // over the first of two old ones
  journal_.reset();
  EXPECT_EQ(read(), (Records{{7, "new|" + payload}}));
}

TEST_F(JournalTest, AFailedWriteBurnsItsNumberAndItsSegment) {
  open();
  ASSERT_EQ(append("a").get(), 1U);
  files_->fail_when([](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
    if (operation.name != "write") return std::nullopt;
    return Error{ErrorKind::OutOfResources, "no space"};
  });
  EXPECT_EQ(append("lost").get().error().kind, ErrorKind::OutOfResources);
  files_->fail_when({});
  EXPECT_EQ(append("b").get(), 3U);
  const auto records = read();
  EXPECT_EQ(records.at(1), "a|");
  EXPECT_EQ(records.at(3), "b|");
}

TEST_F(JournalTest, AfterAFailedFlushItAcceptsNothingMore) {
  open();
  files_->fail_when([](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
    if (operation.name != "sync") return std::nullopt;
    return Error{ErrorKind::Io, "input/output error"};
  });
  EXPECT_EQ(append("a").get().error().kind, ErrorKind::Io);
  files_->fail_when({});
  EXPECT_EQ(append("b").get().error().kind, ErrorKind::Io);
  EXPECT_FALSE(journal_->healthy());
}

TEST_F(JournalTest, ASegmentCutWhileItWasMadeIsMadeAnew) {
  open();
  journal_.reset();
  std::filesystem::resize_file(options_.directory / "000002.log", 100);
  open();
  EXPECT_TRUE(append("a").get());
  EXPECT_EQ(read().size(), 1U);
}

TEST_F(JournalTest, APreparedSegmentIsReadyWhenItIsNeeded) {
  options_.segments_min = 1;
  open();
  ASSERT_TRUE(append("a").get());
  journal_->prepare();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
    files += entry.file_size() == options_.segment_bytes ? 1 : 0;
  }
  EXPECT_EQ(files, 2U);
}

TEST_F(JournalTest, WhatWaitsIsWrittenBeforeItCloses) {
  open();
  std::vector<std::future<Result<std::uint64_t>>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(append("x"));
  journal_.reset();
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
}

}  // namespace
}  // namespace pacs::storage::test
