// LocalArchive: the archive on this machine: a folder with journal, objects and index.
#pragma once

#include <memory>

#include "storage/archive.h"
#include "storage/disk/chunk_pool.h"
#include "storage/disk/file_system.h"
#include "storage/disk/free_space.h"
#include "storage/disk/lock_file.h"
#include "storage/index/index.h"
#include "storage/ingest/committer.h"
#include "storage/ingest/ingest_session.h"
#include "storage/ingest/storage_metrics.h"
#include "storage/journal/checkpointer.h"
#include "storage/journal/journal.h"
#include "storage/journal/pending.h"
#include "storage/journal/write_behind.h"
#include "storage/objects/file_storage.h"
#include "storage/steps/performed_steps.h"

namespace pacs::storage {

class SqlJobs;
class SqlReaders;

/// Not for configuration: tests make things small and quick with it.
struct ArchiveTuning {
  std::uint64_t segment_bytes = JournalOptions{}.segment_bytes;
  std::size_t segments_min = JournalOptions{}.segments_min;
  std::size_t segments_max = JournalOptions{}.segments_max;
  std::chrono::milliseconds segment_wait = JournalOptions{}.segment_wait;
  WriteBehindOptions write_behind{};
  CheckpointOptions checkpoint{};
  std::uint64_t header_bytes_max = 256ULL << 20;  ///< see IngestServices
};

class LocalArchive final : public Archive {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LocalArchive>> open(ArchiveOptions options,
                                                                  ArchiveTuning tuning = {});
  ~LocalArchive() override;
  LocalArchive(const LocalArchive&) = delete;
  LocalArchive& operator=(const LocalArchive&) = delete;

  Result<std::unique_ptr<Ingest>> begin_ingest(IngestContext context) override;
  Result<InstanceRecord> find_instance(std::string_view sop_instance_uid) override;
  Result<std::vector<std::optional<InstanceRecord>>> find_instances(
      std::span<const std::string> sop_instance_uids) override;
  Result<Header> read_header(std::string_view sop_instance_uid) override;
  Result<std::unique_ptr<Matches>> find(Query query) override;
  Result<std::unique_ptr<Records>> select(Selection selection) override;
  Result<std::vector<SelectedSeries>> select_series(Selection selection) override;
  Result<std::size_t> read_object(const InstanceRecord& instance, std::uint64_t offset,
                                  std::span<std::byte> to) override;
  void pixels_depart(const InstanceRecord& instance, Departures departures,
                     std::string_view trace_id) override;
  Result<> check_object(const InstanceRecord& instance) override;
  Result<ArchiveCounts> counts() override;
  Result<> for_each_instance(const std::function<bool(const InstanceRecord&)>& each) override;
  Result<VerifyReport> verify(
      const std::function<bool(std::uint64_t, std::uint64_t)>& progress) override;
  Result<> ready() override;
  std::vector<std::string> set_aside() override;
  Conflicts& conflicts() override { return *conflicts_; }
  PerformedSteps& performed_steps() override { return *performed_steps_; }
  Result<std::vector<RemoteAe>> remote_aes() override;
  Result<> put_remote_ae(const RemoteAe& remote) override;
  Result<> remove_remote_ae(std::string_view ae_title) override;
  Worklist& worklist() override { return *worklist_; }
  Jobs& jobs() override;
  JobQueue& job_queue() override;

 private:
  LocalArchive(ArchiveOptions options, const ArchiveTuning& tuning,
               std::shared_ptr<FileSystem> files, LockFile lock);
  [[nodiscard]] Result<> start();
  [[nodiscard]] Error explained(Error error);
  [[nodiscard]] HeaderRules header_rules() const {
    return {options_.limits, options_.character_sets};
  }
  void start_threads(std::uint64_t last_object);
  void observe();
  void after_batch(std::span<const PendingTable::Object> objects,
                   std::span<const std::uint64_t> displaced, double seconds);
  [[nodiscard]] Result<Header> header_from_object(const InstanceRecord& record);
  /// The same because the index has a damaged one, which is said.
  [[nodiscard]] Result<Header> header_read_again(const InstanceRecord& record, const Error& why);

  // In the order in which they stand on each other; destroyed from the last to the first.
  const ArchiveOptions options_;
  const ArchiveTuning tuning_;
  const std::shared_ptr<FileSystem> files_;
  LockFile lock_;
  StorageMetrics metrics_;
  FreeSpace space_;
  std::shared_ptr<ChunkPool> chunks_;
  std::unique_ptr<ObjectStore> store_;
  std::unique_ptr<Index> index_;
  SqlReaders* readers_ = nullptr;  ///< of the index
  std::unique_ptr<Worklist> worklist_;
  std::unique_ptr<SqlJobs> jobs_;
  std::unique_ptr<Conflicts> conflicts_;
  std::unique_ptr<PerformedSteps> performed_steps_;
  PendingTable pending_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<WriteBehind> behind_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<IngestServices> ingest_services_;
};

}  // namespace pacs::storage
