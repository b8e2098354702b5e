#include <gmock/gmock.h>

#include "tests/apps/program.h"

namespace pacs::apps {
namespace {

using testing::HasSubstr;

// Port 1 is free: nothing here may listen below 1024.
TEST(JobsCommand, NamesTheServerThatIsNotThere) {
  for (const char* command : {"list", "show 17", "retry 17", "priority 17 5"}) {
    const Ran ran = pacs(std::string("jobs ") + command + " --url http://127.0.0.1:1");
    EXPECT_EQ(ran.exit_code, 1) << command;
    EXPECT_THAT(ran.output, HasSubstr("Connection refused")) << command;
    EXPECT_THAT(ran.output, HasSubstr("127.0.0.1:1")) << command;
  }
}

}  // namespace
}  // namespace pacs::apps
