// TestArchive: the real archive in a temporary folder, which fails and waits when a test says so:
// what a disk does, but not on command.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "encoding/data_sets/header_reader.h"
#include "storage/archive.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::services {

/// Its threads answer whoever commits: what they answer into outlives it.
class TestArchive : public storage::Archive {
 public:
  explicit TestArchive(storage::DuplicatePolicy on_duplicate = storage::DuplicatePolicy::Keep);
  ~TestArchive() override;

  // What a test may do.
  /// Every begin, append or commit from now on fails so; nullopt: works again.
  void fails(std::string where, std::optional<Error> error);
  /// Commits from now on wait for release_commits.
  void holds_commits();
  void release_commits();
  /// Checks of objects from now on wait for releases_checks.
  void holds_checks();
  void releases_checks();
  /// The object's check says so from now on.
  void damages(const std::string& sop_instance_uid);
  void loses(const std::string& sop_instance_uid);

  // What a test may ask.
  /// Waits until so many commits are held; false after ten seconds.
  [[nodiscard]] bool waits_for_held(std::size_t count);
  /// The most commits that were under way at once.
  [[nodiscard]] std::size_t most_at_once() const;
  [[nodiscard]] std::size_t begun() const;
  /// The most bytes of a data set that came at once.
  [[nodiscard]] std::size_t most_appended() const;
  struct Object {
    std::string transfer_syntax_uid;
    Bytes data_set;
  };
  /// As the archive gives it back.
  [[nodiscard]] std::optional<Object> object(std::string_view sop_instance_uid);
  [[nodiscard]] std::uint64_t size();  ///< instances
  /// What the sender of an instance said of it; nullopt when it never came.
  [[nodiscard]] std::optional<storage::IngestContext> context_of(
      const std::string& sop_instance_uid) const;

  // Archive
  Result<std::unique_ptr<storage::Ingest>> begin_ingest(storage::IngestContext context) override;
  Result<storage::InstanceRecord> find_instance(std::string_view uid) override {
    return archive_->find_instance(uid);
  }
  Result<std::vector<std::optional<storage::InstanceRecord>>> find_instances(
      std::span<const std::string> uids) override {
    return archive_->find_instances(uids);
  }
  Result<Header> read_header(std::string_view uid) override { return archive_->read_header(uid); }
  Result<std::unique_ptr<storage::Matches>> find(storage::Query query) override {
    return archive_->find(std::move(query));
  }
  Result<std::unique_ptr<storage::Records>> select(storage::Selection selection) override {
    return archive_->select(std::move(selection));
  }
  Result<std::vector<storage::SelectedSeries>> select_series(
      storage::Selection selection) override {
    return archive_->select_series(std::move(selection));
  }
  Result<std::size_t> read_object(const storage::InstanceRecord& instance, std::uint64_t offset,
                                  std::span<std::byte> to) override {
    return archive_->read_object(instance, offset, to);
  }
  void pixels_depart(const storage::InstanceRecord& instance, Departures departures,
                     std::string_view trace_id) override {
    archive_->pixels_depart(instance, departures, trace_id);
  }
  Result<storage::ArchiveCounts> counts() override { return archive_->counts(); }
  std::vector<std::string> set_aside() override { return archive_->set_aside(); }
  Result<> for_each_instance(
      const std::function<bool(const storage::InstanceRecord&)>& each) override {
    return archive_->for_each_instance(each);
  }
  Result<storage::VerifyReport> verify(
      const std::function<bool(std::uint64_t, std::uint64_t)>& progress) override {
    return archive_->verify(progress);
  }
  Result<> ready() override { return archive_->ready(); }
  storage::Worklist& worklist() override { return archive_->worklist(); }
  Result<std::vector<storage::RemoteAe>> remote_aes() override { return archive_->remote_aes(); }
  Result<> put_remote_ae(const storage::RemoteAe& remote) override {
    return archive_->put_remote_ae(remote);
  }
  Result<> remove_remote_ae(std::string_view ae_title) override {
    return archive_->remove_remote_ae(ae_title);
  }
  Result<> check_object(const storage::InstanceRecord& instance) override;
  storage::Jobs& jobs() override { return archive_->jobs(); }
  storage::JobQueue& job_queue() override { return archive_->job_queue(); }
  storage::Conflicts& conflicts() override { return archive_->conflicts(); }
  storage::PerformedSteps& performed_steps() override { return archive_->performed_steps(); }

 private:
  class GuidedIngest;
  using Done = std::function<void(Result<storage::StoredInstance>)>;
  struct Commit {
    std::unique_ptr<storage::Ingest> ingest;
    Done done;
  };

  [[nodiscard]] Result<> failure(const std::string& where) const;
  void commit(Commit commit);
  void appended(std::size_t bytes);
  void go_on(Commit commit);

  mutable std::mutex mutex_;  // guards what follows, up to the folder
  std::condition_variable changed_;
  std::map<std::string, Error> failures_;
  std::vector<Commit> held_;
  bool hold_ = false, hold_checks_ = false;
  std::map<std::string, Error, std::less<>> bad_objects_;
  std::size_t at_once_ = 0, most_at_once_ = 0, begun_ = 0, most_appended_ = 0;
  std::map<std::string, storage::IngestContext> contexts_;

  storage::test::TemporaryFolder folder_;
  std::unique_ptr<storage::Archive> archive_;
};

}  // namespace pacs::services
