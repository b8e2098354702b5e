#include "services/jobs/job_runner.h"

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "integration/clock.h"
#include "integration/metrics.h"
#include "integration/thread_adapter.h"
#include "services/dispatch/event.h"
#include "tests/services/test_archive.h"

namespace pacs::services {
namespace {

using std::chrono::milliseconds;
using storage::JobState;

/// What a handler waits with.
Task<void> pause(milliseconds time) {
  boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, time};
  boost::system::error_code ignored;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
}

/// The queue of the archive, which counts what it is asked.
class CountedQueue final : public storage::JobQueue {
 public:
  explicit CountedQueue(storage::JobQueue& queue) : queue_(queue) {}
  Result<std::optional<storage::Job>> take(const storage::JobTaking& taking) override {
    ++takings;
    return queue_.take(taking);
  }
  Result<bool> renew(const storage::JobClaim& claim, const storage::JobRenewal& renewal) override {
    return queue_.renew(claim, renewal);
  }
  Result<bool> end(const storage::JobClaim& claim, const storage::JobEnd& end) override {
    return queue_.end(claim, end);
  }
  Result<std::optional<std::int64_t>> next_due(const storage::JobChoice& choice) override {
    ++looks;
    return queue_.next_due(choice);
  }
  Result<> release_all(std::int64_t attempts_max) override {
    return queue_.release_all(attempts_max);
  }
  Result<std::int64_t> remove_ended(std::int64_t before_ms, std::int64_t most) override {
    return queue_.remove_ended(before_ms, most);
  }

  std::atomic<int> takings{0}, looks{0};

 private:
  storage::JobQueue& queue_;
};

class JobRunnerTest : public testing::Test {
 protected:
  JobRunnerTest() {
    options.retry_min = milliseconds{20};
    options.beat = milliseconds{20};
    options.poll = milliseconds{60'000};  // a test that needs it takes too long
  }
  ~JobRunnerTest() override {
    runner.reset();
    workers.reset();
    pool.stop();
  }
  void starts(JobHandler handler) {
    runner = std::make_unique<JobRunner>(queue, *workers, pool, options, integration::Logger{},
                                         metrics.get());
    runner->handle("test", std::move(handler));
    ASSERT_TRUE(runner->start());
  }
  std::int64_t adds(std::string subject, std::int64_t due_ms = 0, std::string destination = {}) {
    storage::NewJob job;
    job.kind = "test";
    job.subject = std::move(subject);
    job.destination = std::move(destination);
    job.due_ms = due_ms;
    const auto added = archive.jobs().add(job);
    EXPECT_TRUE(added);
    if (runner) runner->wake();
    return added.value_or(0);
  }
  storage::Job job(std::int64_t id) { return archive.jobs().find(id).value(); }
  bool becomes(std::int64_t id, JobState state) {
    for (int i = 0; i < 1000; ++i) {
      if (job(id).state == state) return true;
      std::this_thread::sleep_for(milliseconds{10});
    }
    return false;
  }

  integration::IoPool pool{2};
  std::unique_ptr<integration::Metrics> metrics = integration::Metrics::create();
  TestArchive archive;
  CountedQueue queue{archive.job_queue()};
  std::unique_ptr<integration::WorkPool> workers = std::make_unique<integration::WorkPool>(2);
  JobOptions options;
  std::unique_ptr<JobRunner> runner;
};

TEST_F(JobRunnerTest, AJobIsDoneAsSoonAsItIsAdded) {
  starts([](JobContext&) -> Task<JobOutcome> { co_return JobOutcome::done(); });
  const std::int64_t id = adds("1");
  EXPECT_TRUE(becomes(id, JobState::Done));
  EXPECT_EQ(job(id).attempts, 1);
  runner.reset();  // it counts behind the table
  EXPECT_NE(metrics->exposition().find("pacs_job_runs_total{kind=\"test\",outcome=\"done\"} 1"),
            std::string::npos);
}

TEST_F(JobRunnerTest, AJobThatFailsIsTriedAgainUntilItSucceeds) {
  std::atomic<int> attempts{0};
  starts([&](JobContext&) -> Task<JobOutcome> {
    if (++attempts < 3) co_return JobOutcome::retry("not yet");
    co_return JobOutcome::done();
  });
  const std::int64_t id = adds("1");
  EXPECT_TRUE(becomes(id, JobState::Done));
  EXPECT_EQ(job(id).attempts, 3);
  EXPECT_EQ(job(id).error, "");
}

TEST_F(JobRunnerTest, AJobThatFailsTooOftenIsDead) {
  options.attempts_max = 3;
  starts([](JobContext&) -> Task<JobOutcome> { co_return JobOutcome::retry("nobody there"); });
  const std::int64_t id = adds("1");
  EXPECT_TRUE(becomes(id, JobState::Dead));
  EXPECT_EQ(job(id).error, "given up after 3 attempts: nobody there");
}

TEST_F(JobRunnerTest, AJobThatCannotSucceedIsDeadAtOnceAndAnExceptionIsNot) {
  starts([](JobContext& context) -> Task<JobOutcome> {
    if (context.job().subject == "dead") co_return JobOutcome::dead("no such thing");
    if (context.job().attempts == 1) throw std::runtime_error("oops");
    co_return JobOutcome::done();
  });
  const std::int64_t dead = adds("dead"), thrown = adds("throws");
  EXPECT_TRUE(becomes(dead, JobState::Dead));
  EXPECT_TRUE(becomes(thrown, JobState::Done));
}

TEST_F(JobRunnerTest, WaitsForTheTimeAJobIsDue) {
  starts([](JobContext&) -> Task<JobOutcome> { co_return JobOutcome::done(); });
  const std::int64_t due = integration::now_ms() + 150;
  const std::int64_t id = adds("1", due);
  EXPECT_TRUE(becomes(id, JobState::Done));
  EXPECT_GE(job(id).changed_ms, due);
}

TEST_F(JobRunnerTest, ACancelledJobIsToldToStop) {
  std::atomic<bool> stopped{false};
  starts([&](JobContext& context) -> Task<JobOutcome> {
    while (!context.stop_token().stop_requested()) co_await pause(milliseconds{5});
    stopped = true;
    co_return JobOutcome::done();
  });
  const std::int64_t id = adds("1");
  EXPECT_TRUE(becomes(id, JobState::Running));
  EXPECT_TRUE(archive.jobs().cancel(id));
  for (int i = 0; i < 1000 && !stopped; ++i) std::this_thread::sleep_for(milliseconds{5});
  EXPECT_TRUE(stopped);
  runner.reset();
  EXPECT_EQ(job(id).state, JobState::Cancelled);
}

TEST_F(JobRunnerTest, WhatTheEndInterruptsIsGivenBackAndDoneAfterTheStart) {
  std::atomic<bool> patient{true};
  const JobHandler handler = [&](JobContext& context) -> Task<JobOutcome> {
    while (patient && !context.stop_token().stop_requested()) co_await pause(milliseconds{5});
    if (patient) co_return JobOutcome::retry("interrupted");
    co_return JobOutcome::done();
  };
  starts(handler);
  const std::int64_t id = adds("1");
  EXPECT_TRUE(becomes(id, JobState::Running));
  runner->shut_down(milliseconds{20});
  EXPECT_EQ(job(id).state, JobState::Waiting);
  EXPECT_EQ(job(id).attempts, 0);
  patient = false;
  starts(handler);
  EXPECT_TRUE(becomes(id, JobState::Done));
}

TEST_F(JobRunnerTest, WhatAnotherProcessLeftIsDoneAfterTheStart) {
  const std::int64_t id = adds("1");
  ASSERT_TRUE(archive.job_queue().take({.which = {.kinds = {"test"}}, .owner = "gone"}).value());
  starts([](JobContext&) -> Task<JobOutcome> { co_return JobOutcome::done(); });
  EXPECT_TRUE(becomes(id, JobState::Done));
}

TEST_F(JobRunnerTest, ALongJobKeepsItsLeaseAndShowsItsProgress) {
  options.lease = milliseconds{100};
  options.poll = milliseconds{20};
  std::atomic<bool> goes_on{true};
  std::atomic<int> attempts{0};
  starts([&](JobContext& context) -> Task<JobOutcome> {
    ++attempts;
    context.progress(7, 10);
    while (goes_on) co_await pause(milliseconds{5});
    co_return JobOutcome::done();
  });
  const std::int64_t id = adds("1");
  for (int i = 0; i < 1000 && job(id).progress_done != 7; ++i) {
    std::this_thread::sleep_for(milliseconds{5});
  }
  EXPECT_EQ(job(id).progress_done, 7);
  EXPECT_EQ(job(id).progress_total, 10);
  std::this_thread::sleep_for(milliseconds{300});
  goes_on = false;
  EXPECT_TRUE(becomes(id, JobState::Done));
  EXPECT_EQ(attempts, 1);
}

TEST_F(JobRunnerTest, WhatAHandlerKeepsIsThereAtTheNextAttempt) {
  starts([](JobContext& context) -> Task<JobOutcome> {
    if (!context.job().payload.empty()) co_return JobOutcome::done();
    Bytes payload(1, std::byte{1});
    Result<> kept = co_await context.keep(std::move(payload));
    co_return kept ? JobOutcome::retry("once more") : JobOutcome::dead("not kept");
  });
  EXPECT_TRUE(becomes(adds("1"), JobState::Done));
}

TEST_F(JobRunnerTest, JobsAreDoneBesideEachOther) {
  std::atomic<int> at_once{0}, most{0};
  starts([&](JobContext&) -> Task<JobOutcome> {
    most = std::max<int>(most, ++at_once);
    for (int i = 0; i < 100 && most < 2; ++i) co_await pause(milliseconds{10});
    --at_once;
    co_return JobOutcome::done();
  });
  const std::int64_t one = adds("1"), two = adds("2"), three = adds("3");
  EXPECT_TRUE(becomes(one, JobState::Done));
  EXPECT_TRUE(becomes(two, JobState::Done));
  EXPECT_TRUE(becomes(three, JobState::Done));
  EXPECT_EQ(most, 2);
}

TEST_F(JobRunnerTest, DestinationsThatDoNotAnswerLeaveWorkersToOthers) {
  options.workers = 8;
  starts([](JobContext& context) -> Task<JobOutcome> {
    const bool silent = context.job().destination.starts_with("SILENT");
    while (silent && !context.stop_token().stop_requested()) co_await pause(milliseconds{5});
    co_return silent ? JobOutcome::retry("no answer") : JobOutcome::done();
  });
  for (const std::string silent : {"SILENT1", "SILENT2", "SILENT3", "SILENT4"}) {
    for (const char* number : {"1", "2", "3"}) adds(silent + number, 0, silent);
  }
  EXPECT_TRUE(becomes(adds("report", 0, "ANSWERS"), JobState::Done));
}

TEST_F(JobRunnerTest, DestinationsThatFailedHaveHalfOfTheWorkersAtMost) {
  options.workers = 4;
  options.retry_min = milliseconds{1};
  std::atomic<bool> answer_nothing{false};
  std::atomic<int> waiting{0};
  starts([&](JobContext& context) -> Task<JobOutcome> {
    if (context.job().destination == "ANSWERS") co_return JobOutcome::done();
    ++waiting;
    while (answer_nothing && !context.stop_token().stop_requested()) {
      co_await pause(milliseconds{5});
    }
    --waiting;
    co_return JobOutcome::retry("refused");
  });
  for (int i = 0; i < 6; ++i) {
    const std::int64_t id = adds(std::to_string(i), 0, "SILENT" + std::to_string(i));
    for (int look = 0; look < 1000 && job(id).attempts < 2; ++look) {
      std::this_thread::sleep_for(milliseconds{5});
    }
  }
  answer_nothing = true;  // all are known to fail now
  for (int look = 0; look < 1000 && waiting < 2; ++look) {
    std::this_thread::sleep_for(milliseconds{5});
  }
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(becomes(adds("report" + std::to_string(i), 0, "ANSWERS"), JobState::Done));
    EXPECT_LE(waiting, 2);
  }
  runner.reset();  // its jobs count here
}

TEST_F(JobRunnerTest, AWakeWritesNothingWhenNothingIsDue) {
  options.workers = 8;
  starts([](JobContext&) -> Task<JobOutcome> { co_return JobOutcome::done(); });
  for (int wakes = 1; wakes <= 3; ++wakes) {
    const int looked = queue.looks;
    runner->wake();
    for (int i = 0; i < 1000 && queue.looks == looked; ++i) {
      std::this_thread::sleep_for(milliseconds{5});
    }
    EXPECT_GT(queue.looks, looked);
  }
  EXPECT_EQ(queue.takings, 0);
  EXPECT_TRUE(becomes(adds("1"), JobState::Done));
  runner.reset();
  EXPECT_EQ(queue.takings, 1) << "one worker took it, the others did not try";
}

TEST(RetryDelay, DoublesUpToAnHourWithAFifthOfChance) {
  const JobOptions options;
  EXPECT_EQ(retry_delay(options, 1, 0.5), milliseconds{10'000});
  EXPECT_EQ(retry_delay(options, 2, 0.5), milliseconds{20'000});
  EXPECT_EQ(retry_delay(options, 5, 0.5), milliseconds{160'000});
  EXPECT_EQ(retry_delay(options, 9, 0.5), milliseconds{2'560'000});
  EXPECT_EQ(retry_delay(options, 10, 0.5), milliseconds{3'600'000});
  EXPECT_EQ(retry_delay(options, 1'000'000, 0.5), milliseconds{3'600'000});
  EXPECT_EQ(retry_delay(options, 1, 0), milliseconds{8'000});
  EXPECT_EQ(retry_delay(options, 1, 1), milliseconds{12'000});
}

}  // namespace
}  // namespace pacs::services
