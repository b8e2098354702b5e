// What recovery cannot place: set aside, never removed, and in nobody's way.
#include "tests/storage/recovery/recovery_language.h"

namespace pacs::storage::test {
namespace {

TEST_F(RecoveryTest, WhereTheJournalHasLostARecordNothingThatArrivedIsRemoved) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 3);
  acknowledged_.insert(3);
  ASSERT_TRUE(store(*archive_, object(3), 16'384));  // large: its record only names its file
  stores(4, 6);
  power_goes(false);
  // The head of the large one's record: nothing says any more whose it was.
  damages_segment("000001.log", object(3).instance, -60);
  logs();
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  acknowledged_.erase(3);
  expect_all_acknowledged();
  EXPECT_TRUE(std::filesystem::is_empty(options_.path / "incoming"));
  const auto aside = archive_->set_aside();
  // The object, and the part of the journal.
  ASSERT_EQ(aside.size(), 2U);
  EXPECT_NE(log_text().find("set-aside/"), std::string::npos) << log_text();
  // It is a whole file: an operator imports it.
  const auto file =
      std::ranges::find_if(aside, [](const std::string& name) { return name.ends_with(".part"); });
  ASSERT_NE(file, aside.end());
  const Bytes sent = object(3).data_set();
  const std::string kept = content_of(options_.path / "set-aside" / *file);
  EXPECT_TRUE(kept.ends_with(as_text(sent)));
}

TEST_F(RecoveryTest, ADamagedObjectOfTheJournalIsSetAside) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 3);
  power_goes(false);
  damages_segment("000001.log", object(1).instance, 600);
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  acknowledged_.erase(1);
  expect_all_acknowledged();
  const auto aside = archive_->set_aside();
  ASSERT_EQ(aside.size(), 1U);
  const Bytes sent = object(1).data_set();
  const std::string kept = content_of(options_.path / "set-aside" / aside[0]);
  ASSERT_GT(kept.size(), sent.size());
  // One byte of the pixels: a person can still look at it.
  std::size_t differing = 0;
  const std::string_view data_set = std::string_view(kept).substr(kept.size() - sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) differing += data_set[i] != as_text(sent)[i];
  EXPECT_EQ(differing, 1U);
  // The next start finds nothing new, and what is set aside stays.
  archive_.reset();
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(archive_->set_aside(), aside);
  ASSERT_TRUE(store(*archive_, object(1)));
  expect_stored(*archive_, object(1));
}

TEST_F(RecoveryTest, WhatIsSetAsideIsSetAsideOnce) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 3);
  power_goes(false);
  damages_segment("000001.log", object(2).instance, 600);  // the last one
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(archive_->set_aside().size(), 1U);
  archive_.reset();
  std::filesystem::remove_all(options_.path / "set-aside");  // an operator has seen it
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_TRUE(archive_->set_aside().empty());
  // The header of a segment: everything in it.
  stores(3, 6);
  power_goes(false);
  for (const char* name : {"000001.log", "000002.log"}) {
    std::fstream file(options_.path / "journal" / name,
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(10);
    file.put('x');
  }
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  const std::size_t aside = archive_->set_aside().size();
  EXPECT_GE(aside, 2U) << "the segment, and the large object that it named";
  EXPECT_TRUE(std::filesystem::is_empty(options_.path / "incoming"));
  archive_.reset();
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(archive_->set_aside().size(), aside);
}

TEST_F(RecoveryTest, DamageOfWhatLiesInItsPlaceAlreadyCostsNothing) {
  ArchiveTuning tuning = eager_;
  tuning.checkpoint.objects = 1'000'000;
  archive_ = open_archive(options_, tuning);
  ASSERT_NE(archive_, nullptr);
  stores(0, 3);
  ASSERT_TRUE(archive_->counts());             // everything is applied
  files_->fail_when(io_error_of("sync_all"));  // no checkpoint at the end
  archive_.reset();
  files_->fail_when({});
  damages_segment("000001.log", object(1).instance, 600);
  archive_ = open_archive(options_, tuning);
  ASSERT_NE(archive_, nullptr);
  expect_all_acknowledged();
  EXPECT_TRUE(archive_->set_aside().empty());
}

TEST_F(RecoveryTest, AnInstanceThatTheIndexRefusesIsSetAsideAndStopsNothing) {
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  index_refuses(object(1).instance);
  index_refuses(object(3).instance);  // a large one
  logs();
  archive_.reset();
  archive_ = open_archive(options_, eager_);
  stores(0, 6);
  EXPECT_EQ(acknowledged_.size(), 6U);
  EXPECT_EQ(archive_->counts()->instances, 4U);
  EXPECT_TRUE(archive_->ready());
  EXPECT_EQ(archive_->set_aside().size(), 2U);
  for (const std::size_t n : {1, 3}) {
    acknowledged_.erase(n);
    EXPECT_EQ(archive_->find_instance(object(n).instance).error().kind, ErrorKind::NotFound);
    EXPECT_NE(log_text().find(object(n).instance), std::string::npos) << log_text();
    bool kept = false;
    for (const std::string& name : archive_->set_aside()) {
      const Bytes sent = object(n).data_set();
      kept = kept || content_of(options_.path / "set-aside" / name).ends_with(as_text(sent));
    }
    EXPECT_TRUE(kept) << n;
  }
  EXPECT_NE(metrics_->exposition().find("pacs_storage_set_aside 2"), std::string::npos);
  expect_all_acknowledged();
  archive_.reset();
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  expect_all_acknowledged();
  stores(6, 8);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AnInstanceThatTheIndexRefusesAtAStartStopsNothingEither) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 6);
  power_goes(false);
  index_refuses(object(1).instance);
  index_refuses(object(3).instance);
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_TRUE(archive_->ready());
  EXPECT_EQ(archive_->counts()->instances, 4U);
  EXPECT_EQ(archive_->set_aside().size(), 2U);
  acknowledged_.erase(1);
  acknowledged_.erase(3);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, ALargeObjectThatSomebodyTookStopsNothing) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  logs();
  archive_.reset();
  ArchiveTuning tuning = lazy_;
  tuning.write_behind.delay = std::chrono::minutes(10);
  archive_ = open_archive(options_, tuning);
  ASSERT_NE(archive_, nullptr);
  stores(3, 4);
  for (const auto& entry : std::filesystem::directory_iterator(options_.path / "incoming")) {
    std::filesystem::remove(entry.path());
  }
  stores(4, 6);
  ASSERT_TRUE(archive_->counts());
  EXPECT_EQ(archive_->counts()->instances, 2U);
  EXPECT_TRUE(archive_->ready());
  acknowledged_.erase(3);
  expect_all_acknowledged();
  EXPECT_NE(log_text().find("missing"), std::string::npos) << log_text();
}

}  // namespace
}  // namespace pacs::storage::test
