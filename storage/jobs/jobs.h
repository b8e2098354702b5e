// Jobs: work that may fail and must happen, as rows that outlive the process: commitment reports,
// notifications. Whoever promises such work adds a job, durable before the promise leaves; workers
// of one or several processes take jobs one at a time (job_queue.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs::storage {

class SqlDatabase;

enum class JobState : std::uint8_t {
  Waiting,    ///< until it is due and a worker is free
  Running,    ///< a worker has it, as long as its lease is renewed
  Done,       ///< succeeded
  Dead,       ///< failed for good, or as often as is allowed: kept for an operator to look at
  Cancelled,  ///< by an operator
};
inline constexpr std::size_t kJobStates = 5;
/// "waiting", "running", "done", "dead", "cancelled".
[[nodiscard]] std::string_view to_string(JobState state);
[[nodiscard]] std::optional<JobState> job_state(std::string_view text);

/// Priorities: a higher one is taken first, those of one priority in the order they are due.
inline constexpr std::int64_t kJobPriorityMax = 100, kJobPriorityMin = -100;
/// Bytes of what a job is about, compact: a commitment request for 100,000 instances has 7 MB.
inline constexpr std::size_t kJobPayloadBytesMax = 64U << 20;

struct NewJob {
  std::string kind{};         ///< whose work it is: "commitment"
  std::string subject{};      ///< what it is about, for people and to find it again: a UID
  std::string destination{};  ///< the AE title that it is for; may be empty
  Bytes payload{};            ///< what the worker needs to know, in a form of its kind's own
  std::int64_t priority = 0;
  std::int64_t due_ms = 0;          ///< since 1970; 0: at once
  std::int64_t progress_total = 0;  ///< in units of the kind's own; 0: it tells no progress
  /// Not empty: of jobs with the same text here only one is kept; further ones are Duplicate.
  std::string once{};
};

struct Job {
  std::int64_t id = 0;
  std::string kind, subject, destination, once;
  JobState state = JobState::Waiting;
  std::int64_t priority = 0;
  std::int64_t attempts = 0;  ///< begun, the one under way included
  std::int64_t due_ms = 0;    ///< waiting: when it may be taken; since 1970, as all times here
  std::string owner;          ///< running: which worker
  std::int64_t lease_ms = 0;  ///< running: until when the worker has it
  std::int64_t created_ms = 0, changed_ms = 0;
  std::int64_t progress_done = 0, progress_total = 0;
  std::string error;  ///< of the last attempt that failed
  Bytes payload;      ///< empty in lists
};

/// Which jobs to list; what is empty does not restrict.
struct JobFilter {
  std::optional<JobState> state{};
  std::string kind{}, subject{}, destination{}, once{};
  std::int64_t before = 0;  ///< only ids below it (0: all): the last of a page gives the next page
  std::size_t limit = 100;  ///< at most kJobsPageMax
};
inline constexpr std::size_t kJobsPageMax = 1000;  ///< jobs in one page of a list

/// How many there are in each state, by its number.
using JobCounts = std::array<std::uint64_t, kJobStates>;

/// For those who have work to be done, and for operators. Thread-safe; waits for the database.
/// Changes are durable when the call returns. NotFound: no job has this id.
class Jobs {
 public:
  virtual ~Jobs() = default;
  /// Its id. Duplicate when one with the same `once` is kept; InvalidArgument, LimitExceeded.
  [[nodiscard]] virtual Result<std::int64_t> add(const NewJob& job) = 0;
  [[nodiscard]] virtual Result<Job> find(std::int64_t id) = 0;
  /// The latest first, without payload.
  [[nodiscard]] virtual Result<std::vector<Job>> list(const JobFilter& filter) = 0;
  [[nodiscard]] virtual Result<JobCounts> counts() = 0;

  // These give the job as it is afterwards; Mismatch when its state does not allow it.
  /// Waiting, running or dead: it is not tried again; a worker that has it is told so, and its
  /// outcome does not count.
  [[nodiscard]] virtual Result<Job> cancel(std::int64_t id) = 0;
  /// Waiting, dead or cancelled: it is due now and has all its attempts again.
  [[nodiscard]] virtual Result<Job> retry(std::int64_t id) = 0;
  /// The same, also when it is done: whoever asked for it has asked again.
  [[nodiscard]] virtual Result<Job> repeat(std::int64_t id) = 0;
  [[nodiscard]] virtual Result<Job> set_priority(std::int64_t id, std::int64_t priority) = 0;
  /// Not while it is running.
  [[nodiscard]] virtual Result<> remove(std::int64_t id) = 0;

  /// This AE can be reached now: what waits for it is due. Returns how many jobs were not due yet.
  [[nodiscard]] virtual Result<std::int64_t> make_due(std::string_view destination) = 0;
};

/// Adds a job in the transaction of somebody else (IndexDatabase::write), so that both are there or
/// neither; its id. Whoever does so wakes the workers afterwards (services/jobs/job_runner.h), else
/// they find it some seconds later. Errors as Jobs::add.
[[nodiscard]] Result<std::int64_t> add_job(SqlDatabase& database, const NewJob& job,
                                           std::int64_t now_ms);

}  // namespace pacs::storage
