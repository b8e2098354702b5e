#include "tests/services/test_archive.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include <gtest/gtest.h>

#include "tests/storage/small_archive.h"

namespace pacs::services {

/// The real ingest; only its commit may wait or fail.
class TestArchive::GuidedIngest : public storage::Ingest {
 public:
  GuidedIngest(TestArchive& archive, std::unique_ptr<storage::Ingest> ingest)
      : archive_(archive), ingest_(std::move(ingest)) {}

  Result<> append(ByteView bytes) override {
    if (Result<> failure = archive_.failure("append"); !failure) return failure;
    archive_.appended(bytes.size());
    return ingest_->append(bytes);
  }
  void commit(Done done) override { archive_.commit({std::move(ingest_), std::move(done)}); }

 private:
  TestArchive& archive_;
  std::unique_ptr<storage::Ingest> ingest_;
};

TestArchive::TestArchive(storage::DuplicatePolicy on_duplicate) {
  storage::ArchiveOptions options;
  options.path = folder_.path();
  options.durability = storage::Durability::Os;
  options.on_duplicate = on_duplicate;
  options.free_bytes_min = 0;
  auto opened = storage::open_small_archive(std::move(options));
  if (!opened) throw std::runtime_error(opened.error().to_string());  // no test without it
  archive_ = std::move(*opened);
}

TestArchive::~TestArchive() {
  release_commits();
  releases_checks();
}

void TestArchive::fails(std::string where, std::optional<Error> error) {
  const std::lock_guard lock{mutex_};
  if (error) {
    failures_.insert_or_assign(std::move(where), std::move(*error));
  } else {
    failures_.erase(where);
  }
}

Result<> TestArchive::failure(const std::string& where) const {
  const std::lock_guard lock{mutex_};
  const auto found = failures_.find(where);
  return found == failures_.end() ? Result<>{} : fail(found->second);
}

void TestArchive::holds_commits() {
  const std::lock_guard lock{mutex_};
  hold_ = true;
}

void TestArchive::release_commits() {
  std::vector<Commit> released;
  {
    const std::lock_guard lock{mutex_};
    hold_ = false;
    released.swap(held_);
  }
  for (Commit& commit : released) go_on(std::move(commit));
}

void TestArchive::holds_checks() {
  const std::lock_guard lock{mutex_};
  hold_checks_ = true;
}

void TestArchive::releases_checks() {
  const std::lock_guard lock{mutex_};
  hold_checks_ = false;
  changed_.notify_all();
}

void TestArchive::damages(const std::string& sop_instance_uid) {
  const std::lock_guard lock{mutex_};
  bad_objects_.insert_or_assign(sop_instance_uid,
                                Error{ErrorKind::Corrupt, "does not match its checksum"});
}

void TestArchive::loses(const std::string& sop_instance_uid) {
  const std::lock_guard lock{mutex_};
  bad_objects_.insert_or_assign(sop_instance_uid, Error{ErrorKind::NotFound, "is missing"});
}

Result<> TestArchive::check_object(const storage::InstanceRecord& instance) {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return !hold_checks_; });
  const auto bad = bad_objects_.find(instance.sop_instance_uid);
  if (bad != bad_objects_.end()) return fail(bad->second);
  lock.unlock();
  return archive_->check_object(instance);
}

bool TestArchive::waits_for_held(std::size_t count) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return held_.size() >= count; });
}

std::size_t TestArchive::most_at_once() const {
  const std::lock_guard lock{mutex_};
  return most_at_once_;
}

void TestArchive::appended(std::size_t bytes) {
  const std::lock_guard lock{mutex_};
  most_appended_ = std::max(most_appended_, bytes);
}

std::size_t TestArchive::most_appended() const {
  const std::lock_guard lock{mutex_};
  return most_appended_;
}

std::size_t TestArchive::begun() const {
  const std::lock_guard lock{mutex_};
  return begun_;
}

std::optional<TestArchive::Object> TestArchive::object(std::string_view sop_instance_uid) {
  const auto record = archive_->find_instance(sop_instance_uid);
  if (!record) return std::nullopt;
  Object object{record->transfer_syntax_uid, Bytes(record->data_set_bytes)};
  for (std::size_t read = 0; read < object.data_set.size();) {
    const auto count = archive_->read_object(*record, record->data_set_offset + read,
                                             std::span{object.data_set}.subspan(read));
    if (!count || *count == 0) {
      ADD_FAILURE() << "the object ends early";
      return std::nullopt;
    }
    read += *count;
  }
  return object;
}

std::uint64_t TestArchive::size() {
  const auto counts = archive_->counts();
  EXPECT_TRUE(counts);
  return counts ? counts->instances : 0;
}

std::optional<storage::IngestContext> TestArchive::context_of(
    const std::string& sop_instance_uid) const {
  const std::lock_guard lock{mutex_};
  const auto found = contexts_.find(sop_instance_uid);
  return found == contexts_.end() ? std::nullopt : std::optional{found->second};
}

Result<std::unique_ptr<storage::Ingest>> TestArchive::begin_ingest(storage::IngestContext context) {
  {
    const std::lock_guard lock{mutex_};
    ++begun_;
    contexts_.insert_or_assign(context.sop_instance_uid, context);
  }
  if (Result<> failing = failure("begin"); !failing) return fail(failing.error());
  auto ingest = archive_->begin_ingest(std::move(context));
  if (!ingest) return ingest;
  return std::make_unique<GuidedIngest>(*this, std::move(*ingest));
}

void TestArchive::commit(Commit commit) {
  std::unique_lock lock{mutex_};
  most_at_once_ = std::max(most_at_once_, ++at_once_);
  if (hold_) {
    held_.push_back(std::move(commit));
    changed_.notify_all();
    return;
  }
  lock.unlock();
  go_on(std::move(commit));
}

void TestArchive::go_on(Commit commit) {
  Done done = [this, done = std::move(commit.done)](Result<storage::StoredInstance> stored) {
    {
      const std::lock_guard lock{mutex_};
      --at_once_;
    }
    done(std::move(stored));
  };
  if (Result<> failing = failure("commit"); !failing) return done(fail(failing.error()));
  commit.ingest->commit(std::move(done));
}

}  // namespace pacs::services
