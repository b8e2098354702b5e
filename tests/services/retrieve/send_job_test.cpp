#include "services/retrieve/send_job.h"

#include <thread>

#include <gmock/gmock.h>

#include "tests/services/retrieve/retrieve_fixture.h"

namespace pacs::services {
namespace {

using std::chrono::milliseconds;
using storage::JobState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class SendJobTest : public RetrieveTest {
 protected:
  ~SendJobTest() override {
    runner.reset();
    pool.stop();
  }
  void starts_runner() {
    jobs.retry_min = milliseconds{20};
    jobs.beat = milliseconds{20};
    runner = std::make_unique<JobRunner>(archive.job_queue(), job_workers, pool, jobs,
                                         integration::Logger{}, nullptr);
    SendOptions options;
    options.associations = move_associations;
    options.preferences = preferences;
    options.find_destination = [this](std::string_view title) -> Result<network::RequestOptions> {
      if (title != "TAKER" || !is_known) return fail(ErrorKind::NotFound, "no such AE");
      network::RequestOptions reach;
      reach.port = taker_port;
      reach.called_ae = "TAKER";
      reach.calling_ae = "PACS";
      return reach;
    };
    runner->handle(std::string(kSendJob),
                   send_handler(std::make_shared<const SendSetup>(
                       SendSetup{{{archive, job_workers, frame_memory}, {}}, std::move(options)})));
    ASSERT_TRUE(runner->start());
  }
  /// The job that sends the study of has_cts.
  std::int64_t sends(std::string series = {}) {
    const auto added = archive.jobs().add(send_job({"TAKER", "1.2.3.1", std::move(series)}));
    EXPECT_TRUE(added);
    if (runner) runner->wake();
    return added.value_or(0);
  }
  storage::Job job(std::int64_t id) { return archive.jobs().find(id).value(); }
  testing::AssertionResult becomes(std::int64_t id, JobState state) {
    return comes([&] { return job(id).state == state; }, id);
  }
  testing::AssertionResult fails_once(std::int64_t id) {
    return comes([&] { return !job(id).error.empty(); }, id);
  }
  testing::AssertionResult comes(const std::function<bool()>& that, std::int64_t id) {
    for (int i = 0; i < 2000; ++i) {
      if (that()) return testing::AssertionSuccess();
      std::this_thread::sleep_for(milliseconds{10});
    }
    return testing::AssertionFailure() << to_string(job(id).state) << " " << job(id).error;
  }

  std::atomic<bool> is_known{true};
  JobOptions jobs;
  integration::IoPool pool{1};
  integration::WorkPool job_workers{2};  // its work answers into the pool
  std::unique_ptr<JobRunner> runner;
};

TEST_F(SendJobTest, AStudyArrivesAndTheJobCountsIt) {
  has_cts(5);
  has(ct("1.2.9.6", 100, uids::JPEGBaseline8Bit));
  starts_taker();
  starts_runner();
  const std::int64_t id = sends();
  ASSERT_TRUE(becomes(id, JobState::Done));
  EXPECT_EQ(job(id).progress_done, 6);
  EXPECT_EQ(job(id).progress_total, 6);
  EXPECT_EQ(job(id).attempts, 1);
  EXPECT_EQ(taken().size(), 6U);
  const std::lock_guard lock{seen->mutex};
  EXPECT_EQ(seen->taken.front().request.move_originator_ae, "") << "nobody moved it";
}

TEST_F(SendJobTest, OnlyTheSeriesThatIsAskedFor) {
  has_cts(1);
  starts_taker();
  starts_runner();
  const std::string series = archive.find_instance("1.2.9.1")->series_instance_uid;
  ASSERT_TRUE(becomes(sends(series), JobState::Done));
  EXPECT_THAT(taken(), ElementsAre("1.2.9.1"));
  const std::int64_t other = sends("1.2.3.99");
  ASSERT_TRUE(becomes(other, JobState::Dead));
  EXPECT_THAT(job(other).error, HasSubstr("holds nothing of it"));
}

TEST_F(SendJobTest, SeveralAssociationsShareTheWork) {
  move_associations = 3;
  has_cts(12);
  taker.operations_window_max = 1;
  seen->answer = [](const auto&) {  // slow enough that no two have done it all meanwhile
    std::this_thread::sleep_for(milliseconds{100});
    return network::status::kSuccess;
  };
  starts_taker();
  starts_runner();
  ASSERT_TRUE(becomes(sends(), JobState::Done));
  EXPECT_EQ(taken().size(), 12U);
  EXPECT_EQ(associations(), 3U);
}

TEST_F(SendJobTest, WhatHasArrivedIsNotSentAgain) {
  has_cts(4);
  std::atomic<bool> is_full{true};
  seen->answer = [&](const network::Command& request) {
    return is_full && request.sop_instance_uid == "1.2.9.3" ? network::status::kOutOfResources
                                                            : network::status::kSuccess;
  };
  starts_taker();
  starts_runner();
  const std::int64_t id = sends();
  ASSERT_TRUE(fails_once(id));
  EXPECT_THAT(job(id).error, HasSubstr("3 of 4 are sent; 1.2.9.3: status A700"));
  is_full = false;
  ASSERT_TRUE(becomes(id, JobState::Done));
  std::map<std::string, int> times;
  for (const std::string& uid : taken()) ++times[uid];
  EXPECT_EQ(times["1.2.9.1"] + times["1.2.9.2"] + times["1.2.9.4"], 3);
  EXPECT_GE(times["1.2.9.3"], 2);
}

TEST_F(SendJobTest, AReceiverThatComesLaterGetsIt) {
  has_cts(2);
  starts_taker();
  is_known = false;
  starts_runner();
  const std::int64_t id = sends();
  ASSERT_TRUE(fails_once(id));
  EXPECT_THAT(job(id).error, HasSubstr("no such AE"));
  is_known = true;
  ASSERT_TRUE(becomes(id, JobState::Done));
  EXPECT_EQ(taken().size(), 2U);
}

TEST_F(SendJobTest, AReceiverThatRejectsTheAssociationIsTriedAgain) {
  has_cts(1);
  std::atomic<bool> accepts{false};
  taker.accepts = [&] { return accepts.load(); };
  starts_taker();
  starts_runner();
  const std::int64_t id = sends();
  ASSERT_TRUE(fails_once(id));
  EXPECT_NE(job(id).state, JobState::Dead);
  EXPECT_THAT(job(id).error, HasSubstr("0 of 1 are sent"));
  accepts = true;
  EXPECT_TRUE(becomes(id, JobState::Done));
}

TEST_F(SendJobTest, WhatThePeerTakesNothingOfIsNotTriedAgain) {
  has_cts(2);
  has(ct("1.2.9.7", 100, uids::ExplicitVRLittleEndian, uids::MRImageStorage));
  seen->only_classes = {std::string(uids::CTImageStorage)};
  starts_taker();
  starts_runner();
  const std::int64_t id = sends();
  ASSERT_TRUE(becomes(id, JobState::Dead));
  EXPECT_EQ(job(id).attempts, 1);
  EXPECT_THAT(job(id).error, HasSubstr("2 of 3 are sent; 1.2.9.7: "));
  EXPECT_THAT(job(id).error, HasSubstr("MR Image Storage"));
  EXPECT_THAT(taken(), UnorderedElementsAre("1.2.9.1", "1.2.9.2"));
}

TEST_F(SendJobTest, ACancelledJobStopsAndGoesOnFromThereWhenItIsAskedForAgain) {
  has_cts(6);
  seen->hangs_at = {"1.2.9.3"};
  starts_taker();
  starts_runner();
  const std::int64_t id = sends();
  ASSERT_TRUE(comes([&] { return taken().size() >= 3; }, id));
  // What is answered is kept within two seconds.
  ASSERT_TRUE(comes([&] { return job(id).payload.size() > 10; }, id));
  ASSERT_TRUE(archive.jobs().cancel(id));
  ASSERT_TRUE(becomes(id, JobState::Cancelled));
  {
    const std::lock_guard lock{seen->mutex};
    seen->hangs_at.clear();
  }
  std::this_thread::sleep_for(milliseconds{200});
  const std::vector<std::string> before = taken();
  ASSERT_TRUE(archive.jobs().retry(id));
  runner->wake();
  ASSERT_TRUE(becomes(id, JobState::Done));
  const std::vector<std::string> all = taken();
  EXPECT_EQ(std::set(all.begin(), all.end()).size(), 6U);
  EXPECT_EQ(std::ranges::count(all, "1.2.9.1"), 1);
  EXPECT_EQ(std::ranges::count(all, "1.2.9.2"), 1);
}

TEST_F(SendJobTest, TheEndOfTheProgramGivesItBackWithWhatIsSent) {
  has_cts(3);
  seen->hangs_at = {"1.2.9.2"};
  taker.operations_window_max = 1;  // the second comes when the answer to the first is read
  starts_taker();
  starts_runner();
  const std::int64_t id = sends();
  ASSERT_TRUE(comes([&] { return taken().size() >= 2; }, id));
  runner->shut_down(milliseconds{0});
  EXPECT_EQ(job(id).state, JobState::Waiting);
  EXPECT_EQ(job(id).attempts, 0);
  {
    const std::lock_guard lock{seen->mutex};
    seen->hangs_at.clear();
  }
  starts_runner();
  ASSERT_TRUE(becomes(id, JobState::Done));
  const std::vector<std::string> all = taken();
  EXPECT_EQ(std::ranges::count(all, "1.2.9.1"), 1);
  EXPECT_EQ(std::set(all.begin(), all.end()).size(), 3U);
}

}  // namespace
}  // namespace pacs::services
