#include "integration/event_bus.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace pacs::integration {
namespace {

InstanceStored event_of(const char* uid) {
  InstanceStored event;
  event.sop_instance_uid = uid;
  return event;
}

TEST(EventBus, EverySubscriberHearsEachEventInTheOrderOfSubscription) {
  EventBus bus;
  std::vector<std::string> heard;
  const auto first = bus.on_instance_stored(
      [&](const InstanceStored& e) { heard.push_back("1:" + e.sop_instance_uid); });
  const auto second = bus.on_instance_stored(
      [&](const InstanceStored& e) { heard.push_back("2:" + e.sop_instance_uid); });
  bus.publish(event_of("1.2"));
  EXPECT_EQ(heard, (std::vector<std::string>{"1:1.2", "2:1.2"}));
}

TEST(EventBus, DroppingTheSubscriptionEndsIt) {
  EventBus bus;
  int heard = 0;
  auto subscription = bus.on_instance_stored([&](const InstanceStored&) { ++heard; });
  bus.publish(event_of("1"));
  subscription.reset();
  bus.publish(event_of("2"));
  EXPECT_EQ(heard, 1);
}

TEST(EventBus, ASubscriberMayEndItsOwnSubscriptionWhileItIsCalled) {
  EventBus bus;
  int heard = 0;
  Subscription subscription;
  subscription = bus.on_instance_stored([&](const InstanceStored&) {
    ++heard;
    subscription.reset();
  });
  bus.publish(event_of("1"));
  bus.publish(event_of("2"));
  EXPECT_EQ(heard, 1);
}

TEST(EventBus, ASubscriptionMayOutliveTheBus) {
  Subscription subscription;
  int heard = 0;
  {
    EventBus bus;
    subscription = bus.on_instance_stored([&](const InstanceStored&) { ++heard; });
    bus.publish(event_of("1"));
  }
  subscription.reset();
  EXPECT_EQ(heard, 1);
}

TEST(EventBus, PublishersAndSubscribersMayComeFromManyThreads) {
  EventBus bus;
  std::atomic<int> heard{0};
  const auto always = bus.on_instance_stored([&](const InstanceStored&) { ++heard; });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const auto passing = bus.on_instance_stored([](const InstanceStored&) {});
        bus.publish(event_of("1"));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(heard, 2000);
}

}  // namespace
}  // namespace pacs::integration
