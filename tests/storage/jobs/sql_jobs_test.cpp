#include "storage/jobs/sql_jobs.h"

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "tests/storage/temporary_folder.h"

namespace pacs::storage::test {
namespace {

class SqlJobsTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  /// As after a start of the program.
  void open() {
    jobs_.reset();
    database_.reset();
    auto opened = IndexDatabase::open_sqlite(make_file_system(), folder_.path(), true);
    ASSERT_TRUE(opened) << opened.error().to_string();
    database_ = std::move(*opened);
    jobs_ = std::make_unique<SqlJobs>(*database_, [this] { return now_.load(); });
  }

  static NewJob job(std::string subject, std::int64_t priority = 0, std::int64_t due_ms = 0) {
    NewJob job;
    job.kind = "report";
    job.destination = "CT" + subject;
    job.subject = std::move(subject);
    job.payload = {std::byte{1}, std::byte{0}, std::byte{2}};
    job.priority = priority;
    job.due_ms = due_ms;
    job.progress_total = 10;
    return job;
  }
  std::int64_t adds(const NewJob& job) {
    const auto added = jobs_->add(job);
    EXPECT_TRUE(added) << added.error().to_string();
    return added.value_or(0);
  }
  /// Its subject; "" when none is due.
  std::string takes(const std::string& owner = "w1") {
    taken_ = jobs_->take({.which = {.kinds = {"report"}}, .owner = owner}).value();
    return taken_ ? taken_->subject : "";
  }
  bool ends(JobEnd end) { return jobs_->end({taken_->id, taken_->owner}, end).value(); }

  std::atomic<std::int64_t> now_{1'000'000};
  TemporaryFolder folder_;
  std::unique_ptr<IndexDatabase> database_;
  std::unique_ptr<SqlJobs> jobs_;
  std::optional<Job> taken_;
};

TEST_F(SqlJobsTest, AJobComesBackAsItWasAddedAlsoAfterAStart) {
  const std::int64_t id = adds(job("1.2.3"));
  open();
  const Job found = jobs_->find(id).value();
  EXPECT_EQ(found.kind, "report");
  EXPECT_EQ(found.subject, "1.2.3");
  EXPECT_EQ(found.destination, "CT1.2.3");
  EXPECT_EQ(found.payload, job("").payload);
  EXPECT_EQ(found.state, JobState::Waiting);
  EXPECT_EQ(found.due_ms, 1'000'000);
  EXPECT_EQ(found.created_ms, 1'000'000);
  EXPECT_EQ(found.progress_total, 10);
  EXPECT_EQ(jobs_->find(id + 1).error().kind, ErrorKind::NotFound);
}

TEST_F(SqlJobsTest, AJobNeedsNoPayload) {
  NewJob bare;
  bare.kind = "report";
  EXPECT_TRUE(jobs_->find(adds(bare))->payload.empty());
}

TEST_F(SqlJobsTest, TheHigherPriorityGoesFirstThenTheOneThatIsLongerDue) {
  adds(job("late", 0, 900'000));
  adds(job("early", 0, 800'000));
  adds(job("urgent", 5));
  adds(job("idle", -5, 1));
  adds(job("tomorrow", 100, 2'000'000));
  EXPECT_EQ(takes(), "urgent");
  EXPECT_EQ(takes(), "early");
  EXPECT_EQ(takes(), "late");
  EXPECT_EQ(takes(), "idle");
  EXPECT_EQ(takes(), "");
  now_ = 2'000'000;
  EXPECT_EQ(takes(), "tomorrow");
}

TEST_F(SqlJobsTest, OneThatDoesNotAnswerHoldsUpItsOwnJobsOnly) {
  for (const std::string subject : {"a", "b", "c"}) {
    NewJob silent = job(subject);
    silent.destination = "SILENT";
    adds(silent);
  }
  adds(job("d"));
  EXPECT_EQ(takes(), "a");
  const Job first = *taken_;
  EXPECT_EQ(takes(), "b");
  EXPECT_EQ(takes(), "d") << "two of one destination are running";
  EXPECT_EQ(takes(), "");
  EXPECT_GT(jobs_->next_due({.kinds = {"report"}}).value(), now_.load())
      << "nothing before a lease ends";
  taken_ = first;
  EXPECT_TRUE(ends({.how = JobEnd::How::Done}));
  EXPECT_EQ(takes(), "c");
}

TEST_F(SqlJobsTest, WhatOneSubjectHasForOnePeerGoesInTheOrderItWasAdded) {
  const auto step = [this](const std::string& subject, const std::string& destination) {
    NewJob event = job(subject);
    event.destination = destination;
    return adds(event);
  };
  const auto begun = step("step", "RIS");
  const auto ended = step("step", "RIS");
  const auto other_peer = step("step", "HIS");
  const auto other_step = step("step2", "RIS");
  EXPECT_EQ(takes(), "step");
  EXPECT_EQ(taken_->id, begun);
  const Job first = *taken_;
  takes();
  EXPECT_EQ(taken_->id, other_peer);
  takes();
  EXPECT_EQ(taken_->id, other_step);
  EXPECT_EQ(takes(), "") << "the end waits for the beginning";
  taken_ = first;
  EXPECT_TRUE(ends({JobEnd::How::Later, "no answer", now_ + 10'000}));
  EXPECT_EQ(takes(), "") << "also while that waits to be tried again";
  EXPECT_EQ(jobs_->next_due({.kinds = {"report"}}).value(), 1'010'000);
  now_ = 1'010'000;
  EXPECT_EQ(takes(), "step");
  EXPECT_EQ(taken_->id, begun);
  EXPECT_TRUE(ends({JobEnd::How::Dead, "given up"}));
  EXPECT_EQ(takes(), "step") << "what is given up holds up nothing";
  EXPECT_EQ(taken_->id, ended);
}

TEST_F(SqlJobsTest, ThoseWhoAreHeldUpAreNeitherTakenNorDue) {
  adds(job("1"));
  adds(job("2"));
  const JobChoice choice{.kinds = {"report"}, .held_up = {"CT1"}};
  EXPECT_EQ(jobs_->take({.which = choice, .owner = "w1"}).value()->subject, "2");
  EXPECT_EQ(jobs_->take({.which = choice, .owner = "w2"}).value(), std::nullopt);
  EXPECT_GT(jobs_->next_due(choice).value(), now_.load()) << "nothing before a lease ends";
}

TEST_F(SqlJobsTest, OnlyJobsOfTheKindsAskedForAreTaken) {
  adds(job("1.2.3"));
  EXPECT_FALSE(jobs_->take({.which = {.kinds = {"other"}}, .owner = "w"}).value());
  EXPECT_FALSE(jobs_->take({.which = {.kinds = {}}, .owner = "w"}).value());
  EXPECT_TRUE(jobs_->take({.which = {.kinds = {"other", "report"}}, .owner = "w"}).value());
}

TEST_F(SqlJobsTest, NoJobIsTakenTwiceByManyWorkers) {
  constexpr int kJobs = 300, kWorkers = 8;
  for (int i = 0; i < kJobs; ++i) {
    ASSERT_TRUE(database_->write(
        [&](SqlDatabase& database) -> Result<> {
          const auto added = add_job(database, job(std::to_string(i)), now_);
          return added ? Result<>{} : fail(added.error());
        },
        IndexDatabase::Sync::Later));
  }
  std::mutex mutex;
  std::map<std::int64_t, int> taken;
  std::vector<std::thread> workers;
  for (int w = 0; w < kWorkers; ++w) {
    workers.emplace_back([&, w] {
      for (int n = 0;; ++n) {
        const std::string owner = std::to_string(w) + "/" + std::to_string(n);
        const auto job = jobs_->take({.which = {.kinds = {"report"}}, .owner = owner}).value();
        if (!job) return;
        const std::lock_guard lock{mutex};
        ++taken[job->id];
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(taken.size(), std::size_t{kJobs});
  for (const auto& [id, times] : taken) EXPECT_EQ(times, 1) << id;
}

TEST_F(SqlJobsTest, TwoProcessesOnOneTableDoNotTakeAJobTwice) {
  auto other_database = IndexDatabase::open_sqlite(make_file_system(), folder_.path(), true);
  ASSERT_TRUE(other_database);
  SqlJobs other(**other_database, [this] { return now_.load(); });
  constexpr int kJobs = 100;
  for (int i = 0; i < kJobs; ++i) adds(job(std::to_string(i)));
  std::atomic<int> taken{0};
  std::set<std::int64_t> ids[2];
  const auto work = [&](SqlJobs& jobs, const std::string& name, std::set<std::int64_t>& mine) {
    for (int n = 0;; ++n) {
      const auto job =
          jobs.take({.which = {.kinds = {"report"}}, .owner = name + std::to_string(n)}).value();
      if (!job) return;
      mine.insert(job->id);
      ++taken;
    }
  };
  std::thread one([&] { work(*jobs_, "a", ids[0]); });
  std::thread two([&] { work(other, "b", ids[1]); });
  one.join();
  two.join();
  EXPECT_EQ(taken, kJobs);
  ids[0].merge(ids[1]);
  EXPECT_EQ(ids[0].size(), std::size_t{kJobs});
}

TEST_F(SqlJobsTest, AnExpiredLeaseIsUpForTakingAndItsFirstOwnerHasNoSayAnyMore) {
  adds(job("1.2.3"));
  EXPECT_EQ(takes("first"), "1.2.3");
  const JobClaim first{taken_->id, taken_->owner};
  now_ += 20'000;
  EXPECT_TRUE(jobs_->renew(first, {3, 10}).value());
  EXPECT_EQ(jobs_->find(first.id)->progress_done, 3);
  now_ += 20'000;
  EXPECT_EQ(takes("second"), "") << "the lease was renewed";
  now_ += 10'001;
  EXPECT_EQ(takes("second"), "1.2.3");
  EXPECT_EQ(taken_->attempts, 2);
  EXPECT_FALSE(jobs_->renew(first, {4, 10}).value());
  EXPECT_FALSE(jobs_->end(first, {}).value());
  EXPECT_EQ(jobs_->find(first.id)->state, JobState::Running);
  EXPECT_TRUE(ends({}));
  EXPECT_EQ(jobs_->find(first.id)->state, JobState::Done);
}

TEST_F(SqlJobsTest, AfterAStartNoLeaseHolds) {
  adds(job("1.2.3"));
  EXPECT_EQ(takes("gone"), "1.2.3");
  open();
  EXPECT_EQ(takes(), "");
  EXPECT_TRUE(jobs_->release_all(100));
  EXPECT_EQ(takes(), "1.2.3");
  EXPECT_EQ(taken_->attempts, 2);
}

TEST_F(SqlJobsTest, AJobThatKeepsEndingItsProcessIsDeadInTheEnd) {
  const std::int64_t id = adds(job("poison"));
  for (int start = 0; start < 3; ++start) {
    EXPECT_EQ(takes(), "poison");
    EXPECT_TRUE(jobs_->release_all(3));
  }
  EXPECT_EQ(takes(), "");
  EXPECT_EQ(jobs_->find(id)->state, JobState::Dead);
}

TEST_F(SqlJobsTest, AJobComesBackWhenItIsDueAgain) {
  adds(job("1.2.3"));
  EXPECT_EQ(takes(), "1.2.3");
  EXPECT_TRUE(ends({JobEnd::How::Later, "nobody answered", 1'010'000}));
  EXPECT_EQ(takes(), "");
  EXPECT_EQ(jobs_->next_due({.kinds = {"report"}}).value(), 1'010'000);
  EXPECT_EQ(jobs_->next_due({.kinds = {"other"}}).value(), std::nullopt);
  now_ = 1'010'000;
  EXPECT_EQ(takes(), "1.2.3");
  EXPECT_EQ(taken_->attempts, 2);
  EXPECT_EQ(taken_->error, "nobody answered");
}

TEST_F(SqlJobsTest, WhatIsGivenBackHasNotBeenAttempted) {
  adds(job("1.2.3"));
  EXPECT_EQ(takes(), "1.2.3");
  EXPECT_TRUE(ends({.how = JobEnd::How::GivenBack}));
  EXPECT_EQ(takes(), "1.2.3");
  EXPECT_EQ(taken_->attempts, 1);
}

TEST_F(SqlJobsTest, ACancelledJobIsNotTakenAndItsWorkerIsTold) {
  const std::int64_t waiting = adds(job("waiting", -1)), running = adds(job("running"));
  EXPECT_EQ(takes(), "running");
  EXPECT_EQ(jobs_->cancel(waiting)->state, JobState::Cancelled);
  EXPECT_EQ(jobs_->cancel(running)->state, JobState::Cancelled);
  EXPECT_FALSE(jobs_->renew({running, "w1"}, {}).value());
  EXPECT_FALSE(ends({}));
  EXPECT_EQ(jobs_->find(running)->state, JobState::Cancelled);
  EXPECT_EQ(takes(), "");
  EXPECT_EQ(jobs_->cancel(running).error().kind, ErrorKind::Mismatch);
  EXPECT_EQ(jobs_->cancel(99).error().kind, ErrorKind::NotFound);
}

TEST_F(SqlJobsTest, ADeadJobIsTriedAgainWhenAnOperatorSaysSo) {
  const std::int64_t id = adds(job("1.2.3"));
  EXPECT_EQ(takes(), "1.2.3");
  EXPECT_EQ(jobs_->retry(id).error().kind, ErrorKind::Mismatch) << "running";
  EXPECT_TRUE(ends({JobEnd::How::Dead, "refused"}));
  EXPECT_EQ(takes(), "");
  EXPECT_EQ(jobs_->find(id)->error, "refused");
  EXPECT_EQ(jobs_->retry(id)->attempts, 0);
  EXPECT_EQ(takes(), "1.2.3");
}

TEST_F(SqlJobsTest, ADoneJobIsRepeatedOnlyForWhoeverAskedForIt) {
  const std::int64_t id = adds(job("1.2.3"));
  EXPECT_EQ(takes(), "1.2.3");
  EXPECT_EQ(jobs_->repeat(id).error().kind, ErrorKind::Mismatch) << "running";
  EXPECT_TRUE(ends({}));
  const auto again = jobs_->retry(id);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::Mismatch);
  EXPECT_EQ(jobs_->find(id)->state, JobState::Done);
  EXPECT_EQ(jobs_->repeat(id)->state, JobState::Waiting);
  EXPECT_EQ(takes(), "1.2.3");
}

TEST_F(SqlJobsTest, WhatWaitsForAnAeIsDueWhenItCanBeReached) {
  NewJob here = job("here"), elsewhere = job("elsewhere");
  here.destination = "CT01";
  elsewhere.destination = "CT02";
  here.due_ms = elsewhere.due_ms = now_ + 1000;
  adds(here);
  adds(elsewhere);
  EXPECT_EQ(jobs_->make_due("CT01").value(), 1);
  EXPECT_EQ(jobs_->make_due("CT01").value(), 0) << "it is due";
  EXPECT_EQ(jobs_->make_due("NOBODY").value(), 0);
  EXPECT_EQ(takes(), "here");
  EXPECT_EQ(takes(), "");
}

TEST_F(SqlJobsTest, ARunningJobIsNotRemoved) {
  const std::int64_t id = adds(job("1.2.3"));
  EXPECT_EQ(takes(), "1.2.3");
  EXPECT_EQ(jobs_->remove(id).error().kind, ErrorKind::Mismatch);
  EXPECT_TRUE(ends({}));
  EXPECT_TRUE(jobs_->remove(id));
  EXPECT_EQ(jobs_->remove(id).error().kind, ErrorKind::NotFound);
}

TEST_F(SqlJobsTest, OldEndedJobsGoAndOthersStay) {
  const std::int64_t done = adds(job("done")), waiting = adds(job("waiting", -1));
  EXPECT_EQ(takes(), "done");
  EXPECT_TRUE(ends({}));
  EXPECT_EQ(jobs_->remove_ended(now_, 100).value(), 0);
  EXPECT_EQ(jobs_->remove_ended(now_ + 1, 100).value(), 1);
  EXPECT_EQ(jobs_->find(done).error().kind, ErrorKind::NotFound);
  EXPECT_TRUE(jobs_->find(waiting));
}

TEST_F(SqlJobsTest, OfJobsThatAreToBeOnceOneIsKept) {
  NewJob once = job("1.2.3");
  once.once = "CT01/1.2.3";
  EXPECT_TRUE(jobs_->add(once));
  EXPECT_EQ(jobs_->add(once).error().kind, ErrorKind::Duplicate);
  EXPECT_TRUE(jobs_->add(job("1.2.3"))) << "it does not say so";
  EXPECT_TRUE(jobs_->add(job("1.2.3")));
  EXPECT_EQ(jobs_->counts().value()[0], 3U);
}

TEST_F(SqlJobsTest, ListsAreFilteredAndPagedTheLatestFirst) {
  for (int i = 1; i <= 5; ++i) adds(job(std::to_string(i)));
  NewJob other = job("x");
  other.kind = "other";
  other.destination = "MR01";
  adds(other);
  const auto subjects = [&](JobFilter filter) {
    std::string all;
    const std::vector<Job> jobs = jobs_->list(filter).value();
    for (const Job& job : jobs) {
      EXPECT_TRUE(job.payload.empty());
      all += job.subject;
    }
    return all;
  };
  EXPECT_EQ(subjects({}), "x54321");
  EXPECT_EQ(subjects({.kind = "report", .limit = 2}), "54");
  EXPECT_EQ(subjects({.kind = "report", .before = 4, .limit = 2}), "32");
  EXPECT_EQ(subjects({.destination = "MR01"}), "x");
  EXPECT_EQ(subjects({.subject = "3"}), "3");
  EXPECT_EQ(subjects({.state = JobState::Done}), "");
}

TEST_F(SqlJobsTest, ThePriorityOfAWaitingJobChanges) {
  adds(job("first"));
  const std::int64_t second = adds(job("second"));
  EXPECT_EQ(jobs_->set_priority(second, 101).error().kind, ErrorKind::InvalidArgument);
  EXPECT_EQ(jobs_->set_priority(second, 7)->priority, 7);
  EXPECT_EQ(takes(), "second");
}

TEST_F(SqlJobsTest, AJobInATransactionThatFailsIsNotThere) {
  const Result<> written = database_->write(
      [&](SqlDatabase& database) -> Result<> {
        const auto added = add_job(database, job("1.2.3"), now_);
        EXPECT_TRUE(added);
        return fail(ErrorKind::Mismatch, "no");
      },
      IndexDatabase::Sync::Now);
  EXPECT_FALSE(written);
  EXPECT_EQ(takes(), "");
}

TEST_F(SqlJobsTest, APayloadThatIsKeptIsThereForTheNextAttempt) {
  adds(job("1.2.3"));
  EXPECT_EQ(takes(), "1.2.3");
  JobRenewal renewal;
  renewal.payload = Bytes{std::byte{9}};
  EXPECT_TRUE(jobs_->renew({taken_->id, taken_->owner}, renewal).value());
  EXPECT_TRUE(ends({JobEnd::How::Later, "again", 0}));
  EXPECT_EQ(takes(), "1.2.3");
  EXPECT_EQ(taken_->payload, Bytes{std::byte{9}});
}

TEST_F(SqlJobsTest, WhatIsNoJobIsRefused) {
  const auto refused = [&](auto change) {
    NewJob bad = job("1.2.3");
    change(bad);
    return jobs_->add(bad).error().kind;
  };
  EXPECT_EQ(refused([](NewJob& job) { job.kind = ""; }), ErrorKind::InvalidArgument);
  EXPECT_EQ(refused([](NewJob& job) { job.priority = -101; }), ErrorKind::InvalidArgument);
  EXPECT_EQ(refused([](NewJob& job) { job.subject = std::string(65, '1'); }),
            ErrorKind::InvalidArgument);
  EXPECT_EQ(refused([](NewJob& job) { job.payload.resize(kJobPayloadBytesMax + 1); }),
            ErrorKind::LimitExceeded);
}

TEST(JobStates, EachHasANameThatReadsBack) {
  for (std::size_t i = 0; i < kJobStates; ++i) {
    const auto state = static_cast<JobState>(i);
    EXPECT_EQ(job_state(to_string(state)), state);
  }
  EXPECT_EQ(job_state("asleep"), std::nullopt);
}

}  // namespace
}  // namespace pacs::storage::test
