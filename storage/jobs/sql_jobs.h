// SqlJobs: the jobs as rows of the table `job` of the index.
#pragma once

#include <functional>

#include "integration/clock.h"
#include "storage/index/index_database.h"
#include "storage/jobs/job_queue.h"

namespace pacs::storage {

class SqlJobs final : public Jobs, public JobQueue {
 public:
  using Clock = std::function<std::int64_t()>;  ///< milliseconds since 1970
  /// `database` outlives it.
  explicit SqlJobs(IndexDatabase& database, Clock clock = integration::now_ms)
      : database_(database), clock_(std::move(clock)) {}

  // Jobs
  Result<std::int64_t> add(const NewJob& job) override;
  Result<Job> find(std::int64_t id) override;
  Result<std::vector<Job>> list(const JobFilter& filter) override;
  Result<JobCounts> counts() override;
  Result<Job> cancel(std::int64_t id) override;
  Result<Job> retry(std::int64_t id) override;
  Result<Job> repeat(std::int64_t id) override;
  Result<Job> set_priority(std::int64_t id, std::int64_t priority) override;
  Result<> remove(std::int64_t id) override;
  Result<std::int64_t> make_due(std::string_view destination) override;

  // JobQueue
  Result<std::optional<Job>> take(const JobTaking& taking) override;
  Result<bool> renew(const JobClaim& claim, const JobRenewal& renewal) override;
  Result<bool> end(const JobClaim& claim, const JobEnd& end) override;
  Result<std::optional<std::int64_t>> next_due(const JobChoice& choice) override;
  Result<> release_all(std::int64_t attempts_max) override;
  Result<std::int64_t> remove_ended(std::int64_t before_ms, std::int64_t most) override;

 private:
  [[nodiscard]] Result<Job> steer(std::int64_t id, const SqlText& change, std::string_view wish);
  [[nodiscard]] Result<Job> begin_anew(std::int64_t id, std::string_view states);
  [[nodiscard]] Result<bool> change_claimed(const JobClaim& claim, SqlText change,
                                            IndexDatabase::Sync sync);

  IndexDatabase& database_;
  const Clock clock_;
};

}  // namespace pacs::storage
