// kill -9 in the middle of storing, again and again: everything acknowledged is there and intact,
// nothing half-stored is visible, and the start needs no hand.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sanitized.h"
#include "tests/storage/archive_language.h"

namespace pacs::storage::test {
namespace {

constexpr std::uint32_t kStreams = 4;

/// From 1 kB to 150 kB, so that some go through the journal and some to files of their own.
TestObject object(std::uint32_t n) {
  TestObject object = TestObject::number(n);
  object.pixel_bytes = n % 7 == 0 ? 150'000 : 1000 + n % 5 * 7000;
  object.series = "1.2.3." + std::to_string(n % 3);
  return object;
}

/// What the child does until it is killed: stores and says the number of each object acknowledged.
[[noreturn]] void store_for_ever(const ArchiveOptions& options, std::uint32_t first, int pipe) {
  auto archive = LocalArchive::open(options, small_tuning());
  if (!archive) ::_exit(3);
  std::vector<std::thread> threads;
  for (std::uint32_t stream = 0; stream < kStreams; ++stream) {
    threads.emplace_back([&, stream] {
      for (std::uint32_t n = first + stream;; n += kStreams) {
        if (!store(**archive, object(n), 16'384)) ::_exit(4);
        if (::write(pipe, &n, sizeof n) != sizeof n) ::_exit(5);
      }
    });
  }
  for (;;) ::pause();
}

class KillTest : public testing::Test {
 protected:
  /// Runs the child until it has acknowledged so many, and this much longer; adds all of them.
  void store_and_kill(std::size_t wanted, std::chrono::milliseconds longer, std::uint32_t first) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe[0]);
      store_for_ever(options_, first, pipe[1]);
    }
    ::close(pipe[1]);
    std::thread reaper;
    std::uint32_t n = 0;
    for (std::size_t got = 0;; ++got) {
      if (got == wanted) {
        reaper = std::thread([child, longer] {
          std::this_thread::sleep_for(longer);  // the random moment
          ::kill(child, SIGKILL);
        });
      }
      if (::read(pipe[0], &n, sizeof n) != sizeof n) break;
      acknowledged_.insert(n);
    }
    if (reaper.joinable()) reaper.join();
    ::close(pipe[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "the child ended by itself: " << WEXITSTATUS(status);
  }

  TemporaryFolder folder_;
  ArchiveOptions options_ = options_for(folder_ / "archive");
  std::set<std::uint32_t> acknowledged_;
};

TEST_F(KillTest, FiftyKillsLoseNothingAcknowledgedAndShowNothingHalfStored) {
  std::mt19937 random(std::random_device{}());
  std::chrono::duration<double> slowest{0};
  std::uint32_t next = 0;
  std::set<std::uint32_t> checked;
  for (int round = 0; round < rounds(50); ++round) {
    // Some die while they open, most while they store.
    const std::size_t wanted = round % 5 == 0 ? 0 : random() % 20;
    const std::chrono::milliseconds longer(random() % (wanted == 0 ? 50 : 5));
    ASSERT_NO_FATAL_FAILURE(store_and_kill(wanted, longer, next));
    if (!acknowledged_.empty()) next = *acknowledged_.rbegin() + 2 * kStreams;

    const auto begun = std::chrono::steady_clock::now();
    const auto archive = open_archive(options_);
    slowest =
        std::max<std::chrono::duration<double>>(slowest, std::chrono::steady_clock::now() - begun);
    ASSERT_NE(archive, nullptr);
    for (const std::uint32_t n : acknowledged_) {
      if (!checked.insert(n).second) {
        EXPECT_TRUE(archive->find_instance(object(n).instance)) << n;
      } else {
        expect_stored(*archive, object(n));
      }
    }
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
  EXPECT_GT(acknowledged_.size(), 50U / kStride);

  const auto archive = open_archive(options_);
  ASSERT_NE(archive, nullptr);
  expect_sound(*archive);
  // Also what was stored and not acknowledged any more is whole.
  std::size_t visible = 0;
  ASSERT_TRUE(archive->for_each_instance([&](const InstanceRecord& record) {
    ++visible;
    const auto n = std::stoul(record.sop_instance_uid.substr(std::string("1.2.3.4.").size())) - 1;
    expect_stored(*archive, object(static_cast<std::uint32_t>(n)));
    return true;
  }));
  EXPECT_GE(visible, acknowledged_.size());
  RecordProperty("slowest_start_ms", static_cast<int>(slowest.count() * 1000));
}

}  // namespace
}  // namespace pacs::storage::test
