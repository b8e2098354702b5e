#include "services/jobs/job_runner.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "integration/clock.h"
#include "integration/metrics.h"
#include "integration/on_worker.h"
#include "integration/thread_adapter.h"
#include "integration/trace_id.h"
#include "services/dispatch/event.h"

namespace pacs::services {

namespace {

using std::chrono::milliseconds;
using storage::JobEnd;

/// Between two removals of old jobs, and how many go at once: a deletion holds up other writers.
constexpr std::chrono::minutes kTidyEvery{60};
constexpr std::int64_t kTidiedAtOnce = 500;
/// Before looking again when the table says that something is due that could not be taken.
constexpr milliseconds kAgain{20};
/// Destinations that are known to fail: titles come from outside. One more is treated as any other.
constexpr std::size_t kFailingMax = 1000;

double chance() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>{0, 1}(generator);
}

}  // namespace

milliseconds retry_delay(const JobOptions& options, std::int64_t attempts, double chance) {
  milliseconds delay = options.retry_min;
  for (std::int64_t i = 1; i < attempts && delay < options.retry_max; ++i) delay *= 2;
  delay = std::min(delay, options.retry_max);
  return std::chrono::duration_cast<milliseconds>(delay * (0.8 + 0.4 * chance));
}

/// How many loops and jobs have not ended; shared, so that the last one may say so to a runner that
/// goes.
struct JobRunner::Ended {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t running = 0;

  void begin() {
    const std::lock_guard lock{mutex};
    ++running;
  }
  void end() {
    const std::lock_guard lock{mutex};
    --running;
    changed.notify_all();
  }
};

/// What rests until it is woken. Used on its executor, but for `executor` itself.
struct JobRunner::Loop {
  explicit Loop(const boost::asio::any_io_executor& on) : executor(on), timer(on) {}
  void wake() {
    woken = true;
    timer.cancel();
  }
  const boost::asio::any_io_executor executor;
  boost::asio::steady_timer timer;
  bool woken = false;
};

/// A place for one job at a time.
struct JobRunner::Worker {
  const boost::asio::any_io_executor executor;
  std::shared_ptr<Run> run{};  ///< the job at hand; on `executor`
  // The others on that of `dispatching_`.
  bool busy = false;
  std::string destination{};
};

/// One attempt under way, on its worker's executor.
class JobRunner::Run : public JobContext {
 public:
  Run(JobRunner& runner, const boost::asio::any_io_executor& executor, storage::Job job)
      : changed(executor),
        next_beat(executor),
        claim{job.id, job.owner},
        runner_(runner),
        job_(std::move(job)),
        id_(fmt::format("job-{}", job_.id)),
        total_(job_.progress_total) {}

  [[nodiscard]] const storage::Job& job() const override { return job_; }
  [[nodiscard]] const std::string& id() const override { return id_; }
  void progress(std::int64_t done, std::int64_t total) override {
    done_ = done;
    total_ = total;
  }
  [[nodiscard]] std::stop_token stop_token() const override { return stop.get_token(); }
  Task<Result<>> keep(Bytes payload) override {
    storage::JobRenewal renewal = this->renewal();
    renewal.payload = std::move(payload);
    const auto renew = [&] { return runner_.queue_.renew(claim, renewal); };
    PACS_CO_TRY(const bool ours, co_await on_worker(runner_.workers_, renew));
    if (ours) co_return Result<>{};
    void_claim();
    co_return fail(ErrorKind::Cancelled, "the job is not ours any more");
  }

  [[nodiscard]] storage::JobRenewal renewal() const {
    return {done_, total_, runner_.options_.lease.count(), std::nullopt};
  }
  void void_claim() {
    claim_is_void = true;
    stop.request_stop();
  }

  Event changed;  ///< the beat ended
  boost::asio::steady_timer next_beat;
  const storage::JobClaim claim;
  std::stop_source stop;
  bool claim_is_void = false;  ///< cancelled, or the lease ended
  bool ended = false, beating = true;
  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();

 private:
  JobRunner& runner_;
  const storage::Job job_;
  const std::string id_;
  std::atomic<std::int64_t> done_{0}, total_;
};

class JobRunner::Measures {
 public:
  explicit Measures(integration::Metrics* metrics) : metrics_(metrics) {}
  void ended(const std::string& kind, std::string_view outcome, double seconds) const {
    if (metrics_ == nullptr) return;
    metrics_
        ->counter("pacs_job_runs_total", "Attempts at durable jobs by what became of them.",
                  {{"kind", kind}, {"outcome", std::string{outcome}}})
        .add();
    metrics_
        ->latency("pacs_job_seconds", "Seconds that an attempt at a durable job took.",
                  {{"kind", kind}})
        .observe(seconds);
  }

 private:
  integration::Metrics* metrics_;
};

JobRunner::JobRunner(storage::JobQueue& queue, integration::WorkPool& workers,
                     integration::IoPool& pool, JobOptions options, integration::Logger log,
                     integration::Metrics* metrics)
    : queue_(queue),
      workers_(workers),
      pool_(pool),
      options_(options),
      log_(std::move(log)),
      process_(integration::next_trace_id()),
      measures_(std::make_unique<Measures>(metrics)),
      ended_(std::make_shared<Ended>()) {}

JobRunner::~JobRunner() {
  shut_down(milliseconds{0});
}

void JobRunner::handle(std::string kind, JobHandler handler) {
  kinds_.push_back(kind);
  handlers_.insert_or_assign(std::move(kind), std::move(handler));
}

Result<> JobRunner::start(bool alone) {
  if (alone) {
    PACS_TRY(queue_.release_all(options_.attempts_max));
  }
  const auto executor = [this] { return pool_.context().get_executor(); };
  for (std::size_t i = 0; i < std::max<std::size_t>(options_.workers, 1); ++i) {
    performing_.push_back(std::make_shared<Worker>(Worker{executor()}));
  }
  dispatching_ = std::make_shared<Loop>(executor());
  tidying_ = std::make_shared<Loop>(executor());
  const auto spawn = [this](const std::shared_ptr<Loop>& loop, Task<void> work) {
    ended_->begin();
    boost::asio::co_spawn(loop->executor, std::move(work),
                          [ended = ended_](const std::exception_ptr& thrown) {
                            if (thrown) std::rethrow_exception(thrown);  // our own bug
                            ended->end();
                          });
  };
  spawn(tidying_, tidy(tidying_));
  spawn(dispatching_, dispatch(dispatching_));
  return {};
}

void JobRunner::wake() {
  if (!dispatching_) return;
  boost::asio::post(dispatching_->executor, [loop = dispatching_] { loop->wake(); });
}

void JobRunner::shut_down(milliseconds grace) {
  ending_ = true;
  for (const auto& loop : {dispatching_, tidying_}) {
    if (loop) boost::asio::post(loop->executor, [loop] { loop->wake(); });
  }
  std::unique_lock lock{ended_->mutex};
  const auto all_ended = [this] { return ended_->running == 0; };
  if (ended_->changed.wait_for(lock, grace, all_ended)) return;
  for (const auto& worker : performing_) {
    boost::asio::post(worker->executor, [worker] {
      if (worker->run) worker->run->stop.request_stop();
    });
  }
  ended_->changed.wait(lock, all_ended);
}

Task<void> JobRunner::rest(std::shared_ptr<Loop> loop, milliseconds most) {
  if (loop->woken || ending_) co_return;
  loop->timer.expires_after(most);
  boost::system::error_code cancelled;
  co_await loop->timer.async_wait(
      boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
}

std::shared_ptr<JobRunner::Worker> JobRunner::free_worker() const {
  const auto found =
      std::ranges::find_if(performing_, [](const auto& worker) { return !worker->busy; });
  return found == performing_.end() ? nullptr : *found;
}

/// Destinations that do not answer leave workers to others: one has a second worker only while half
/// of them are free, one that failed has no second one, and all that failed have half of them
/// together.
storage::JobChoice JobRunner::choice() const {
  const std::size_t half = std::max<std::size_t>(performing_.size() / 2, 1);
  std::size_t busy = 0, failing = 0;
  for (const auto& worker : performing_) {
    busy += worker->busy ? 1 : 0;
    failing += worker->busy && failing_.contains(worker->destination) ? 1 : 0;
  }
  std::set<std::string> held_up;
  for (const auto& worker : performing_) {
    if (!worker->busy || worker->destination.empty()) continue;
    if (busy >= half || failing_.contains(worker->destination)) held_up.insert(worker->destination);
  }
  if (failing >= half) held_up.insert(failing_.begin(), failing_.end());
  return {kinds_, {held_up.begin(), held_up.end()}};
}

Task<Result<std::optional<storage::Job>>> JobRunner::take(const storage::JobChoice& choice) {
  const storage::JobTaking taking{.which = choice,
                                  .owner = fmt::format("{}/{}", process_, ++takings_),
                                  .lease_ms = options_.lease.count(),
                                  .attempts_max = options_.attempts_max};
  const auto take = [&] { return queue_.take(taking); };
  Result<std::optional<storage::Job>> taken = co_await on_worker(workers_, take);
  co_return taken;
}

/// Looks before it takes: only a taking keeps other writers waiting.
Task<void> JobRunner::dispatch(std::shared_ptr<Loop> self) {
  while (!ending_) {
    self->woken = false;
    milliseconds pause = options_.poll;
    if (const auto worker = free_worker()) {
      const storage::JobChoice wanted = choice();
      const auto look = [&] { return queue_.next_due(wanted); };
      const Result<std::optional<std::int64_t>> due = co_await on_worker(workers_, look);
      Result<std::optional<storage::Job>> taken;
      if (!due) {
        taken = fail(due.error());
      } else if (*due && **due > integration::now_ms()) {
        pause = std::min(pause, milliseconds{**due - integration::now_ms()});
      } else if (*due) {
        Result<std::optional<storage::Job>> got = co_await take(wanted);
        taken = std::move(got);
        pause = kAgain;
      }
      if (!taken) {
        log_.error("", "jobs cannot be taken", {{"why", taken.error().to_string()}});
        pause = options_.poll;
      } else if (*taken) {
        begin(worker, std::move(**taken));
        continue;
      }
    }
    co_await rest(self, std::max(pause, kAgain));
  }
}

void JobRunner::begin(const std::shared_ptr<Worker>& worker, storage::Job job) {
  worker->busy = true;
  worker->destination = job.destination;
  ended_->begin();
  boost::asio::co_spawn(worker->executor, perform(worker, std::move(job)),
                        [this, worker](const std::exception_ptr& thrown, JobOutcome::Kind outcome) {
                          if (thrown) std::rethrow_exception(thrown);  // our own bug
                          boost::asio::post(dispatching_->executor, [this, worker, outcome] {
                            ended(*worker, outcome);
                            const auto last = ended_;  // the runner may go with it
                            last->end();
                          });
                        });
}

void JobRunner::ended(Worker& worker, JobOutcome::Kind outcome) {
  const std::string destination = std::exchange(worker.destination, {});
  worker.busy = false;
  if (outcome == JobOutcome::Kind::Done) failing_.erase(destination);
  if (outcome == JobOutcome::Kind::Retry && !destination.empty() && failing_.size() < kFailingMax) {
    failing_.insert(destination);
  }
  dispatching_->wake();
}

Task<void> JobRunner::tidy(std::shared_ptr<Loop> self) {
  auto next = std::chrono::steady_clock::now();
  while (!ending_) {
    if (std::chrono::steady_clock::now() >= next) {
      const auto before = integration::now_ms() - milliseconds{options_.keep}.count();
      const auto remove = [&] { return queue_.remove_ended(before, kTidiedAtOnce); };
      const Result<std::int64_t> removed = co_await on_worker(workers_, remove);
      if (!removed) log_.warning("", "old jobs stay", {{"why", removed.error().to_string()}});
      const bool more = removed && *removed == kTidiedAtOnce;
      next =
          std::chrono::steady_clock::now() + (more ? milliseconds{100} : milliseconds{kTidyEvery});
    }
    self->woken = false;
    const auto left =
        std::chrono::duration_cast<milliseconds>(next - std::chrono::steady_clock::now());
    co_await rest(self, std::max(left, kAgain));
  }
}

Task<JobOutcome> JobRunner::attempt(Run& run) {
  JobOutcome outcome;
  try {
    JobOutcome said = co_await handlers_.find(run.job().kind)->second(run);
    outcome = std::move(said);
  } catch (const std::exception& error) {
    outcome = JobOutcome::retry(std::string{"internal: "} + error.what());
  }
  co_return outcome;
}

Task<void> JobRunner::beat(std::shared_ptr<Run> run) {
  while (!run->ended) {
    run->next_beat.expires_after(options_.beat);
    boost::system::error_code cancelled;
    co_await run->next_beat.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    if (run->ended) break;
    const storage::JobRenewal renewal = run->renewal();
    const auto renew = [&] { return queue_.renew(run->claim, renewal); };
    const Result<bool> ours = co_await on_worker(workers_, renew);
    if (!ours) {
      log_.warning(run->id(), "the lease is not renewed", {{"why", ours.error().to_string()}});
    } else if (!*ours && !run->ended) {
      run->void_claim();
      break;
    }
  }
  run->beating = false;
  run->changed.notify_all();
}

Task<JobOutcome::Kind> JobRunner::perform(std::shared_ptr<Worker> worker, storage::Job job) {
  const auto run = std::make_shared<Run>(*this, worker->executor, std::move(job));
  worker->run = run;
  boost::asio::co_spawn(worker->executor, beat(run), boost::asio::detached);
  const JobOutcome outcome = co_await attempt(*run);
  run->ended = true;
  run->next_beat.cancel();
  while (run->beating) co_await run->changed.wait();
  worker->run.reset();

  const JobEnd end = end_of(*run, outcome);
  const auto tell = [&] { return queue_.end(run->claim, end); };
  const Result<bool> counts = co_await on_worker(workers_, tell);
  if (!counts) {
    // Its lease ends, and somebody does it again.
    log_.error(run->id(), "the end of a job is not kept", {{"why", counts.error().to_string()}});
  } else {
    report(*run, end, *counts);
  }
  co_return outcome.kind;
}

JobEnd JobRunner::end_of(const Run& run, const JobOutcome& outcome) const {
  const storage::Job& job = run.job();
  if (outcome.kind == JobOutcome::Kind::Done) return {.how = JobEnd::How::Done};
  if (outcome.kind == JobOutcome::Kind::Dead) return {JobEnd::How::Dead, outcome.reason};
  if (ending_ && run.stop_token().stop_requested()) return {.how = JobEnd::How::GivenBack};
  if (job.attempts >= options_.attempts_max) {
    return {JobEnd::How::Dead,
            fmt::format("given up after {} attempts: {}", job.attempts, outcome.reason)};
  }
  const milliseconds delay = retry_delay(options_, job.attempts, chance());
  return {JobEnd::How::Later, outcome.reason, integration::now_ms() + delay.count()};
}

void JobRunner::report(const Run& run, const JobEnd& end, bool counts) const {
  static constexpr std::string_view kOutcomes[] = {"done", "retry", "dead", "given_back"};
  const std::string_view outcome =
      counts ? kOutcomes[static_cast<std::size_t>(end.how)] : "cancelled";
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - run.started;
  const storage::Job& job = run.job();
  measures_->ended(job.kind, outcome, took.count());
  const std::string seconds = fmt::format("{:.3f}", took.count());
  const std::string attempt = std::to_string(job.attempts);
  const bool failed = counts && (end.how == JobEnd::How::Later || end.how == JobEnd::How::Dead);
  log_.log(failed ? integration::LogLevel::Warning : integration::LogLevel::Info, run.id(),
           fmt::format("{} {}", job.kind, outcome),
           {{"subject", job.subject},
            {"destination", job.destination},
            {"attempt", attempt},
            {"seconds", seconds},
            {"why", end.error}});
}

}  // namespace pacs::services
