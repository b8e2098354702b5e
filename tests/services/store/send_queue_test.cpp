#include "services/store/send_queue.h"

#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "network/dimse/status.h"
#include "services/dispatch/data_pieces.h"

namespace pacs::services {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SendQueueTest : public testing::Test {
 protected:
  std::vector<std::size_t> done, failed;
  std::stop_source stop;
  SendQueue queue{
      {0, 1, 2},
      1,
      [this](const SentObject& sent) { (sent.response ? done : failed).push_back(sent.number); },
      stop.get_token()};
  static SentObject lost(std::size_t object) {
    return {object, {}, fail(ErrorKind::ConnectionClosed, "gone")};
  }
};

TEST_F(SendQueueTest, WhatLostItsAssociationIsTriedAgainBehindTheOthers) {
  EXPECT_EQ(queue.next(), 0U);
  queue.sent(lost(0));
  EXPECT_EQ(queue.progress(), 0U);
  EXPECT_EQ(queue.next(), 1U);
  EXPECT_EQ(queue.next(), 2U);
  EXPECT_EQ(queue.next(), 0U);
  queue.sent(lost(0));
  EXPECT_THAT(failed, ElementsAre(0U));
  EXPECT_TRUE(queue.finished());
}

TEST_F(SendQueueTest, WhatThePeerRefusesIsNotTriedAgain) {
  EXPECT_EQ(queue.next(), 0U);
  queue.sent({0, {}, fail(ErrorKind::Rejected, "no context")});
  EXPECT_THAT(failed, ElementsAre(0U));
  EXPECT_EQ(queue.progress(), 1U);
}

TEST_F(SendQueueTest, WhatWasTakenAndNotSentComesNextAndThatWasNoTry) {
  EXPECT_EQ(queue.next(), 0U);
  queue.put_back(0);
  EXPECT_EQ(queue.next(), 0U);
  queue.sent(lost(0));
  EXPECT_THAT(failed, IsEmpty());
}

TEST_F(SendQueueTest, WhatNoCodecTakesComesNextToGoUncompressedAndOnlyOnce) {
  EXPECT_EQ(queue.next(), 0U);
  EXPECT_FALSE(queue.why_uncompressed(0));
  EXPECT_TRUE(queue.put_back_uncompressed(0, {ErrorKind::Unsupported, "32 bits"}));
  EXPECT_EQ(queue.next(), 0U);
  EXPECT_EQ(queue.why_uncompressed(0)->message, "32 bits");
  EXPECT_FALSE(queue.put_back_uncompressed(0, {ErrorKind::Unsupported, "again"}));
  EXPECT_EQ(queue.next(), 1U);
  EXPECT_THAT(failed, IsEmpty());
}

TEST_F(SendQueueTest, StoppedItGivesNothingOutAndWhatWaitsHasNoResult) {
  EXPECT_EQ(queue.next(), 0U);
  stop.request_stop();
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_TRUE(queue.finished());
  queue.sent(lost(0));
  queue.give_up({ErrorKind::Internal, "nobody"});
  EXPECT_THAT(failed, ElementsAre(0U));
}

TEST_F(SendQueueTest, GivenUpAllThatWaitsFails) {
  EXPECT_EQ(queue.next(), 0U);
  queue.give_up({ErrorKind::Io, "cannot connect"});
  EXPECT_THAT(failed, ElementsAre(1U, 2U));
}

/// Sends objects 0, 1 and 2, of which the request for 1 fails with this.
Result<> sends_without(SendQueue& queue, const Error& error) {
  const NextObject next = [&queue]() -> std::optional<OutgoingObject> {
    const std::optional<std::size_t> number = queue.next();
    if (!number) return std::nullopt;
    return OutgoingObject{.number = *number,
                          .request = store_request("1.2", std::to_string(*number)),
                          .data_set = data_source(share(Bytes{}))};
  };
  const Invoke invoke = [&error](std::uint8_t, network::Command request,
                                 network::DataSource data_set) -> Task<Result<Response>> {
    (void)data_set.now();
    if (request.sop_instance_uid == "1") co_return fail(error);
    co_return Response{.command = network::response_to(request, network::status::kSuccess),
                       .data_set = {}};
  };
  boost::asio::io_context io;
  auto sent =
      boost::asio::co_spawn(io, send_objects(invoke, 1, next, queue), boost::asio::use_future);
  io.run();
  return sent.get();
}

TEST_F(SendQueueTest, ARequestThatFailsAndLeavesTheAssociationHoldsUpNoOther) {
  EXPECT_TRUE(sends_without(queue, {ErrorKind::LimitExceeded, "the response is too long"}));
  EXPECT_THAT(done, ElementsAre(0U, 2U));
  EXPECT_THAT(failed, ElementsAre(1U));
}

TEST_F(SendQueueTest, ARequestThatBreaksTheAssociationIsTheLastOnIt) {
  EXPECT_FALSE(sends_without(queue, {ErrorKind::Timeout, "no answer"}));
  EXPECT_THAT(done, ElementsAre(0U));
  EXPECT_EQ(queue.waiting(), 2U);
}

}  // namespace
}  // namespace pacs::services
