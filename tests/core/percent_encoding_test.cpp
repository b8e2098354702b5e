#include "core/percent_encoding.h"

#include <gtest/gtest.h>

namespace pacs {
namespace {

TEST(PercentEncoding, OnlyUnreservedCharactersStayAsTheyAre) {
  EXPECT_EQ(percent_encoded("AZaz09-_.~"), "AZaz09-_.~");
  EXPECT_EQ(percent_encoded("A/B C&d=%"), "A%2FB%20C%26d%3D%25");
  EXPECT_EQ(percent_encoded("\xC3\xA9\n"), "%C3%A9%0A");
  EXPECT_EQ(percent_encoded(""), "");
}

}  // namespace
}  // namespace pacs
