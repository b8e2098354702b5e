// JobRunner: takes durable jobs (storage/jobs/job_queue.h) for its workers, which perform them with
// the handler of their kind; retries what fails, and gives back what the end of the program
// interrupts.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "integration/logging.h"
#include "network/association.h"
#include "storage/jobs/job_queue.h"

namespace pacs::integration {
class IoPool;
class Metrics;
class WorkPool;
}  // namespace pacs::integration

namespace pacs::services {

using network::Task;

struct JobOptions {
  std::size_t workers = 8;  ///< jobs performed at once; most of them wait for a peer
  std::int64_t attempts_max = 100;
  /// Between the first attempt and the second; each further wait is twice as long.
  std::chrono::milliseconds retry_min{10'000};
  std::chrono::milliseconds retry_max{3'600'000};
  std::chrono::hours keep{24 * 30};  ///< ended jobs
  std::chrono::milliseconds lease{30'000};
  std::chrono::milliseconds beat{2'000};  ///< between renewals; cancelling is noticed then
  /// Between looks at the table that nothing gave cause for: jobs that others added.
  std::chrono::milliseconds poll{5'000};
};

/// What a handler says of its attempt.
struct JobOutcome {
  enum class Kind : std::uint8_t { Done, Retry, Dead };
  Kind kind = Kind::Done;
  std::string reason{};

  [[nodiscard]] static JobOutcome done() { return {}; }
  /// Tried again later, until JobOptions::attempts_max.
  [[nodiscard]] static JobOutcome retry(std::string reason) {
    return {Kind::Retry, std::move(reason)};
  }
  /// Never to be tried again: it cannot succeed.
  [[nodiscard]] static JobOutcome dead(std::string reason) {
    return {Kind::Dead, std::move(reason)};
  }
};

/// One attempt, for its handler.
class JobContext {
 public:
  virtual ~JobContext() = default;
  [[nodiscard]] virtual const storage::Job& job() const = 0;
  [[nodiscard]] virtual const std::string& id() const = 0;  ///< "job-12", for the log
  /// From any thread; cheap.
  virtual void progress(std::int64_t done, std::int64_t total) = 0;
  /// Asked for when the job is cancelled, another has it, or the program ends: the handler ends
  /// soon then, whatever it says. Callbacks come on the handler's executor; asking is for any
  /// thread.
  [[nodiscard]] virtual std::stop_token stop_token() const = 0;
  /// Puts a payload in place of the job's, durable, for the next attempt. Cancelled: not ours now.
  virtual Task<Result<>> keep(Bytes payload) = 0;
};

/// Runs on one context of the I/O pool; what blocks goes to `on_worker`. An exception is a Retry.
using JobHandler = std::function<Task<JobOutcome>(JobContext&)>;

/// How long to wait after so many attempts: doubled from one to the next, a fifth more or less by
/// chance (`chance`: 0 to 1), so that what failed together does not come back together.
[[nodiscard]] std::chrono::milliseconds retry_delay(const JobOptions& options,
                                                    std::int64_t attempts, double chance);

class JobRunner {
 public:
  /// All outlive it.
  JobRunner(storage::JobQueue& queue, integration::WorkPool& workers, integration::IoPool& pool,
            JobOptions options, integration::Logger log, integration::Metrics* metrics);
  ~JobRunner();  ///< shut_down at once
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  /// Before `start`: who performs jobs of this kind. Jobs of other kinds stay where they are.
  void handle(std::string kind, JobHandler handler);
  /// Releases what a process that is gone had, and begins. With `alone` false others work on the
  /// same table, and their leases are left to end by themselves.
  [[nodiscard]] Result<> start(bool alone = true);
  /// A job was added: it is looked for at once. Thread-safe; nothing happens before `start`.
  void wake();
  /// No job is begun any more; those under way have `grace`, then they are asked to stop, and what
  /// did not succeed is given back. Blocks until all have ended. Not for a thread of the I/O pool.
  void shut_down(std::chrono::milliseconds grace);

 private:
  struct Loop;
  struct Worker;
  struct Ended;
  class Run;
  class Measures;

  Task<void> dispatch(std::shared_ptr<Loop> self);
  Task<void> tidy(std::shared_ptr<Loop> self);
  Task<void> rest(std::shared_ptr<Loop> loop, std::chrono::milliseconds most);
  Task<Result<std::optional<storage::Job>>> take(const storage::JobChoice& choice);
  [[nodiscard]] std::shared_ptr<Worker> free_worker() const;
  [[nodiscard]] storage::JobChoice choice() const;
  void begin(const std::shared_ptr<Worker>& worker, storage::Job job);
  void ended(Worker& worker, JobOutcome::Kind outcome);
  Task<JobOutcome::Kind> perform(std::shared_ptr<Worker> worker, storage::Job job);
  Task<JobOutcome> attempt(Run& run);
  Task<void> beat(std::shared_ptr<Run> run);
  [[nodiscard]] storage::JobEnd end_of(const Run& run, const JobOutcome& outcome) const;
  void report(const Run& run, const storage::JobEnd& end, bool counts) const;

  storage::JobQueue& queue_;
  integration::WorkPool& workers_;
  integration::IoPool& pool_;
  const JobOptions options_;
  const integration::Logger log_;
  const std::string process_;  ///< unlike that of any other process, for owners
  std::unique_ptr<Measures> measures_;
  std::map<std::string, JobHandler, std::less<>> handlers_;
  std::vector<std::string> kinds_;
  std::shared_ptr<Loop> dispatching_, tidying_;
  std::vector<std::shared_ptr<Worker>> performing_;
  std::set<std::string> failing_;  ///< destinations whose last attempt failed; of `dispatching_`
  std::shared_ptr<Ended> ended_;
  std::atomic<bool> ending_{false};
  std::atomic<std::uint64_t> takings_{0};
};

}  // namespace pacs::services
