#include "services/store/import_files.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "services/store/storable_file.h"
#include "storage/archive.h"
#include "storage/disk/checksum.h"
#include "storage/objects/object_check.h"

namespace pacs::services {

namespace fs = std::filesystem;

namespace {

ImportOutcome outcome_of(storage::StoreOutcome outcome) {
  switch (outcome) {
    case storage::StoreOutcome::Stored:
      return ImportOutcome::Stored;
    case storage::StoreOutcome::AlreadyStored:
      return ImportOutcome::AlreadyStored;
    case storage::StoreOutcome::Kept:
      return ImportOutcome::Kept;
    case storage::StoreOutcome::Replaced:
      return ImportOutcome::Replaced;
  }
  return ImportOutcome::Failed;
}

/// What all threads of one import share.
struct Shared {
  storage::Archive& archive;
  const std::function<std::optional<fs::path>()>& next;
  const std::function<void(const ImportResult&)>& on_result;
  std::mutex next_mutex;
  std::mutex result_mutex;

  std::optional<fs::path> next_path() {
    const std::lock_guard lock{next_mutex};
    return next();
  }
  void report(const ImportResult& result) {
    const std::lock_guard lock{result_mutex};
    on_result(result);
  }
};

/// One thread: reads files and hands them to the archive while earlier ones become durable.
class Worker {
 public:
  Worker(Shared& shared, std::size_t commits_in_flight)
      : shared_(shared), commits_in_flight_(std::max<std::size_t>(1, commits_in_flight)) {}

  void run() {
    while (std::optional<fs::path> path = shared_.next_path()) {
      wait_until_fewer_than(commits_in_flight_);
      ImportResult result{
          .path = std::move(*path), .outcome = ImportOutcome::Failed, .bytes = 0, .reason = {}};
      if (Result<> begun = begin(result); !begun) {
        result.reason = begun.error().to_string();
        shared_.report(result);
      }
    }
    wait_until_fewer_than(1);
  }

 private:
  /// An object between commit and its outcome. The archive may say it from inside of commit, so the
  /// ingest is given up later, by the worker.
  struct Committing {
    std::unique_ptr<storage::Ingest> ingest;
    ImportResult result;
    bool done = false;
  };

  void wait_until_fewer_than(std::size_t count) {
    std::unique_lock lock{mutex_};
    const auto reap = [this] { committing_.remove_if([](const Committing& c) { return c.done; }); };
    changed_.wait(lock, [&] {
      reap();
      return committing_.size() < count;
    });
  }

  /// An error is the file's, to be reported; without one the outcome comes with the commit, or has
  /// been reported.
  Result<> begin(ImportResult& result) {
    Result<StorableFile> file = inspect_file(result.path);
    if (!file) {
      if (file.error().kind != ErrorKind::Unsupported) return fail(std::move(file.error()));
      result.outcome = ImportOutcome::NoObject;
      result.reason = file.error().message;
      shared_.report(result);
      return {};
    }
    result.bytes = file->data_set_bytes;
    PACS_TRY(const bool stored, is_stored(*file));
    if (stored) {
      result.outcome = ImportOutcome::AlreadyStored;
      shared_.report(result);
      return {};
    }
    PACS_TRY(std::unique_ptr<storage::Ingest> ingest, append_all(*file));
    commit(std::move(ingest), result);
    return {};
  }

  /// Whether the archive holds this very data set, whole. Anything else is the archive's to decide
  /// by its policy: another object with this UID, or one that was damaged and is put right.
  Result<bool> is_stored(const StorableFile& file) {
    const Result<storage::InstanceRecord> known =
        shared_.archive.find_instance(file.sop_instance_uid);
    if (!known || known->sop_class_uid != file.sop_class_uid ||
        known->transfer_syntax_uid != file.transfer_syntax_uid ||
        known->data_set_bytes != file.data_set_bytes) {
      return false;
    }
    PACS_TRY(const Pieces data_set, stored_pieces(file));
    storage::Checksum sum;
    for (;;) {
      PACS_TRY(const ByteView piece, data_set());
      if (piece.empty()) break;
      sum.update(piece);
    }
    if (known->checksum != sum.value()) return false;
    return storage::check_object(*known,
                                 [&](std::uint64_t offset, std::span<std::byte> to) {
                                   return shared_.archive.read_object(*known, offset, to);
                                 })
        .has_value();
  }

  Result<std::unique_ptr<storage::Ingest>> append_all(const StorableFile& file) {
    PACS_TRY(const Pieces data_set, stored_pieces(file));
    PACS_TRY(std::unique_ptr<storage::Ingest> ingest,
             shared_.archive.begin_ingest({.transfer_syntax_uid = file.transfer_syntax_uid,
                                           .sop_class_uid = file.sop_class_uid,
                                           .sop_instance_uid = file.sop_instance_uid,
                                           .source_ae = {},
                                           .trace_id = "import"}));
    for (;;) {
      PACS_TRY(const ByteView piece, data_set());
      if (piece.empty()) return ingest;
      PACS_TRY(ingest->append(piece));
    }
  }

  void commit(std::unique_ptr<storage::Ingest> ingest, const ImportResult& result) {
    Committing* committing = nullptr;
    {
      const std::lock_guard lock{mutex_};
      committing_.push_back({std::move(ingest), result, false});
      committing = &committing_.back();
    }
    committing->ingest->commit([this, committing](Result<storage::StoredInstance> stored) {
      ImportResult& outcome = committing->result;
      if (stored) {
        outcome.outcome = outcome_of(stored->outcome);
        if (outcome.outcome == ImportOutcome::Kept) {
          outcome.reason = "another object is there under SOP Instance UID " +
                           stored->sop_instance_uid + " and is kept (storage.on_duplicate)";
        }
      } else {
        outcome.reason = stored.error().to_string();
      }
      shared_.report(outcome);
      const std::lock_guard lock{mutex_};
      committing->done = true;
      changed_.notify_one();
    });
  }

  Shared& shared_;
  const std::size_t commits_in_flight_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Committing> committing_;
};

}  // namespace

void import_files(storage::Archive& archive, const std::function<std::optional<fs::path>()>& next,
                  const ImportOptions& options,
                  const std::function<void(const ImportResult&)>& on_result) {
  Shared shared{archive, next, on_result, {}, {}};
  const auto work = [&] { Worker{shared, options.commits_in_flight}.run(); };
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < options.threads; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
}

}  // namespace pacs::services
