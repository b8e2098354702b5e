#include "services/mpps/mpps_notify.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "services/mpps/mpps_scp.h"
#include "services/mpps/mpps_scu.h"
#include "storage/archive.h"
#include "tests/services/mpps/mpps_data.h"
#include "tests/services/peer.h"

namespace pacs::services {
namespace {

using std::chrono::milliseconds;

/// Who is told: an SCU of the notifications.
class Hearer : public Service {
 public:
  struct Heard {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::pair<std::string, int>> events;  ///< SOP instance, event type
    int data_sets = 0;                                ///< announced with them
    int refuses = 0;                                  ///< so many reports
  };
  explicit Hearer(Heard& heard) : heard_(heard) {}

  [[nodiscard]] bool serves(std::string_view uid) const override {
    return uid == uids::ModalityPerformedProcedureStepNotification;
  }
  [[nodiscard]] bool performs(network::CommandField field) const override {
    return field == network::CommandField::NEventReportRq;
  }
  [[nodiscard]] network::RoleSelection grant_roles(
      const network::RoleSelection& proposed) const override {
    return {proposed.sop_class_uid, false, true};  // the requestor is the one who notifies
  }
  Task<Result<Answer>> perform(Operation& operation) override {
    const network::Command& request = operation.request();
    const std::lock_guard lock{heard_.mutex};
    if (heard_.refuses > 0) {
      --heard_.refuses;
      co_return Answer{.status = network::status::kProcessingFailure};
    }
    heard_.data_sets += request.has_data_set ? 1 : 0;
    heard_.events.emplace_back(request.sop_instance_uid, request.event_type_id.value_or(0));
    heard_.changed.notify_all();
    co_return Answer{};
  }

 private:
  Heard& heard_;
};

class MppsNotifyTest : public testing::Test {
 protected:
  MppsNotifyTest() {
    hearer.serves(std::make_unique<Hearer>(heard));
    hearer.starts();
    MppsOptions options;
    options.notify = {"HEARER"};
    options.jobs_added = [this] { runner->wake(); };
    pacs.serves(
        std::make_unique<MppsScp>(pacs.archive().performed_steps(), *workers, std::move(options)));
    pacs.starts();
    JobOptions jobs;
    jobs.workers = 4;
    jobs.retry_min = milliseconds{20};
    runner = std::make_unique<JobRunner>(pacs.archive().job_queue(), *workers, pool, jobs,
                                         integration::Logger{}, nullptr);
    const auto find = [this](std::string_view title) -> Result<network::RequestOptions> {
      finder = std::this_thread::get_id();
      if (title != "HEARER" || !is_known) return fail(ErrorKind::NotFound, "no such AE is known");
      network::RequestOptions reach;
      reach.port = hearer.port();
      reach.called_ae = "PACS";
      return reach;
    };
    runner->handle(std::string(kMppsNotificationJob),
                   mpps_notification_handler(find, *workers, {}));
    EXPECT_TRUE(runner->start());
    peer = std::make_unique<Peer>(pacs);
    peer->associates({mpps_context()});
  }
  ~MppsNotifyTest() override {
    peer->aborts();
    runner.reset();
    workers.reset();
  }
  std::vector<std::pair<std::string, int>> hears(std::size_t count) {
    std::unique_lock lock{heard.mutex};
    EXPECT_TRUE(heard.changed.wait_for(lock, std::chrono::seconds{10},
                                       [&] { return heard.events.size() >= count; }));
    return heard.events;
  }
  void creates(const std::string& uid) {
    EXPECT_EQ(peer->wait(create_step(peer->association(), uid, beginning()))->status, 0);
  }
  std::uint16_t sets(const std::string& uid, const DataSet& modifications) {
    return peer->wait(set_step(peer->association(), uid, modifications))->status;
  }
  using Events = std::vector<std::pair<std::string, int>>;

  Hearer::Heard heard;
  std::atomic<bool> is_known{true};
  std::atomic<std::thread::id> finder{};  ///< who looked the AE up
  Pacs pacs, hearer;
  integration::IoPool pool{1};
  std::unique_ptr<integration::WorkPool> workers = std::make_unique<integration::WorkPool>(2);
  std::unique_ptr<JobRunner> runner;
  std::unique_ptr<Peer> peer;
};

TEST_F(MppsNotifyTest, EachChangeIsToldOnce) {
  creates("1.1");
  EXPECT_EQ(hears(1), (Events{{"1.1", 1}}));
  EXPECT_EQ(sets("1.1", ending("IN PROGRESS", {"1.2.3"})), 0);
  EXPECT_EQ(hears(2).back(), (std::pair<std::string, int>{"1.1", 4}));
  EXPECT_EQ(sets("1.1", ending("COMPLETED", {"1.2.3"})), 0);
  EXPECT_EQ(hears(3).back(), (std::pair<std::string, int>{"1.1", 2}));
  creates("1.2");
  EXPECT_EQ(sets("1.2", ending("DISCONTINUED", {})), 0);
  EXPECT_EQ(hears(5).size(), 5U);
}

TEST_F(MppsNotifyTest, WhatAStepHasToTellComesInItsOrder) {
  {
    const std::lock_guard lock{heard.mutex};
    heard.refuses = 2;
  }
  creates("1.1");
  EXPECT_EQ(sets("1.1", ending("IN PROGRESS", {"1.2.3"})), 0);
  EXPECT_EQ(sets("1.1", ending("COMPLETED", {"1.2.3"})), 0);
  EXPECT_EQ(hears(3), (Events{{"1.1", 1}, {"1.1", 4}, {"1.1", 2}}));
}

/// PS3.4 Table F.9.2-1 names no Event Information.
TEST_F(MppsNotifyTest, AReportWithoutInformationAnnouncesNone) {
  creates("1.1");
  EXPECT_EQ(hears(1).size(), 1U);
  EXPECT_EQ(heard.data_sets, 0);
}

TEST_F(MppsNotifyTest, WhoIsToldIsNotLookedUpOnAnIoThread) {
  std::promise<std::thread::id> io;
  boost::asio::post(pool.context(), [&] { io.set_value(std::this_thread::get_id()); });
  creates("1.1");
  EXPECT_EQ(hears(1).size(), 1U);
  EXPECT_NE(finder.load(), io.get_future().get());
}

TEST_F(MppsNotifyTest, ARefusedChangeIsNotTold) {
  creates("1.1");
  EXPECT_EQ(sets("1.1", ending("COMPLETED", {"1.2.3"})), 0);
  EXPECT_NE(sets("1.1", ending("COMPLETED", {})), 0);
  EXPECT_NE(peer->wait(create_step(peer->association(), "1.1", beginning()))->status, 0);
  EXPECT_EQ(hears(2).size(), 2U);
  EXPECT_EQ(pacs.archive().jobs().list({})->size(), 2U);
}

TEST_F(MppsNotifyTest, WhoRefusesOrIsNotKnownIsToldLater) {
  {
    const std::lock_guard lock{heard.mutex};
    heard.refuses = 2;
  }
  is_known = false;
  creates("1.1");
  std::this_thread::sleep_for(milliseconds{100});
  is_known = true;
  EXPECT_EQ(hears(1), (Events{{"1.1", 1}}));
}

TEST(MppsNotices, ThereIsOneForEachAe) {
  const auto jobs = mpps_notices({"A", "B"}, "1.2", MppsEvent::Completed);
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[1].destination, "B");
  EXPECT_EQ(jobs[1].subject, "1.2");
  EXPECT_EQ(jobs[1].kind, kMppsNotificationJob);
  EXPECT_EQ(event_of(storage::PerformedStatus::Discontinued), MppsEvent::Discontinued);
}

}  // namespace
}  // namespace pacs::services
