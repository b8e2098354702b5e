#include "integration/summed_warnings.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <unistd.h>

#include "integration/thread_adapter.h"

namespace pacs::integration {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class SummedWarningsTest : public testing::Test {
 protected:
  SummedWarningsTest()
      : file_(testing::TempDir() + "pacs-sums-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove(file_);
    log = *Logger::create({.file = file_});
  }
  ~SummedWarningsTest() override { std::filesystem::remove(file_); }

  std::vector<std::string> lines() const {
    log.flush();
    std::ifstream file(file_);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }

 private:
  const std::string file_;

 protected:
  IoPool pool{1};
  Logger log;
};

TEST_F(SummedWarningsTest, TheFirstFewAreWrittenAndTheOthersSummed) {
  {
    SummedWarnings warnings(log, pool);
    for (int i = 0; i < 1000; ++i) {
      warnings.warning("id", "10.0.0.1", "too many", "full", {{"reason", "full"}});
    }
    warnings.warning("id", "10.0.0.2", "too many", "full", {});
    warnings.warning("id", "10.0.0.1", "too many", "closing", {});
    EXPECT_THAT(lines(), SizeIs(SummedWarnings::kFirst + 2));
  }
  const auto all = lines();
  ASSERT_THAT(all, SizeIs(SummedWarnings::kFirst + 3));
  EXPECT_THAT(all.back(), HasSubstr("too many"));
  EXPECT_THAT(all.back(), HasSubstr("peer=10.0.0.1 reason=full more_times=995"));
}

TEST_F(SummedWarningsTest, WhenAWindowEndsItsSumIsWrittenAndTheNextBegins) {
  SummedWarnings warnings(log, pool, std::chrono::milliseconds{50});
  for (int i = 0; i < 6; ++i) warnings.warning("", "peer", "again", "", {});
  while (lines().size() < SummedWarnings::kFirst + 1) std::this_thread::yield();
  EXPECT_THAT(lines().back(), HasSubstr("more_times=1"));
  warnings.warning("", "peer", "again", "", {});
  EXPECT_THAT(lines(), SizeIs(SummedWarnings::kFirst + 2));
}

TEST_F(SummedWarningsTest, ManyKindsTakeBoundedMemoryAndFewLines) {
  {
    SummedWarnings warnings(log, pool);
    for (int i = 0; i < 5000; ++i) warnings.warning("", std::to_string(i), "flood", "", {});
  }
  EXPECT_THAT(lines(), SizeIs(1024 + SummedWarnings::kFirst + 1));
  EXPECT_THAT(lines().back(), HasSubstr("peer=others"));
}

}  // namespace
}  // namespace pacs::integration
