#include "core/nearest.h"

#include <gtest/gtest.h>

namespace pacs {
namespace {

TEST(EditDistance, CountsSlipsOfTheHand) {
  EXPECT_EQ(edit_distance("port", "port"), 0U);
  EXPECT_EQ(edit_distance("port", "PORT"), 0U);
  EXPECT_EQ(edit_distance("prot", "port"), 1U);
  EXPECT_EQ(edit_distance("por", "port"), 1U);
  EXPECT_EQ(edit_distance("port", "sport"), 1U);
  EXPECT_EQ(edit_distance("part", "port"), 1U);
  EXPECT_EQ(edit_distance("", "port"), 4U);
}

TEST(Nearest, KeepsTheBestInOrder) {
  Nearest nearest{"lisen", 2};
  for (const char* name : {"listen", "lissen", "port", "lisen_on"}) nearest.offer(name);
  ASSERT_EQ(nearest.best().size(), 2U);
  EXPECT_EQ(nearest.best()[0], "listen");
  EXPECT_EQ(nearest.best()[1], "lissen");
}

TEST(Nearest, OffersNothingThatIsNoSlip) {
  Nearest nearest{"port"};
  nearest.offer("durability");
  nearest.offer("host_name");
  EXPECT_TRUE(nearest.best().empty());
}

}  // namespace
}  // namespace pacs
