// Steps that fail: writes, flushes, a full disk.
#include "tests/storage/recovery/recovery_language.h"

namespace pacs::storage::test {
namespace {

TEST_F(RecoveryTest, AFailureAtAnyStepIsAnsweredAndCostsNothingAcknowledged) {
  std::size_t next = 0;
  for (const ErrorKind kind : {ErrorKind::OutOfResources, ErrorKind::Io}) {
    for (std::uint64_t step = 1; step < 60; step += kStride) {
      archive_ = open_archive(options_, eager_);
      ASSERT_NE(archive_, nullptr) << "step " << step;
      files_->fail_from(step, kind);
      stores(next, next + 6);
      next += 6;
      // Refused or not: what was acknowledged before and now is there at once.
      for (const std::size_t n : acknowledged_) {
        if (n + 30 < next) continue;
        EXPECT_TRUE(archive_->find_instance(object(n).instance)) << n;
      }
      archive_.reset();
      files_->fail_from(0, kind);
    }
    archive_ = open_archive(options_, eager_);
    ASSERT_NE(archive_, nullptr);
    expect_all_acknowledged();
    archive_.reset();
  }
  EXPECT_GT(acknowledged_.size(), 50U / kStride);
}

TEST_F(RecoveryTest, AFailureAtAnyStepOfAStartIsPutRightByTheNext) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 10);
  power_goes(false);
  for (std::uint64_t step = 1; step < 80; step += kStride) {
    files_->fail_from(step, ErrorKind::Io);
    auto opened = LocalArchive::open(options_, lazy_);
    const bool whole = opened.has_value();
    if (whole) opened->reset();
    files_->fail_from(0, ErrorKind::Io);
    if (step % 3 == 0) files_->cut_power(options_.path, step % 2 == 0);
  }
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(acknowledged_.size(), 10U);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AFullDiskRefusesLosesNothingAndRecoversWhenThereIsRoom) {
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 5);
  ASSERT_TRUE(archive_->counts());  // all in their final place
  // Final places and new files find no room; the journal's segments have theirs.
  files_->fail_when([](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
    const std::string path = operation.path.native();
    if (operation.name == "open" && path.find("/journal/") == std::string::npos) {
      return Error{ErrorKind::OutOfResources, "no space left on device"};
    }
    return std::nullopt;
  });
  const auto large = store(*archive_, object(7), 16'384);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind, ErrorKind::OutOfResources);
  // A small one still fits the journal; once the archive notices that it cannot move it on, it
  // refuses.
  stores(8, 9);
  EXPECT_TRUE(acknowledged_.contains(8));
  EXPECT_EQ(archive_->counts()->instances, 6U) << "safe, though the index has no room for it";
  EXPECT_EQ(archive_->ready().error().kind, ErrorKind::OutOfResources);
  EXPECT_EQ(archive_->begin_ingest(object(9).context()).error().kind, ErrorKind::OutOfResources);
  expect_stored(*archive_, object(8));

  files_->fail_when({});
  while (!archive_->ready()) std::this_thread::yield();
  EXPECT_TRUE(archive_->ready());
  stores(10, 12);
  EXPECT_EQ(acknowledged_.size(), 8U);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AnArchiveThatStopsOnAFullDiskFinishesAtItsNextStart) {
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  files_->fail_when([](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
    if (operation.path.native().find("/objects/") == std::string::npos) return std::nullopt;
    return Error{ErrorKind::OutOfResources, "no space left on device"};
  });
  stores(0, 6);
  EXPECT_GE(acknowledged_.size(), 1U);  // until it noticed
  archive_.reset();
  files_->fail_when({});
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AfterAFailedFlushOfTheJournalNothingIsAcceptedUntilTheNextStart) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 2);
  files_->fail_when([](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
    if (operation.name != "sync" ||
        operation.path.native().find("/journal/") == std::string::npos) {
      return std::nullopt;
    }
    return Error{ErrorKind::Io, "input/output error"};
  });
  EXPECT_EQ(store(*archive_, object(2)).error().kind, ErrorKind::Io);
  files_->fail_when({});  // the disk says that all is well again: not to be believed
  EXPECT_EQ(archive_->begin_ingest(object(4).context()).error().kind, ErrorKind::Io);
  EXPECT_FALSE(archive_->ready());
  expect_stored(*archive_, object(1));
  power_goes(false);
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  expect_all_acknowledged();
  stores(4, 6);
  EXPECT_EQ(acknowledged_.size(), 4U);
}

TEST_F(RecoveryTest, AfterAFailedCheckpointNothingIsAcceptedUntilTheNextStart) {
  ArchiveTuning tuning = eager_;
  tuning.checkpoint.objects = 1;
  archive_ = open_archive(options_, tuning);
  ASSERT_NE(archive_, nullptr);
  files_->fail_when([](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
    if (operation.name != "sync_all") return std::nullopt;
    return Error{ErrorKind::Io, "input/output error"};
  });
  stores(0, 1);
  while (archive_->ready()) std::this_thread::yield();
  EXPECT_EQ(archive_->begin_ingest(object(4).context()).error().kind, ErrorKind::Io);
  files_->fail_when({});
  power_goes(true);
  archive_ = open_archive(options_, tuning);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(acknowledged_.size(), 1U);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AFailedCheckpointIsNotTrustedAfterAStartEither) {
  for (const bool keep_database : {false, true}) {
    ArchiveTuning tuning = eager_;
    tuning.checkpoint.objects = 2;
    archive_ = open_archive(options_, tuning);
    ASSERT_NE(archive_, nullptr);
    const std::size_t first = acknowledged_.size();
    files_->fail_when(io_error_of("sync_all"));
    stores(first + 2, first + 4);  // one in the journal, one in a file of its own
    while (archive_->ready()) std::this_thread::yield();
    files_->fail_when({});
    archive_.reset();
    // The process starts anew, the machine does not: all can be read, and the next flush succeeds.
    archive_ = open_archive(options_, tuning);
    ASSERT_NE(archive_, nullptr);
    archive_.reset();
    power_goes(keep_database);
    archive_ = open_archive(options_, tuning);
    ASSERT_NE(archive_, nullptr);
    EXPECT_EQ(acknowledged_.size(), first + 2);
    expect_all_acknowledged();
    archive_.reset();
  }
}

TEST_F(RecoveryTest, AnyOneFlushThatFailsCostsNothingAcknowledgedHoweverOftenOneStarts) {
  std::size_t next = 0;
  for (int flush = 1; flush < 30; flush += kStride) {
    archive_ = open_archive(options_, eager_);
    ASSERT_NE(archive_, nullptr) << "flush " << flush;
    int flushes = 0;
    files_->fail_when([&](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
      if (!operation.name.starts_with("sync") || ++flushes != flush) return std::nullopt;
      return Error{ErrorKind::Io, "input/output error"};
    });
    stores(next, next + 8);
    next += 8;
    archive_.reset();
    files_->fail_when({});
    archive_ = open_archive(options_, eager_);  // without a power loss in between
    ASSERT_NE(archive_, nullptr) << "flush " << flush;
    stores(next, next + 1);
    ++next;
    power_goes(flush % 2 == 0);
    archive_ = open_archive(options_, eager_);
    ASSERT_NE(archive_, nullptr) << "flush " << flush;
    for (const std::size_t n : acknowledged_) {
      if (n + 20 > next) expect_stored(*archive_, object(n));
    }
    ASSERT_FALSE(HasFailure()) << "flush " << flush;
    archive_.reset();
  }
  EXPECT_GT(acknowledged_.size(), 50U / kStride);
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AfterAFailedFlushOfTheIndexNothingIsPromisedUntilTheNextStart) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  ASSERT_TRUE(archive_->put_remote_ae({"BEFORE", "192.0.2.1", 104, false, ""}));
  files_->fail_when(io_error_of("sync", "index.sqlite"));
  EXPECT_FALSE(archive_->put_remote_ae({"FAILED", "192.0.2.1", 104, false, ""}));
  files_->fail_when({});
  // What the WAL was to hold before it is gone: behind that nothing is ever read again.
  EXPECT_EQ(archive_->put_remote_ae({"BEHIND", "192.0.2.1", 104, false, ""}).error().kind,
            ErrorKind::Io);
  EXPECT_EQ(archive_->ready().error().kind, ErrorKind::Io);
  archive_.reset();
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_TRUE(archive_->put_remote_ae({"AFTER", "192.0.2.1", 104, false, ""}));
  power_goes(false);
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  std::set<std::string> titles;
  const auto remotes = archive_->remote_aes();
  ASSERT_TRUE(remotes);
  for (const RemoteAe& remote : *remotes) titles.insert(remote.ae_title);
  EXPECT_TRUE(titles.contains("BEFORE"));
  EXPECT_TRUE(titles.contains("AFTER"));
}

}  // namespace
}  // namespace pacs::storage::test
