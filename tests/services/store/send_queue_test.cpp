#include "services/store/send_queue.h"

#include <gmock/gmock.h>

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

}  // namespace
}  // namespace pacs::services
