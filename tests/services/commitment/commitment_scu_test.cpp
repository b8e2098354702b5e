#include "services/commitment/commitment_scu.h"
#include "services/dispatch/scu.h"

#include <functional>

#include <gmock/gmock.h>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "network/server.h"
#include "services/dispatch/data_pieces.h"
#include "tests/services/peer.h"

namespace pacs::services {
namespace {

namespace status = network::status;
using network::Command;
using network::CommandField;
using testing::ElementsAre;
using testing::HasSubstr;

/// Storage commitment by hand: what no archive of ours would send.
class OtherArchive {
 public:
  /// An event report: its type, the transaction, and whether it has Event Information.
  struct Event {
    std::uint16_t type = 1;
    std::string transaction = "1.2.77";
    bool information = true;
    std::string instance{uids::StorageCommitmentPushModelInstance};
  };
  /// What it sends before the response to N-ACTION, and behind it.
  std::vector<Event> before, behind;
  std::vector<std::uint16_t> answers;  ///< to those

  void starts() {
    network::ServerOptions options;
    options.port = 0;
    network::AcceptorPolicy policy;
    policy.accept_any_called_ae_title = true;
    policy.choose = [](const auto&) {
      return network::AcceptorPolicy::Choice{.accepted = true, .index = 0, .reason = 0};
    };
    auto server = network::Server::start(
        pool_, options, policy, [this](auto association) { return serve(std::move(association)); },
        {}, nullptr);
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(*server);
  }
  ~OtherArchive() { server_.reset(); }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

 private:
  Task<void> serve(std::shared_ptr<network::Association> association) {
    Result<std::optional<network::Message>> received = co_await association->receive();
    if (!received || !*received) co_return;
    const network::Message request = **received;
    for (const Event& event : before) co_await reports(*association, event);
    Command response = network::response_to(request.command);
    co_await association->send(request.context_id, std::move(response));
    for (const Event& event : behind) co_await reports(*association, event);
    co_await association->receive();  // the release
  }
  Task<void> reports(network::Association& association, const Event& event) {
    DataSet information;
    information.set_text(tags::TransactionUID, event.transaction);
    DataSet item;
    item.set_text(tags::ReferencedSOPClassUID, uids::CTImageStorage);
    item.set_text(tags::ReferencedSOPInstanceUID, "1.2.9.1");
    information.set_items(tags::ReferencedSOPSequence, {{item}});
    Command command;
    command.field = CommandField::NEventReportRq;
    command.message_id = 7;
    command.sop_class_uid = uids::StorageCommitmentPushModel;
    command.sop_instance_uid = event.instance;
    command.event_type_id = event.type;
    network::DataSource source;
    if (event.information) {
      source = data_source(
          share(*write_data_set(information, *find_transfer_syntax(uids::ExplicitVRLittleEndian))));
    }
    co_await association.send(1, std::move(command), std::move(source));
    Result<std::optional<network::Message>> answer = co_await association.receive();
    if (answer && *answer) answers.push_back((*answer)->command.status.value_or(0xFFFF));
  }

  integration::IoPool pool_{1};
  std::unique_ptr<network::Server> server_;
};

class CommitmentScuTest : public testing::Test {
 protected:
  /// Asks for one CT, and gives what is reported of it.
  Result<CommitmentReport> asks() {
    other.starts();
    Peer peer{other.port()};
    peer.associates({proposal(uids::StorageCommitmentPushModel)});
    const CommitmentRequest request{"1.2.77", {{std::string(uids::CTImageStorage), "1.2.9.1"}}};
    CommitmentAsking asking{peer.association(), request,
                            [this](const std::string& why) { refused.push_back(why); }};
    if (Result<> asked = peer.wait(asking.ask()); !asked) return fail(asked.error());
    auto report = peer.wait(asking.report());
    peer.releases();
    return report;
  }

  OtherArchive other;
  std::vector<std::string> refused;
};

TEST_F(CommitmentScuTest, AReportBehindTheResponseIsTaken) {
  other.behind = {{}};
  const auto report = asks();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->event_type, 1);
  EXPECT_EQ(report->references.size(), 1U);
  EXPECT_THAT(other.answers, ElementsAre(status::kSuccess));
}

TEST_F(CommitmentScuTest, AReportBeforeTheResponseIsTakenToo) {
  other.before = {{}};
  const auto report = asks();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->references.size(), 1U);
  EXPECT_THAT(other.answers, ElementsAre(status::kSuccess));
}

// PS3.4 Table J.3-2 knows the types 1 and 2; PS3.7 §10.1.1.1.8 says what another one is answered.
TEST_F(CommitmentScuTest, AnUnknownEventTypeIsAnswered0113AndIsNoReport) {
  other.before = {{.type = 0}};
  other.behind = {{.type = 9}, {.type = 9, .information = false}, {.type = 2}};
  const auto report = asks();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->event_type, 2);
  EXPECT_THAT(other.answers, ElementsAre(0x0113, 0x0113, 0x0113, status::kSuccess));
  EXPECT_THAT(refused, ElementsAre(HasSubstr("event type 0"), HasSubstr("event type 9"),
                                   HasSubstr("event type 9")));
}

TEST_F(CommitmentScuTest, AReportOnAnotherTransactionIsAnswered0110) {
  other.behind = {{.transaction = "1.2.78"}, {}};
  const auto report = asks();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->transaction_uid, "1.2.77");
  EXPECT_THAT(other.answers, ElementsAre(status::kProcessingFailure, status::kSuccess));
  EXPECT_THAT(refused, ElementsAre(HasSubstr("1.2.78")));
}

TEST_F(CommitmentScuTest, WhatIsNoReportIsRefusedAndTheReportStillTaken) {
  other.behind = {{.information = false}, {.transaction = ""}, {.instance = "1.2.3"}, {}};
  EXPECT_TRUE(asks());
  EXPECT_THAT(other.answers,
              ElementsAre(status::kInvalidAttributeValue, status::kInvalidAttributeValue,
                          status::kNoSuchSopInstance, status::kSuccess));
}

}  // namespace
}  // namespace pacs::services
