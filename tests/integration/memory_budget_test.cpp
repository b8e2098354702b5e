#include "integration/memory_budget.h"

#include <gtest/gtest.h>

namespace pacs::integration {
namespace {

TEST(MemoryBudget, WhatOneHoldsAnotherCannot) {
  MemoryBudget budget("cake_bytes_max", 100);
  MemoryBudget::Share first(budget);
  EXPECT_TRUE(first.hold(60));
  {
    MemoryBudget::Share second(budget);
    EXPECT_TRUE(second.hold(40));
    const auto refused = second.hold(41);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::OutOfResources);
    EXPECT_EQ(refused.error().message, "cake_bytes_max = 100 bytes are in use; try again later");
    EXPECT_EQ(budget.bytes(), 100U) << "what it held it holds";
  }
  EXPECT_EQ(budget.bytes(), 60U);
  EXPECT_TRUE(first.hold(100));
  EXPECT_TRUE(first.hold(10));
  EXPECT_EQ(budget.bytes(), 10U);
}

}  // namespace
}  // namespace pacs::integration
