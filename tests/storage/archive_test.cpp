#include "storage/archive.h"

#include <atomic>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/dicom_file.h"
#include "integration/metrics.h"
#include "storage/index/patient_conflicts.h"
#include "tests/storage/archive_language.h"

namespace pacs::storage::test {
namespace {

using testing::HasSubstr;

class ArchiveTest : public testing::Test {
 protected:
  void open() {
    archive_.reset();
    archive_ = open_archive(options_, tuning_);
    ASSERT_NE(archive_, nullptr);
  }
  void SetUp() override {
    options_ = options_for(folder_ / "archive");
    open();
  }
  std::size_t files_below(const char* name) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(options_.path / name)) {
      files += entry.is_regular_file() ? 1 : 0;
    }
    return files;
  }

  TemporaryFolder folder_;
  ArchiveOptions options_;
  ArchiveTuning tuning_ = small_tuning();
  std::unique_ptr<LocalArchive> archive_;
};

TEST_F(ArchiveTest, WhatGoesInComesOut) {
  const TestObject object;
  const auto stored = store(*archive_, object);
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(stored->outcome, StoreOutcome::Stored);
  EXPECT_EQ(stored->sop_class_uid, object.sop_class);
  EXPECT_EQ(stored->sop_instance_uid, object.instance);
  EXPECT_EQ(stored->series_instance_uid, object.series);
  EXPECT_EQ(stored->study_instance_uid, object.study);
  EXPECT_EQ(stored->bytes, object.data_set().size());
  expect_stored(*archive_, object);
  open();
  expect_stored(*archive_, object);
  expect_sound(*archive_);
}

TEST_F(ArchiveTest, TheStoredObjectIsAPart10File) {
  ASSERT_TRUE(store(*archive_, TestObject{}));
  auto bytes = read_all(*archive_, "1.2.3.4.1");
  ASSERT_TRUE(bytes);
  const auto file = read_file(share(std::move(*bytes)));
  ASSERT_TRUE(file) << file.error().to_string();
  EXPECT_TRUE(file->header.has_preamble);
  EXPECT_EQ(file->header.transfer_syntax_uid, TestObject{}.transfer_syntax);
  EXPECT_EQ(file->header.meta.text(tags::MediaStorageSOPInstanceUID), "1.2.3.4.1");
  EXPECT_EQ(file->header.meta.text(tags::SourceApplicationEntityTitle), "MODALITY");
  EXPECT_EQ(file->data_set.text(tags::PatientID), "P1");
}

TEST_F(ArchiveTest, PiecesOfAnySizeGiveTheSameObject) {
  TestObject object;
  object.pixel_bytes = 3000;
  auto ingest = archive_->begin_ingest(object.context());
  ASSERT_TRUE(ingest);
  ASSERT_TRUE((*ingest)->append({}));  // nothing, twice, before anything
  ASSERT_TRUE((*ingest)->append({}));
  ASSERT_TRUE((*ingest)->append(object.data_set()));
  std::promise<void> done;
  (*ingest)->commit([&](const Result<StoredInstance>&) { done.set_value(); });
  done.get_future().get();
  expect_stored(*archive_, object);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
    object.instance = "1.2.3.4." + std::to_string(piece);
    ASSERT_TRUE(store(*archive_, object, piece));
    expect_stored(*archive_, object);
  }
}

TEST_F(ArchiveTest, ObjectsOfEverySizeAroundTheLimitsAreKept) {
  std::size_t n = 0;
  for (const std::size_t bytes :
       {0U, 2U, 4096U, 16384U, 65000U, 65536U, 70000U, 300'000U, 1'500'000U}) {
    TestObject object = TestObject::number(n++);
    object.pixel_bytes = bytes;
    const auto stored = store(*archive_, object, 10'000);
    ASSERT_TRUE(stored) << stored.error().to_string();
    expect_stored(*archive_, object);
  }
  open();
  for (std::size_t i = 0; i < n; ++i) {
    EXPECT_TRUE(archive_->find_instance(TestObject::number(i).instance)) << i;
  }
  expect_sound(*archive_);
}

TEST_F(ArchiveTest, ALargeObjectOfUnknownIdentityIsKeptToo) {
  TestObject object;
  object.pixel_bytes = 500'000;
  IngestContext context = object.context();
  context.sop_class_uid.clear();
  context.sop_instance_uid.clear();
  const auto stored = store(*archive_, object.data_set(), context, 10'000);
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(stored->sop_instance_uid, object.instance);
  expect_stored(*archive_, object);
  expect_sound(*archive_);  // waits until it is in its final place
  EXPECT_EQ(files_below("incoming"), 0U);
}

TEST_F(ArchiveTest, WithoutMemoryForObjectsTheyGoToDisk) {
  for (const std::uint64_t bytes : {0U, 16U << 10, 80U << 10}) {
    options_.buffer_bytes_max = bytes;
    open();
    for (const bool announced : {true, false}) {
      TestObject object = TestObject::number(bytes + announced);
      object.pixel_bytes = 60'000;
      IngestContext context = object.context();
      if (!announced) context.sop_class_uid.clear();
      ASSERT_TRUE(store(*archive_, object.data_set(), context, 100));
      expect_stored(*archive_, object);
    }
  }
  expect_sound(*archive_);
}

TEST_F(ArchiveTest, CountsWhatItHolds) {
  for (std::size_t i = 0; i < 5; ++i) ASSERT_TRUE(store(*archive_, TestObject::number(i)));
  TestObject other = TestObject::number(5);
  other.study = "1.9";
  other.series = "1.9.1";
  other.patient_id = "P2";
  ASSERT_TRUE(store(*archive_, other));
  const auto counts = archive_->counts();
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->patients, 2U);
  EXPECT_EQ(counts->studies, 2U);
  EXPECT_EQ(counts->series, 2U);
  EXPECT_EQ(counts->instances, 6U);
  EXPECT_GT(counts->bytes, 6000U);
  std::vector<std::string> seen;
  ASSERT_TRUE(archive_->for_each_instance([&](const InstanceRecord& record) {
    seen.push_back(record.sop_instance_uid);
    return seen.size() < 4;
  }));
  EXPECT_EQ(seen.size(), 4U);
}

TEST_F(ArchiveTest, AnUnknownInstanceIsNotFound) {
  EXPECT_EQ(archive_->find_instance("1.2.3").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(archive_->read_header("1.2.3").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(archive_->find_instance("' OR 1=1 --").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(archive_->find_instance(std::string_view("\0\xFF", 2)).error().kind,
            ErrorKind::NotFound);
}

TEST_F(ArchiveTest, AnIngestDroppedWithoutCommitHasStoredNothing) {
  for (const std::size_t bytes : {100U, 500'000U}) {
    TestObject object;
    object.pixel_bytes = bytes;
    auto ingest = archive_->begin_ingest(object.context());
    ASSERT_TRUE(ingest);
    ASSERT_TRUE((*ingest)->append(object.data_set()));
  }
  EXPECT_EQ(archive_->counts()->instances, 0U);
  EXPECT_EQ(files_below("incoming"), 0U);
  EXPECT_EQ(files_below("objects"), 0U);
}

TEST_F(ArchiveTest, AnIngestIsCommittedOnlyOnce) {
  const TestObject object;
  auto ingest = archive_->begin_ingest(object.context());
  ASSERT_TRUE(ingest);
  ASSERT_TRUE((*ingest)->append(object.data_set()));
  std::promise<void> first, second;
  Result<StoredInstance> again;
  (*ingest)->commit([&](Result<StoredInstance>) { first.set_value(); });
  (*ingest)->commit([&](Result<StoredInstance> result) {
    again = std::move(result);
    second.set_value();
  });
  first.get_future().get();
  second.get_future().get();
  EXPECT_EQ(again.error().kind, ErrorKind::InvalidArgument);
}

TEST_F(ArchiveTest, IdenticalContentIsAcknowledgedAgain) {
  ASSERT_TRUE(store(*archive_, TestObject{}));
  EXPECT_EQ(store(*archive_, TestObject{})->outcome, StoreOutcome::AlreadyStored);
  ASSERT_TRUE(archive_->counts());  // now it is in the index
  EXPECT_EQ(store(*archive_, TestObject{})->outcome, StoreOutcome::AlreadyStored);
  EXPECT_EQ(archive_->counts()->instances, 1U);
  expect_sound(*archive_);
}

TEST_F(ArchiveTest, PolicyKeepLeavesTheFirst) {
  TestObject first, second;
  second.pixel_seed = 9;
  ASSERT_TRUE(store(*archive_, first));
  EXPECT_EQ(store(*archive_, second)->outcome, StoreOutcome::Kept);
  expect_stored(*archive_, first);
}

TEST_F(ArchiveTest, PolicyRejectRefusesTheSecond) {
  options_.on_duplicate = DuplicatePolicy::Reject;
  open();
  TestObject first, second;
  second.pixel_seed = 9;
  ASSERT_TRUE(store(*archive_, first));
  EXPECT_EQ(store(*archive_, second).error().kind, ErrorKind::Duplicate);
  expect_stored(*archive_, first);
}

TEST_F(ArchiveTest, PolicyReplaceTakesTheSecondAndForgetsTheFirst) {
  options_.on_duplicate = DuplicatePolicy::Replace;
  open();
  TestObject object;
  ASSERT_TRUE(store(*archive_, object));
  for (const std::size_t bytes : {1000U, 200'000U, 500U}) {
    object.pixel_seed++;
    object.pixel_bytes = bytes;
    object.series = "1.2.3." + std::to_string(bytes);  // even its series may change
    const auto stored = store(*archive_, object);
    ASSERT_TRUE(stored) << stored.error().to_string();
    EXPECT_EQ(stored->outcome, StoreOutcome::Replaced);
    expect_stored(*archive_, object);
  }
  expect_sound(*archive_);
  EXPECT_EQ(files_below("objects"), 1U);
  const auto counts = archive_->counts();
  EXPECT_EQ(counts->instances, 1U);
  EXPECT_EQ(counts->series, 1U);
  EXPECT_EQ(counts->bytes, object.data_set().size());
}

TEST_F(ArchiveTest, ManyAssociationsStoreAtOnceAndNothingIsLost) {
  constexpr std::size_t kStreams = 8, kEach = 40;
  std::atomic<std::size_t> failed = 0;
  std::vector<std::thread> threads;
  for (std::size_t stream = 0; stream < kStreams; ++stream) {
    threads.emplace_back([&, stream] {
      for (std::size_t i = 0; i < kEach; ++i) {
        TestObject object = TestObject::number(stream * kEach + i);
        object.pixel_bytes = i % 10 == 0 ? 100'000 : 2000;
        object.series = "1.2.3." + std::to_string(stream);
        if (!store(*archive_, object)) ++failed;
        if (!archive_->find_instance(object.instance)) ++failed;  // seen at once
        if (i % 8 == 0 && !archive_->counts()) ++failed;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0U);
  EXPECT_EQ(archive_->counts()->instances, kStreams * kEach);
  EXPECT_EQ(archive_->counts()->series, kStreams);
  expect_sound(*archive_);
}

TEST_F(ArchiveTest, OneInstanceArrivingOnManyAssociationsIsStoredOnce) {
  for (int round = 0; round < 10; ++round) {
    TestObject object = TestObject::number(static_cast<std::size_t>(round));
    std::atomic<int> stored = 0, already = 0, other = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        const auto result = store(*archive_, object);
        if (!result) {
          ++other;
        } else {
          ++(result->outcome == StoreOutcome::Stored ? stored : already);
        }
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(stored, 1);
    EXPECT_EQ(already, 5);
    EXPECT_EQ(other, 0);
  }
  EXPECT_EQ(archive_->counts()->instances, 10U);
  expect_sound(*archive_);
}

TEST_F(ArchiveTest, WhoseContentWasNotKeptAndWhosePatientIsAnotherIsSaid) {
  options_.logger = *integration::Logger::create({.file = (folder_ / "log").string()});
  for (const auto policy : {DuplicatePolicy::Keep, DuplicatePolicy::Replace}) {
    options_.on_duplicate = policy;
    open();
    TestObject object;
    ASSERT_TRUE(store(*archive_, object));
    object.pixel_seed = policy == DuplicatePolicy::Keep ? 7 : 9;
    ASSERT_TRUE(store(*archive_, object));
  }
  TestObject other;
  other.instance = "1.2.3.5.1";
  other.series = "1.2.3.5";
  other.patient_id = "P2";
  ASSERT_TRUE(store(*archive_, other));
  expect_sound(*archive_);
  options_.logger.flush();
  std::ifstream file(folder_ / "log");
  const std::string log(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(log, HasSubstr("the stored one is kept"));
  EXPECT_THAT(log, HasSubstr("has replaced one with different content"));
  EXPECT_THAT(log, HasSubstr("trace"));
  EXPECT_THAT(log, HasSubstr("names a different patient than its study"));
  EXPECT_THAT(log, HasSubstr("sop_instance=1.2.3.5.1"));
}

// A scanner that departs does so with every image: they are counted, the log sums them up.
TEST_F(ArchiveTest, DeparturesOfStoredObjectsAreCountedAndLogged) {
  options_.logger = *integration::Logger::create({.file = (folder_ / "log").string()});
  const auto metrics = integration::Metrics::create();
  options_.metrics = metrics.get();
  open();
  for (std::size_t n = 0; n < 12; ++n) {
    const auto object = TestObject::number(n);
    Bytes data_set = object.data_set();
    constexpr std::string_view kReservedBytes{"\xFC\xFF\xFC\xFFOB\x01\0\0\0\0\0", 12};
    append(data_set, as_bytes(kReservedBytes));
    ASSERT_TRUE(store(*archive_, data_set, object.context()));
    ASSERT_TRUE(store(*archive_, data_set, object.context()));  // already stored: not again
  }
  ASSERT_TRUE(store(*archive_, TestObject::number(99)));
  EXPECT_THAT(metrics->exposition(),
              HasSubstr("pacs_storage_departures_total{kind=\"reserved_bytes\"} 12"));
  EXPECT_THAT(metrics->exposition(),
              HasSubstr("pacs_storage_departures_total{kind=\"trailing_nuls\"} 0"));
  expect_sound(*archive_);
  options_.logger.flush();
  std::ifstream file(folder_ / "log");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.find("departs from the standard") != std::string::npos) lines.push_back(line);
  }
  ASSERT_EQ(lines.size(), 2U);
  for (const char* text : {"[trace]", "departures=reserved_bytes", "source_ae=MODALITY",
                           "sop_instance=1.2.3.4.1", "objects_so_far=1"}) {
    EXPECT_THAT(lines[0], HasSubstr(text));
  }
  EXPECT_THAT(lines[1], HasSubstr("sop_instance=1.2.3.4.10"));
  EXPECT_THAT(lines[1], HasSubstr("objects_so_far=10"));
}

// The same of pixel data when it is decoded, by series.
TEST_F(ArchiveTest, DeparturesOfDecodedPixelsAreCountedAndLogged) {
  options_.logger = *integration::Logger::create({.file = (folder_ / "log").string()});
  const auto metrics = integration::Metrics::create();
  options_.metrics = metrics.get();
  open();
  ASSERT_TRUE(store(*archive_, TestObject{}));
  const auto record = archive_->find_instance("1.2.3.4.1");
  ASSERT_TRUE(record);
  Departures met{Departure::CodestreamSign};
  met.add(Departure::OffsetTable);
  for (int i = 0; i < 11; ++i) archive_->pixels_depart(*record, met, "asked");
  for (const char* kind : {"codestream_sign", "offset_table"}) {
    EXPECT_THAT(metrics->exposition(),
                HasSubstr(fmt::format("pacs_pixel_departures_total{{kind=\"{}\"}} 11", kind)));
  }
  EXPECT_THAT(metrics->exposition(),
              HasSubstr("pacs_storage_departures_total{kind=\"codestream_sign\"} 0"));
  archive_.reset();  // before the metrics that it counts in
  options_.logger.flush();
  std::ifstream file(folder_ / "log");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.find("pixel data departs") != std::string::npos) lines.push_back(line);
  }
  ASSERT_EQ(lines.size(), 2U);
  for (const char* text : {"[asked]", "departures=codestream_sign,offset_table", "series=1.2.3.4 ",
                           "sop_instance=1.2.3.4.1", "objects_so_far=1"}) {
    EXPECT_THAT(lines[0], HasSubstr(text));
  }
  EXPECT_THAT(lines[1], HasSubstr("objects_so_far=10"));
}

// Found once while the bytes pass: nobody looks at fragments again, nor inflates in vain.
TEST_F(ArchiveTest, WhereFramesLieIsKeptAndFoundAgainWithoutTheIndex) {
  TestObject fragmented = TestObject::number(1), deflated = TestObject::number(2);
  fragmented.transfer_syntax = uids::JPEGBaseline8Bit;
  deflated.transfer_syntax = uids::DeflatedExplicitVRLittleEndian;
  deflated.pixel_bytes = 10'000'000;
  DataSet set =
      read_data_set(share(TestObject::number(1).data_set()), explicit_vr_little_endian()).value();
  set.set_integer(tags::NumberOfFrames, VR::IS, 2);
  const Bytes begins{std::byte{0xFF}, std::byte{0xD8}, std::byte{0xFF}, std::byte{0xDB}};
  const Bytes ends{std::byte{0xFF}, std::byte{0xD9}};
  set.set(Element::fragments(tags::PixelData, VR::OB, {{}, {begins, ends, begins, ends}}, nullptr));
  const Bytes data_set =
      write_data_set(set, *find_transfer_syntax(fragmented.transfer_syntax)).value();
  ASSERT_TRUE(store(*archive_, data_set, fragmented.context()));
  ASSERT_TRUE(store(*archive_, deflated));
  const auto expect_found = [&] {
    const auto first = archive_->read_header(fragmented.instance);
    ASSERT_TRUE(first) << first.error().to_string();
    EXPECT_THAT(first->pixel_data->frame_starts, testing::ElementsAre(0, 2));
    const auto second = archive_->read_header(deflated.instance);
    ASSERT_TRUE(second) << second.error().to_string();
    EXPECT_EQ(second->inflate_points.size(), 2U);
  };
  expect_found();  // perhaps not indexed yet
  expect_sound(*archive_);
  expect_found();
  archive_.reset();
  for (const char* file : {"index.sqlite", "index.sqlite-wal", "index.sqlite-shm"}) {
    std::filesystem::remove(options_.path / file);
  }
  open();
  expect_found();
}

TEST_F(ArchiveTest, AStudyOfTwoPatientsIsListedUntilSomebodyDecides) {
  const auto listed = [this] {
    const auto conflicts = archive_->conflicts().list({});
    EXPECT_TRUE(conflicts) << conflicts.error().to_string();
    return conflicts.value_or(std::vector<PatientConflict>{});
  };
  ASSERT_TRUE(store(*archive_, TestObject{}));
  EXPECT_TRUE(listed().empty());
  EXPECT_EQ(archive_->conflicts().decide("1.2.3").error().kind, ErrorKind::NotFound);
  TestObject other;
  other.series = "1.2.3.5";
  other.patient_id = "P2";
  other.patient_name = "Roe^Richard";
  for (const char* instance : {"1.2.3.5.1", "1.2.3.5.2"}) {
    other.instance = instance;
    ASSERT_TRUE(store(*archive_, other));
  }
  for (int start = 0; start < 2; ++start, open()) {
    const auto conflicts = listed();
    ASSERT_EQ(conflicts.size(), 1U) << "also after a restart";
    EXPECT_EQ(conflicts[0].study_instance_uid, "1.2.3");
    EXPECT_EQ(conflicts[0].instances, 3);
    EXPECT_EQ(conflicts[0].patient_id, "P1");
    EXPECT_EQ(conflicts[0].patient_name, "Doe^John");
    ASSERT_EQ(conflicts[0].others.size(), 1U);
    EXPECT_EQ(conflicts[0].others_total, 1);
    const OtherPatient& patient = conflicts[0].others[0];
    EXPECT_EQ(patient.patient_id, "P2");
    EXPECT_EQ(patient.patient_name, "Roe^Richard");
    EXPECT_EQ(patient.instances, 2);
    EXPECT_EQ(patient.sop_instance_uid, "1.2.3.5.2");
    EXPECT_GT(patient.first_ms, 0);
    EXPECT_GE(patient.last_ms, patient.first_ms);
  }
  ASSERT_TRUE(archive_->conflicts().decide("1.2.3"));
  open();
  EXPECT_TRUE(listed().empty());
  other.instance = "1.2.3.5.3";
  ASSERT_TRUE(store(*archive_, other));
  EXPECT_TRUE(listed().empty()) << "decided is decided";
  other.instance = "1.2.3.5.4";
  other.patient_id = "P3";
  ASSERT_TRUE(store(*archive_, other));
  ASSERT_EQ(listed().size(), 1U) << "nobody has decided about this one";
  EXPECT_EQ(listed()[0].others[0].patient_id, "P3");
  expect_sound(*archive_);
}

TEST_F(ArchiveTest, AConflictGoesWithItsStudy) {
  options_.on_duplicate = DuplicatePolicy::Replace;
  open();
  TestObject object;
  ASSERT_TRUE(store(*archive_, object));
  object.patient_id = "P2";  // the only instance again, of another patient
  ASSERT_TRUE(store(*archive_, object));
  object.instance = "1.2.3.4.2";
  object.patient_id = "P3";
  ASSERT_TRUE(store(*archive_, object));
  const auto conflicts = archive_->conflicts().list({});
  ASSERT_TRUE(conflicts);
  ASSERT_EQ(conflicts->size(), 1U);
  EXPECT_EQ(conflicts->front().patient_id, "P2");
  EXPECT_EQ(conflicts->front().others_total, 1);
  EXPECT_EQ(conflicts->front().others[0].patient_id, "P3");
  expect_sound(*archive_);
}

TEST_F(ArchiveTest, CountsAreRightAfterTheOnlyInstanceWasReplaced) {
  options_.on_duplicate = DuplicatePolicy::Replace;
  open();
  TestObject object;
  ASSERT_TRUE(store(*archive_, object));
  object.pixel_seed = 9;
  ASSERT_EQ(store(*archive_, object)->outcome, StoreOutcome::Replaced);
  expect_sound(*archive_);  // a series, study and patient of one instance each
}

TEST_F(ArchiveTest, DifferentContentsOfOneInstanceAtOnceLeaveOneWholeObject) {
  options_.on_duplicate = DuplicatePolicy::Replace;
  open();
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      TestObject object;
      object.pixel_seed = static_cast<std::uint8_t>(i);
      for (int round = 0; round < 5; ++round) failed += store(*archive_, object) ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(archive_->counts()->instances, 1U);
  expect_sound(*archive_);
  EXPECT_EQ(files_below("objects"), 1U);
}

TEST_F(ArchiveTest, CommandAndDataSetMustNameTheSameInstance) {
  TestObject object;
  IngestContext context = object.context();
  context.sop_instance_uid = "1.2.99";
  auto refused = store(*archive_, object.data_set(), context);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Mismatch);
  EXPECT_EQ(refused.error().tag, tags::SOPInstanceUID);
  context = object.context();
  context.sop_class_uid = "1.2.840.10008.5.1.4.1.1.4";
  refused = store(*archive_, object.data_set(), context);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Mismatch);
  EXPECT_EQ(refused.error().tag, tags::SOPClassUID);
  EXPECT_EQ(archive_->counts()->instances, 0U);
}

TEST_F(ArchiveTest, EachIdentifierMustBeThere) {
  const auto refused = [&](std::string TestObject::*uid) {
    TestObject object;
    IngestContext context = object.context();
    object.*uid = "";
    return store(*archive_, object.data_set(), context).error();
  };
  EXPECT_EQ(refused(&TestObject::sop_class).tag, tags::SOPClassUID);
  EXPECT_EQ(refused(&TestObject::instance).tag, tags::SOPInstanceUID);
  EXPECT_EQ(refused(&TestObject::series).tag, tags::SeriesInstanceUID);
  EXPECT_EQ(refused(&TestObject::study).tag, tags::StudyInstanceUID);
  EXPECT_EQ(refused(&TestObject::study).kind, ErrorKind::Malformed);
}

TEST_F(ArchiveTest, UidsThatAreNoneAreRefusedAndTouchNoPath) {
  const std::string hostile[] = {"../../etc/passwd",
                                 std::string("1.2\0.3", 6),
                                 "1.2/3",
                                 std::string(10'000, '1'),
                                 "1.2.3 ' OR 1=1",
                                 "1..2",
                                 ".1",
                                 "1."};
  for (const std::string& uid : hostile) {
    TestObject object;
    object.instance = uid;
    IngestContext context = object.context();
    context.sop_instance_uid.clear();
    const auto refused = store(*archive_, object.data_set(), context);
    ASSERT_FALSE(refused) << uid;
    EXPECT_EQ(refused.error().kind, ErrorKind::Malformed);
    EXPECT_LT(refused.error().message.size(), 200U);
    context.sop_instance_uid = uid;
    const auto announced = archive_->begin_ingest(context);
    ASSERT_FALSE(announced);
    EXPECT_EQ(announced.error().tag, tags::AffectedSOPInstanceUID);
  }
  EXPECT_EQ(files_below("objects"), 0U);
  EXPECT_EQ(files_below("incoming"), 0U);
}

TEST_F(ArchiveTest, AnUnknownTransferSyntaxIsUnsupported) {
  IngestContext context = TestObject{}.context();
  context.transfer_syntax_uid = "1.2.3";
  EXPECT_EQ(archive_->begin_ingest(context).error().kind, ErrorKind::Unsupported);
}

TEST_F(ArchiveTest, ADataSetCutAnywhereIsRefusedOrLacksNothingThatWasAnnounced) {
  TestObject object;
  object.pixel_bytes = 20;
  const Bytes whole = object.data_set();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto result = store(*archive_, ByteView(whole).first(length), object.context());
    if (!result) continue;
    // Cut between two elements behind the identifiers: a shorter data set, but a whole one.
    EXPECT_EQ(result->outcome == StoreOutcome::Stored || result->outcome == StoreOutcome::Kept,
              true);
  }
  EXPECT_LE(archive_->counts()->instances, 1U);
  expect_sound(*archive_);
}

TEST_F(ArchiveTest, ALittleFreeSpaceIsNotEnough) {
  options_.free_bytes_min = UINT64_MAX;
  open();
  const auto refused = archive_->begin_ingest(TestObject{}.context());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::OutOfResources);
  EXPECT_THAT(refused.error().message, testing::StartsWith("disk full: "));
  EXPECT_FALSE(archive_->ready());
}

TEST_F(ArchiveTest, OnlyOneProcessHoldsIt) {
  const auto second = LocalArchive::open(options_, tuning_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::Rejected);
  EXPECT_THAT(second.error().message, HasSubstr(std::to_string(::getpid())));
}

TEST_F(ArchiveTest, AnIndexUrlThatNobodyKnowsIsRefused) {
  ArchiveOptions options = options_for(folder_ / "other");
  options.index_url = "oracle://x";
  EXPECT_EQ(Archive::open(options).error().kind, ErrorKind::Unsupported);
}

TEST_F(ArchiveTest, MetricsCountOutcomesAndOutliveTheArchive) {
  const auto metrics = integration::Metrics::create();
  options_.metrics = metrics.get();
  open();
  ASSERT_TRUE(store(*archive_, TestObject{}));
  ASSERT_TRUE(store(*archive_, TestObject{}));
  EXPECT_FALSE(store(*archive_, ByteView{}, TestObject{}.context()));
  EXPECT_THAT(metrics->exposition(),
              HasSubstr("pacs_storage_objects_total{outcome=\"already_stored\"} 1"));
  EXPECT_THAT(metrics->exposition(), HasSubstr("pacs_storage_objects_total{outcome=\"stored\"} 1"));
  EXPECT_THAT(metrics->exposition(), HasSubstr("pacs_storage_refused_total"));
  EXPECT_THAT(metrics->exposition(), HasSubstr("pacs_storage_journal_flush_seconds_count"));
  archive_.reset();
  EXPECT_THAT(metrics->exposition(), HasSubstr("pacs_storage_free_bytes 0"));
}

TEST_F(ArchiveTest, DurabilityOsKeepsWhatWasStoredToo) {
  options_.durability = Durability::Os;
  open();
  ASSERT_TRUE(store(*archive_, TestObject{}));
  open();
  expect_stored(*archive_, TestObject{});
}

TEST_F(ArchiveTest, TextInAnotherCharacterSetDoesNotStopAnything) {
  DataSet ds;
  ds.set_text(tags::SpecificCharacterSet, "ISO 2022 IR 149");
  ds.set_text(tags::PatientName, VR::PN, "Hong^Gildong=\xFF\xFE\x1B$)C\xFB");
  ds.set_text(tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.2");
  ds.set_text(tags::SOPInstanceUID, "1.2");
  ds.set_text(tags::StudyInstanceUID, "1.3");
  ds.set_text(tags::SeriesInstanceUID, "1.4");
  const auto bytes = write_data_set(ds, explicit_vr_little_endian());
  ASSERT_TRUE(bytes);
  ASSERT_TRUE(store(*archive_, *bytes, {"1.2.840.10008.1.2.1", "", "", "", ""}));
  EXPECT_EQ(archive_->counts()->instances, 1U);
}

TEST_F(ArchiveTest, HeadersOnTheirWayAreBoundedAllTogether) {
  ArchiveTuning tuning = small_tuning();
  tuning.header_bytes_max = 1 << 20;
  archive_.reset();
  archive_ = open_archive(options_, tuning);
  ASSERT_NE(archive_, nullptr);
  // 600 private elements of 1,000 bytes each: some 600 KiB.
  Bytes header;
  for (int i = 0; i < 600; ++i) {
    const auto low = static_cast<std::uint8_t>(i % 256), high = static_cast<std::uint8_t>(i / 256);
    for (const int byte : {0x09, 0x00, int{low}, 0x10 + high, int{'L'}, int{'O'}, 0xE8, 0x03}) {
      header.push_back(static_cast<std::byte>(byte));
    }
    header.resize(header.size() + 1000, std::byte{'x'});
  }
  auto first = archive_->begin_ingest(TestObject{}.context());
  auto second = archive_->begin_ingest(TestObject{}.context());
  ASSERT_TRUE(first && second);
  EXPECT_TRUE((*first)->append(header));
  const auto refused = (*second)->append(header);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::OutOfResources);
  first->reset();
  second->reset();
  auto third = archive_->begin_ingest(TestObject{}.context());
  ASSERT_TRUE(third);
  EXPECT_TRUE((*third)->append(header)) << "there is room again";
}

}  // namespace
}  // namespace pacs::storage::test
