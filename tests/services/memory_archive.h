// MemoryArchive: the archive seam in memory, which fails, waits and answers late when a test says
// so.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/dicom_tags.h"
#include "encoding/header_reader.h"
#include "storage/archive.h"

namespace pacs::services {

class MemoryArchive : public storage::Archive {
 public:
  struct Object {
    storage::IngestContext context;
    Bytes data_set;
  };

  ~MemoryArchive() override {
    release_commits();
    std::vector<std::thread> threads;
    {
      const std::lock_guard lock{mutex_};
      threads.swap(threads_);
    }
    for (std::thread& thread : threads) thread.join();
  }

  // What a test may do.
  /// Every begin, append or commit from now on fails so; nullopt: works again.
  void fails(std::string where, std::optional<Error> error) {
    const std::lock_guard lock{mutex_};
    if (error) {
      failures_.insert_or_assign(std::move(where), std::move(*error));
    } else {
      failures_.erase(where);
    }
  }
  /// Commits from now on wait for release_commits.
  void holds_commits() {
    const std::lock_guard lock{mutex_};
    hold_ = true;
  }
  void release_commits() {
    const std::lock_guard lock{mutex_};
    hold_ = false;
    changed_.notify_all();
  }
  /// Waits until so many commits are held; false after ten seconds.
  bool waits_for_held(std::size_t count) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return held_ >= count; });
  }
  [[nodiscard]] std::optional<Object> object(const std::string& sop_instance_uid) {
    const std::lock_guard lock{mutex_};
    const auto found = objects_.find(sop_instance_uid);
    if (found == objects_.end()) return std::nullopt;
    return found->second;
  }
  [[nodiscard]] std::size_t size() {
    const std::lock_guard lock{mutex_};
    return objects_.size();
  }
  [[nodiscard]] std::size_t held_most() {
    const std::lock_guard lock{mutex_};
    return held_most_;
  }
  [[nodiscard]] std::size_t begun() {
    const std::lock_guard lock{mutex_};
    return begun_;
  }

  // Archive
  Result<std::unique_ptr<storage::Ingest>> begin_ingest(storage::IngestContext context) override {
    const std::lock_guard lock{mutex_};
    ++begun_;
    if (const auto failure = failures_.find("begin"); failure != failures_.end()) {
      return fail(failure->second);
    }
    return std::make_unique<MemoryIngest>(*this, std::move(context));
  }
  Result<storage::InstanceRecord> find_instance(std::string_view uid) override {
    const std::optional<Object> found = object(std::string{uid});
    if (!found) return fail(ErrorKind::NotFound, "no such instance");
    return storage::InstanceRecord{.sop_class_uid = found->context.sop_class_uid,
                                   .sop_instance_uid = std::string{uid},
                                   .series_instance_uid = {},
                                   .study_instance_uid = {},
                                   .transfer_syntax_uid = found->context.transfer_syntax_uid,
                                   .data_set_bytes = found->data_set.size(),
                                   .data_set_offset = 0,
                                   .checksum = 0,
                                   .object_key = {}};
  }
  Result<Header> read_header(std::string_view) override { return unused<Header>(); }
  Result<std::unique_ptr<storage::Matches>> find(storage::Query) override {
    return unused<std::unique_ptr<storage::Matches>>();
  }
  Result<std::unique_ptr<storage::Records>> select(storage::Selection) override {
    return unused<std::unique_ptr<storage::Records>>();
  }
  Result<std::size_t> read_object(const storage::InstanceRecord&, std::uint64_t,
                                  std::span<std::byte>) override {
    return unused<std::size_t>();
  }
  Result<storage::ArchiveCounts> counts() override { return unused<storage::ArchiveCounts>(); }
  Status for_each_instance(const std::function<bool(const storage::InstanceRecord&)>&) override {
    return unused<void>();
  }
  Result<storage::VerifyReport> verify(
      const std::function<bool(std::uint64_t, std::uint64_t)>&) override {
    return unused<storage::VerifyReport>();
  }
  Status ready() override { return {}; }

 private:
  class MemoryIngest : public storage::Ingest {
   public:
    MemoryIngest(MemoryArchive& archive, storage::IngestContext context)
        : archive_(archive),
          object_{std::move(context), {}},
          reader_(*find_transfer_syntax(object_.context.transfer_syntax_uid)) {}

    Status append(ByteView bytes) override {
      if (Status failure = archive_.failure("append"); !failure) return failure;
      pacs::append(object_.data_set, bytes);
      return reader_.feed(bytes);
    }
    void commit(std::function<void(Result<storage::StoredInstance>)> done) override {
      Result<storage::StoredInstance> stored = identity();
      archive_.commit(std::move(object_), std::move(stored), std::move(done));
    }

   private:
    Result<storage::StoredInstance> identity() {
      Result<Header> header = reader_.finish();
      if (!header) return fail(std::move(header.error()));
      storage::StoredInstance stored;
      stored.sop_class_uid = header->data_set.text(tags::SOPClassUID);
      stored.sop_instance_uid = header->data_set.text(tags::SOPInstanceUID);
      stored.bytes = header->data_set_bytes;
      if (stored.sop_class_uid != object_.context.sop_class_uid) {
        return fail(Error{ErrorKind::Mismatch, "SOP class of command and data set differ"}.on(
            tags::SOPClassUID));
      }
      if (stored.sop_instance_uid != object_.context.sop_instance_uid) {
        return fail(Error{ErrorKind::Mismatch, "SOP instance of command and data set differ"}.on(
            tags::SOPInstanceUID));
      }
      return stored;
    }
    MemoryArchive& archive_;
    Object object_;
    HeaderReader reader_;
  };

  template <typename T>
  static Result<T> unused() {
    return fail(ErrorKind::Internal, "these tests do not use it");
  }
  Status failure(const std::string& where) {
    const std::lock_guard lock{mutex_};
    const auto found = failures_.find(where);
    return found == failures_.end() ? Status{} : fail(found->second);
  }
  /// Answers on a thread of its own, as the real one does.
  void commit(Object object, Result<storage::StoredInstance> stored,
              std::function<void(Result<storage::StoredInstance>)> done) {
    const std::lock_guard lock{mutex_};
    threads_.emplace_back([this, object = std::move(object), stored = std::move(stored),
                           done = std::move(done)]() mutable {
      Result<storage::StoredInstance> outcome = commit_now(std::move(object), std::move(stored));
      done(std::move(outcome));
    });
  }
  Result<storage::StoredInstance> commit_now(Object object,
                                             Result<storage::StoredInstance> stored) {
    std::unique_lock lock{mutex_};
    ++held_;
    held_most_ = std::max(held_most_, held_);
    changed_.notify_all();
    changed_.wait(lock, [&] { return !hold_; });
    --held_;
    if (const auto found = failures_.find("commit"); found != failures_.end()) {
      return fail(found->second);
    }
    if (!stored) return stored;
    const std::string uid = stored->sop_instance_uid;
    if (objects_.contains(uid)) stored->outcome = storage::StoreOutcome::AlreadyStored;
    objects_.insert_or_assign(uid, std::move(object));
    return stored;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Error> failures_;
  std::map<std::string, Object> objects_;
  std::vector<std::thread> threads_;
  bool hold_ = false;
  std::size_t held_ = 0, held_most_ = 0, begun_ = 0;
};

}  // namespace pacs::services
