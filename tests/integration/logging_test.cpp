#include "integration/logging.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace pacs::integration {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;

/// A logger into a file of its own, and the lines that arrived there.
class LoggingTest : public testing::Test {
 protected:
  LoggingTest() {
    options.file = testing::TempDir() + "pacs-log-" + std::to_string(::getpid()) + "-" +
                   testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove(options.file);
  }
  ~LoggingTest() override { std::filesystem::remove(options.file); }

  Logger open() {
    auto logger = Logger::create(options);
    EXPECT_TRUE(logger.has_value()) << logger.error().to_string();
    return *logger;
  }
  std::vector<std::string> lines() const {
    std::ifstream file(options.file);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }

  LogOptions options;
};

TEST_F(LoggingTest, ADefaultLoggerWritesNothingAndIsNeverEnabled) {
  const Logger logger;
  logger.info("id", "nobody hears this");
  logger.flush();
  EXPECT_FALSE(logger.enabled(LogLevel::Error));
  EXPECT_EQ(logger.lines_dropped(), 0U);
}

TEST_F(LoggingTest, ATextLineCarriesTimeLevelIdMessageAndFields) {
  const Logger logger = open();
  logger.info("a1-7", "association accepted", {{"calling_ae", "CT1"}, {"peer", "front desk"}});
  logger.flush();
  ASSERT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(lines()[0],
              MatchesRegex(
                  "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z info    \\[a1-7\\] association "
                  "accepted calling_ae=CT1 peer=\"front desk\""));
}

TEST_F(LoggingTest, AJsonLineIsOneObjectWithTheSameFacts) {
  options.format = LogFormat::Json;
  const Logger logger = open();
  logger.warning("a1-7", "refused \"twice\"", {{"calling_ae", "CT\\1"}});
  logger.flush();
  ASSERT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(lines()[0],
              MatchesRegex(R"re(\{"time":"[0-9T:.-]+Z","level":"warning","id":"a1-7",)re"
                           R"re("message":"refused \\"twice\\"","calling_ae":"CT\\\\1"\})re"));
}

TEST_F(LoggingTest, ControlCharactersAndBadUtf8CannotForgeLinesOrDriveATerminal) {
  const Logger logger = open();
  logger.info("", "title\nerror forged",
              {{"ae", "A\x1b[2J\r"}, {"name", "\xff\xc2\x9b\xe9\x9b\xaa"}});
  logger.flush();
  ASSERT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(lines()[0], HasSubstr(R"(title\nerror forged)"));
  EXPECT_THAT(lines()[0], HasSubstr(R"(ae="A\x1b[2J\r")"));
  EXPECT_THAT(lines()[0], HasSubstr("\xe9\x9b\xaa")) << "printable UTF-8 stays readable";
  EXPECT_THAT(lines()[0], Not(HasSubstr("\xff")));
  EXPECT_THAT(lines()[0], Not(HasSubstr("\xc2\x9b"))) << "C1 control sequence introducer";
}

TEST_F(LoggingTest, JsonEscapesControlCharactersAsRfc8259Says) {
  options.format = LogFormat::Json;
  const Logger logger = open();
  logger.info("", std::string_view("nul\0 bell\a \xff", 12));
  logger.flush();
  ASSERT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(lines()[0], EndsWith(R"("message":"nul\u0000 bell\u0007 \ufffd"})"));
}

TEST_F(LoggingTest, AnEndlessValueIsCut) {
  const Logger logger = open();
  logger.info("", "m", {{"uid", std::string(10'000, '1')}});
  logger.flush();
  ASSERT_THAT(lines(), SizeIs(1));
  EXPECT_LT(lines()[0].size(), 1200U);
  EXPECT_THAT(lines()[0], EndsWith("111..."));
}

TEST_F(LoggingTest, LinesBelowTheLevelAreNotWritten) {
  options.level = LogLevel::Warning;
  const Logger logger = open();
  logger.debug("", "too quiet");
  logger.info("", "too quiet");
  logger.error("", "heard");
  logger.flush();
  EXPECT_FALSE(logger.enabled(LogLevel::Info));
  ASSERT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(lines()[0], EndsWith("heard"));
}

TEST_F(LoggingTest, LevelOffWritesNothingNotEvenErrors) {
  options.level = LogLevel::Off;
  const Logger logger = open();
  logger.error("", "unheard");
  logger.log(LogLevel::Off, "", "unheard");
  logger.flush();
  EXPECT_THAT(lines(), SizeIs(0));
}

TEST_F(LoggingTest, EveryLineOfEveryThreadArrivesWhenTheLastLoggerGoes) {
  options.queue_lines_max = 100'000;
  {
    const Logger logger = open();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([logger, t] {
        for (int i = 0; i < 5000; ++i) logger.info(std::to_string(t), std::to_string(i));
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(logger.lines_dropped(), 0U);
  }
  EXPECT_THAT(lines(), SizeIs(20'000));
}

TEST_F(LoggingTest, AFullQueueDropsTheOldestLinesCountsThemAndNeverBlocksTheCaller) {
  options.queue_lines_max = 4;
  const Logger logger = open();
  constexpr std::size_t kLines = 50'000;
  for (std::size_t i = 0; i < kLines; ++i) logger.info("", std::to_string(i));
  logger.flush();
  const auto written = lines();
  EXPECT_GT(logger.lines_dropped(), 0U);
  EXPECT_EQ(written.size() + logger.lines_dropped(), kLines);
  ASSERT_FALSE(written.empty());
  EXPECT_THAT(written.back(), EndsWith(" " + std::to_string(kLines - 1)));
  EXPECT_EQ(logger.lines_queued(), 0U);
}

TEST_F(LoggingTest, ASecondRunAppendsToTheFile) {
  open().info("", "first run");
  open().info("", "second run");
  EXPECT_THAT(lines(), SizeIs(2));
}

TEST_F(LoggingTest, AFileThatCannotBeOpenedIsAnErrorThatNamesIt) {
  options.file = "/nonexistent/pacs.log";
  const auto logger = Logger::create(options);
  ASSERT_FALSE(logger.has_value());
  EXPECT_EQ(logger.error().kind, ErrorKind::Io);
  EXPECT_THAT(logger.error().to_string(), HasSubstr("/nonexistent/pacs.log"));
}

}  // namespace
}  // namespace pacs::integration
