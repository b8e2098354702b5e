#include "services/commitment/commitment_scp.h"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "core/dicom_tags.h"
#include "network/server.h"
#include "services/commitment/commitment_scu.h"
#include "storage/jobs/jobs.h"
#include "tests/services/peer.h"

namespace pacs::services {
namespace {

namespace status = network::status;
using std::chrono::milliseconds;
using storage::JobState;
using testing::HasSubstr;

/// A modality that listens for reports.
class Listener {
 public:
  Listener() {
    responder_.add(std::make_unique<CommitmentReports>(
        [this](CommitmentReport report) { return take(std::move(report)); }));
  }
  ~Listener() { stops(); }
  void listens(std::uint16_t port = 0) {
    network::ServerOptions options;
    options.port = port;
    options.limits.artim = milliseconds{2000};
    auto server = network::Server::start(
        pool_, options, policy(),
        [this](auto association) { return responder_.serve(std::move(association)); }, {}, nullptr);
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(*server);
    port_ = server_->port();
  }
  void stops() {
    if (server_) server_->shut_down(milliseconds{0});
    server_.reset();
  }
  void answers(std::uint16_t status) { answer_ = status; }
  void answers_late(milliseconds by) { late_ = by; }
  void refuses_the_role() { role_ = false; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::size_t count() {
    const std::lock_guard lock{mutex_};
    return reports_.size();
  }
  CommitmentReport report() {
    std::unique_lock lock{mutex_};
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return !reports_.empty(); }));
    return reports_.empty() ? CommitmentReport{} : reports_.back();
  }

 private:
  network::AcceptorPolicy policy() {
    network::AcceptorPolicy base;
    base.accept_any_called_ae_title = true;
    network::AcceptorPolicy policy = responder_.policy(base);
    const auto grant = policy.grant_roles;
    policy.grant_roles = [this, grant](const network::RoleSelection& proposed) {
      return role_ ? grant(proposed) : network::RoleSelection{proposed.sop_class_uid, true, false};
    };
    return policy;
  }
  std::uint16_t take(CommitmentReport report) {
    std::this_thread::sleep_for(late_.load());
    const std::lock_guard lock{mutex_};
    reports_.push_back(std::move(report));
    changed_.notify_all();
    return answer_;
  }

  std::atomic<std::uint16_t> answer_{0};
  std::atomic<bool> role_{true};
  std::atomic<milliseconds> late_{milliseconds{0}};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<CommitmentReport> reports_;
  std::atomic<std::uint16_t> port_ = 0;
  integration::IoPool pool_{1};
  Responder responder_{integration::Logger{}, nullptr};
  std::unique_ptr<network::Server> server_;
};

class CommitmentScpTest : public testing::Test {
 protected:
  CommitmentScpTest() {
    jobs.retry_min = milliseconds{50};
    jobs.beat = milliseconds{50};
    options.find_peer = [this](std::string_view ae_title) -> Result<network::RequestOptions> {
      if (ae_title != "PEER") return fail(ErrorKind::NotFound, "the AE is not known");
      network::RequestOptions peer;
      peer.port = listener.port();
      peer.called_ae = "PEER";
      peer.limits.dimse_response = milliseconds{300};
      peer.limits.connect = milliseconds{2000};
      return peer;
    };
  }
  ~CommitmentScpTest() override {
    runner.reset();
    workers.reset();
  }
  void starts(ResponderLimits = {}) {
    const auto setup = std::make_shared<const CommitmentSetup>(
        CommitmentSetup{server.archive(), *workers, {}, options});
    server.serves(std::make_unique<CommitmentScp>(setup, [this] {
      if (runner) runner->wake();
    }));
    server.starts();
    begins_work(setup);
  }
  void begins_work(std::shared_ptr<const CommitmentSetup> setup) {
    runner = std::make_unique<JobRunner>(server.archive().job_queue(), *workers, pool, jobs,
                                         integration::Logger{}, nullptr);
    runner->handle(std::string(kCommitmentJob), commitment_handler(std::move(setup)));
    ASSERT_TRUE(runner->start());
  }
  /// CTs 1.2.9.1, 1.2.9.2...
  void stores(Peer& peer, std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) {
      ASSERT_EQ(peer.stores(ct("1.2.9." + std::to_string(i))), status::kSuccess);
    }
  }
  void associates(Peer& peer) {
    peer.associates({context(uids::CTImageStorage), context(uids::StorageCommitmentPushModel)});
  }
  static CommitmentRequest request(std::vector<std::string> uids,
                                   std::string transaction = "1.2.77") {
    CommitmentRequest request;
    request.transaction_uid = std::move(transaction);
    for (std::string& uid : uids) {
      request.references.push_back({std::string(uids::CTImageStorage), std::move(uid)});
    }
    return request;
  }
  Result<> asks(Peer& peer, CommitmentRequest request) {
    asked = std::move(request);
    asking.emplace(peer.association(), asked);
    return peer.wait(asking->ask());
  }
  CommitmentReport hears(Peer& peer) {
    auto report = peer.wait(asking->report());
    EXPECT_TRUE(report) << report.error().to_string();
    return report.value_or(CommitmentReport{});
  }
  static std::map<std::string, std::uint16_t> failures(const CommitmentReport& report) {
    std::map<std::string, std::uint16_t> failures;
    for (const auto& reference : report.references) {
      if (reference.failure != 0) failures[reference.sop_instance_uid] = reference.failure;
    }
    return failures;
  }
  storage::Job job() {
    const auto kept = server.archive().jobs().list({}).value();
    EXPECT_EQ(kept.size(), 1U);
    return kept.empty() ? storage::Job{} : kept.front();
  }
  bool becomes(JobState state) {
    for (int i = 0; i < 1000; ++i) {
      const auto kept = server.archive().jobs().list({}).value();
      if (!kept.empty() && kept.front().state == state) return true;
      std::this_thread::sleep_for(milliseconds{10});
    }
    return false;
  }

  Listener listener;
  integration::IoPool pool{1};
  Pacs server;
  std::unique_ptr<integration::WorkPool> workers = std::make_unique<integration::WorkPool>(3);
  CommitmentOptions options;
  JobOptions jobs;
  std::unique_ptr<JobRunner> runner;
  CommitmentRequest asked;
  std::optional<CommitmentAsking> asking;
};

TEST_F(CommitmentScpTest, WhatIsStoredIsCommittedOnTheSameAssociation) {
  starts();
  Peer peer{server};
  associates(peer);
  stores(peer, 3);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1", "1.2.9.2", "1.2.9.3"})));
  const CommitmentReport report = hears(peer);
  EXPECT_EQ(report.transaction_uid, "1.2.77");
  EXPECT_EQ(report.retrieve_ae, "PACS");
  EXPECT_EQ(report.references.size(), 3U);
  EXPECT_TRUE(failures(report).empty());
  EXPECT_TRUE(becomes(JobState::Done));
  EXPECT_EQ(job().progress_done, 3);
}

TEST_F(CommitmentScpTest, EachFailureHasItsReason) {
  starts();
  Peer peer{server};
  associates(peer);
  stores(peer, 2);
  CommitmentRequest asked = request({"1.2.9.1", "1.2.9.2", "1.2.9.404"});
  asked.references[1].sop_class_uid = uids::MRImageStorage;
  EXPECT_TRUE(asks(peer, asked));
  const CommitmentReport report = hears(peer);
  EXPECT_EQ(report.references.size(), 3U);
  EXPECT_EQ(failures(report), (std::map<std::string, std::uint16_t>{
                                  {"1.2.9.2", failure_reason::kClassInstanceConflict},
                                  {"1.2.9.404", failure_reason::kNoSuchObjectInstance}}));
}

TEST_F(CommitmentScpTest, ADamagedOrLostObjectIsNotCommitted) {
  starts();
  Peer peer{server};
  associates(peer);
  stores(peer, 3);
  server.archive().damages("1.2.9.1");
  server.archive().loses("1.2.9.2");
  EXPECT_TRUE(asks(peer, request({"1.2.9.1", "1.2.9.2", "1.2.9.3"})));
  EXPECT_EQ(failures(hears(peer)), (std::map<std::string, std::uint16_t>{
                                       {"1.2.9.1", failure_reason::kProcessingFailure},
                                       {"1.2.9.2", failure_reason::kProcessingFailure}}));
}

TEST_F(CommitmentScpTest, AfterTheReleaseTheReportComesOnANewAssociation) {
  listener.listens();
  server.archive().holds_checks();
  starts();
  Peer peer{server};
  associates(peer);
  stores(peer, 1);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  peer.releases();
  server.archive().releases_checks();
  const CommitmentReport report = listener.report();
  EXPECT_EQ(report.transaction_uid, "1.2.77");
  EXPECT_TRUE(failures(report).empty());
  EXPECT_TRUE(becomes(JobState::Done));
  EXPECT_EQ(job().attempts, 1);
}

TEST_F(CommitmentScpTest, APeerThatReleasesRightBehindItsAnswerHasTheReport) {
  options.find_peer = [](std::string_view) -> Result<network::RequestOptions> {
    return fail(ErrorKind::NotFound, "the report was delivered: nobody is to be looked for");
  };
  starts();
  for (int i = 0; i < 30; ++i) {
    Peer peer{server};
    associates(peer);
    EXPECT_TRUE(asks(peer, request({"1.2.9.1"}, "1.2.77." + std::to_string(i))));
    EXPECT_EQ(hears(peer).references.size(), 1U);
    peer.releases();
    ASSERT_TRUE(becomes(JobState::Done)) << i;
  }
}

TEST_F(CommitmentScpTest, WhereItIsConfiguredReportsAlwaysComeOnANewAssociation) {
  listener.listens();
  options.same_association = false;
  starts();
  Peer peer{server};
  associates(peer);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  EXPECT_EQ(listener.report().references.size(), 1U);
}

TEST_F(CommitmentScpTest, AReportIsTriedUntilThePeerListens) {
  listener.listens();
  const std::uint16_t port = listener.port();
  listener.stops();
  options.same_association = false;
  starts();
  Peer peer{server};
  associates(peer);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  while (job().attempts < 3) std::this_thread::sleep_for(milliseconds{10});
  EXPECT_THAT(job().error, HasSubstr("cannot connect"));
  listener.listens(port);
  EXPECT_EQ(failures(listener.report()).size(), 1U);
  EXPECT_TRUE(becomes(JobState::Done));
  EXPECT_EQ(listener.count(), 1U);
}

TEST_F(CommitmentScpTest, APeerThatRefusesTheRoleIsTriedAgainAndSaysWhy) {
  listener.refuses_the_role();
  listener.listens();
  options.same_association = false;
  jobs.attempts_max = 2;
  starts();
  Peer peer{server};
  associates(peer);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  EXPECT_TRUE(becomes(JobState::Dead));
  EXPECT_THAT(job().error, HasSubstr("role selection"));
  EXPECT_EQ(listener.count(), 0U);
}

TEST_F(CommitmentScpTest, AReportThatThePeerRefusesIsTriedAgain) {
  listener.listens();
  listener.answers(status::kProcessingFailure);
  options.same_association = false;
  starts();
  Peer peer{server};
  associates(peer);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  while (job().attempts < 2) std::this_thread::sleep_for(milliseconds{10});
  EXPECT_THAT(job().error, HasSubstr("status 0110"));
  listener.answers(status::kSuccess);
  EXPECT_TRUE(becomes(JobState::Done));
}

TEST_F(CommitmentScpTest, APeerThatNeverAnswersIsTriedAgain) {
  listener.listens();
  listener.answers_late(milliseconds{700});
  options.same_association = false;
  jobs.attempts_max = 2;
  starts();
  Peer peer{server};
  associates(peer);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  EXPECT_TRUE(becomes(JobState::Dead));
  EXPECT_THAT(job().error, HasSubstr("given up after 2 attempts: timeout"));
}

TEST_F(CommitmentScpTest, AnUnknownPeerIsTriedAgainForItMayBeEntered) {
  jobs.attempts_max = 2;
  options.find_peer = [](std::string_view) -> Result<network::RequestOptions> {
    return fail(ErrorKind::NotFound, "the AE PEER is not known");
  };
  options.same_association = false;
  starts();
  Peer peer{server};
  associates(peer);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  EXPECT_TRUE(becomes(JobState::Dead));
  EXPECT_THAT(job().error, HasSubstr("the AE PEER is not known"));
}

TEST_F(CommitmentScpTest, TheSameRequestWhilePendingIsReportedOnce) {
  server.archive().holds_checks();
  starts();
  Peer peer{server};
  associates(peer);
  stores(peer, 1);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  server.archive().releases_checks();
  EXPECT_EQ(hears(peer).references.size(), 1U);
  EXPECT_TRUE(becomes(JobState::Done));
  EXPECT_EQ(server.archive().jobs().list({}).value().size(), 1U);
}

TEST_F(CommitmentScpTest, TheSameRequestAfterItsReportIsCheckedAndReportedAgain) {
  starts();
  Peer peer{server};
  associates(peer);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  EXPECT_EQ(failures(hears(peer)).size(), 1U);
  EXPECT_TRUE(becomes(JobState::Done));
  stores(peer, 1);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  EXPECT_EQ(failures(hears(peer)).size(), 0U);
}

TEST_F(CommitmentScpTest, TheSameReferencesInAnotherOrderAreTheSameRequest) {
  starts();
  Peer peer{server};
  associates(peer);
  stores(peer, 2);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1", "1.2.9.2"})));
  EXPECT_TRUE(failures(hears(peer)).empty());
  EXPECT_TRUE(becomes(JobState::Done));
  EXPECT_TRUE(asks(peer, request({"1.2.9.2", "1.2.9.1", "1.2.9.2"})));
  EXPECT_TRUE(failures(hears(peer)).empty());
  EXPECT_EQ(server.archive().jobs().list({}).value().size(), 1U);
  EXPECT_TRUE(asks(peer, request({"1.2.9.2"})));
  EXPECT_EQ(failures(hears(peer)).size(), 1U) << "fewer are others";
}

TEST_F(CommitmentScpTest, UnderWhateverAeTitleWeAreCalledItIsTheSameRequest) {
  starts();
  for (const char* called : {"PACS", "ANY-SCP"}) {
    Peer peer{server};
    peer.calls_us(called);
    associates(peer);
    EXPECT_TRUE(asks(peer, request({"1.2.9.404"}))) << called;
    EXPECT_EQ(failures(hears(peer)), (std::map<std::string, std::uint16_t>{
                                         {"1.2.9.404", failure_reason::kNoSuchObjectInstance}}));
    EXPECT_TRUE(becomes(JobState::Done));
  }
}

TEST_F(CommitmentScpTest, ARequestKeptUnderTheKeyOfAnOlderVersionIsNoOther) {
  storage::NewJob old;
  old.kind = kCommitmentJob;
  old.subject = "1.2.77";
  old.destination = "PEER";
  old.payload = encode_commitment({.request = request({"1.2.9.404"}), .called_ae = "PACS"});
  old.once = "commitment/PEER/1.2.77/0123456789abcdef";
  ASSERT_TRUE(server.archive().jobs().add(old));
  jobs.attempts_max = 1;
  starts();
  ASSERT_TRUE(becomes(JobState::Dead));
  Peer peer{server};
  associates(peer);
  EXPECT_TRUE(asks(peer, request({"1.2.9.404"})));
  EXPECT_EQ(
      failures(hears(peer)),
      (std::map<std::string, std::uint16_t>{{"1.2.9.404", failure_reason::kNoSuchObjectInstance}}));
}

TEST_F(CommitmentScpTest, APeerThatNeverAnswersTheAssociationDoesNotHoldUpTheEnd) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor silent{
      io, boost::asio::ip::tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
  options.find_peer = [&](std::string_view) -> Result<network::RequestOptions> {
    network::RequestOptions peer;
    peer.port = silent.local_endpoint().port();
    return peer;
  };
  options.same_association = false;
  starts();
  Peer peer{server};
  associates(peer);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  boost::asio::ip::tcp::socket taken = silent.accept();
  const auto begun = std::chrono::steady_clock::now();
  runner->shut_down(milliseconds{0});
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{5});
  EXPECT_EQ(job().state, JobState::Waiting) << "to be reported after the next start";
}

TEST_F(CommitmentScpTest, ATransactionUidInUseForSomethingElseIs0131) {
  starts();
  Peer peer{server};
  associates(peer);
  stores(peer, 2);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  EXPECT_TRUE(failures(hears(peer)).empty());
  EXPECT_TRUE(asks(peer, request({"1.2.9.2"})));
  EXPECT_EQ(failures(hears(peer)), (std::map<std::string, std::uint16_t>{
                                       {"1.2.9.2", failure_reason::kDuplicateTransactionUid}}));
  EXPECT_TRUE(asks(peer, request({"1.2.9.2"}, "1.2.78")));
  EXPECT_TRUE(failures(hears(peer)).empty());
}

TEST_F(CommitmentScpTest, AfterAStartWhatWasPromisedIsReported) {
  listener.listens();
  server.archive().holds_checks();
  starts();
  Peer peer{server};
  associates(peer);
  stores(peer, 1);
  EXPECT_TRUE(asks(peer, request({"1.2.9.1"})));
  EXPECT_TRUE(becomes(JobState::Running));
  peer.releases();
  std::thread release([this] {
    std::this_thread::sleep_for(milliseconds{100});
    server.archive().releases_checks();
  });
  runner->shut_down(milliseconds{0});
  release.join();
  EXPECT_EQ(listener.count(), 0U);
  const auto setup = std::make_shared<const CommitmentSetup>(
      CommitmentSetup{server.archive(), *workers, {}, options});
  begins_work(setup);
  EXPECT_TRUE(failures(listener.report()).empty());
}

TEST_F(CommitmentScpTest, RequestsThatCannotBeAreRefused) {
  starts();
  Peer peer{server};
  associates(peer);
  const auto answer = [&](auto change, Bytes data_set) {
    network::Command command;
    command.field = network::CommandField::NActionRq;
    command.message_id = 7;
    command.sop_class_uid = uids::StorageCommitmentPushModel;
    command.sop_instance_uid = uids::StorageCommitmentPushModelInstance;
    command.action_type_id = 1;
    change(command);
    const auto id = peer.context_for(std::string(uids::StorageCommitmentPushModel));
    if (data_set.empty()) {
      peer.sends(id, command);
    } else {
      peer.sends(id, command, std::move(data_set));
    }
    return peer.receives().command;
  };
  DataSet bare;
  bare.set_text(tags::TransactionUID, "1.2.77");
  const Bytes bytes = *write_data_set(bare, *find_transfer_syntax(uids::ExplicitVRLittleEndian));
  EXPECT_EQ(answer([](auto& c) { c.sop_instance_uid = "1.2.3"; }, bytes).status,
            status::kNoSuchSopInstance);
  EXPECT_EQ(answer([](auto& c) { c.sop_instance_uid = "1.2.x"; }, bytes).status,
            status::kInvalidSopInstance);
  EXPECT_EQ(answer([](auto& c) { c.action_type_id = 2; }, bytes).status, status::kNoSuchAction);
  EXPECT_EQ(answer([](auto&) {}, {}).status, status::kMissingAttribute);
  EXPECT_EQ(answer([](auto& c) { c.sop_class_uid = uids::Verification; }, bytes).status,
            status::kNoSuchSopClass);
  const network::Command incomplete = answer([](auto&) {}, bytes);
  EXPECT_EQ(incomplete.status, status::kMissingAttribute);
  EXPECT_EQ(incomplete.offending_elements, std::vector<Tag>{tags::ReferencedSOPSequence});
  EXPECT_EQ(answer([](auto&) {}, Bytes(bytes.begin(), bytes.end() - 3)).status,
            status::kInvalidAttributeValue);
  EXPECT_TRUE(server.archive().jobs().list({}).value().empty()) << "nothing is half-applied";
}

TEST_F(CommitmentScpTest, AHundredThousandReferencesHalfOfThemUnknownAreReportedAsTheyAre) {
  starts();
  Peer peer{server};
  network::AssociationLimits limits;
  peer.associates({context(uids::CTImageStorage), context(uids::StorageCommitmentPushModel)}, 1, {},
                  limits);
  stores(peer, 100);
  CommitmentRequest asked = request({});
  for (int i = 0; i < 100'000; ++i) {
    const std::string uid = i % 2 == 0 ? "1.2.9." + std::to_string(i / 2 % 100 + 1)
                                       : "1.2.276.0.7230010.3.1.4.1234567." + std::to_string(i);
    asked.references.push_back({std::string(uids::CTImageStorage), uid});
  }
  EXPECT_TRUE(asks(peer, asked));
  const CommitmentReport report = hears(peer);
  EXPECT_EQ(report.references.size(), 100'000U);
  EXPECT_EQ(failures(report).size(), 50'000U);
}

}  // namespace
}  // namespace pacs::services
