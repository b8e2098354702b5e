#include "web/dicomweb/store/stow_commits.h"

#include <functional>
#include <list>
#include <mutex>
#include <utility>

#include "integration/on_worker.h"

namespace pacs::web {
namespace {

/// Enough to share flushes, and few enough that what they hold in memory does not matter.
constexpr std::size_t kCommitsAtOnce = 32;

}  // namespace

struct StowCommits::State {
  /// The archive may answer from inside of commit, so an ingest is given up later, by us.
  struct Committing {
    std::unique_ptr<storage::Ingest> ingest;
    bool done = false;
  };
  StowResults results;
  std::mutex mutex;  // guards what follows, and results of commits under way
  std::list<Committing> committing;
  std::size_t under_way = 0;
  std::size_t wanted = 0;
  std::function<void()> wake;  // called when fewer than `wanted` are under way

  void done(Committing& commit, StowResult& result, Result<storage::StoredInstance> outcome) {
    std::function<void()> call;
    {
      const std::lock_guard lock{mutex};
      if (outcome) {
        result.stored = *std::move(outcome);
      } else {
        result.fails(std::move(outcome.error()));
      }
      commit.done = true;
      --under_way;
      if (wake && under_way < wanted) call = std::exchange(wake, {});
    }
    if (call) call();
  }
};

StowCommits::StowCommits() : state_(std::make_shared<State>()) {}

StowResult& StowCommits::next_result() {
  return state_->results.emplace_back();
}

const StowResults& StowCommits::results() const {
  return state_->results;
}

boost::asio::awaitable<void> StowCommits::until_fewer_than(std::size_t count) {
  const std::function<void(std::function<void()>)> begin = [&](std::function<void()> done) {
    {
      const std::lock_guard lock{state_->mutex};
      state_->committing.remove_if([](const auto& commit) { return commit.done; });
      if (state_->under_way >= count) {
        state_->wanted = count;
        state_->wake = std::move(done);
        return;
      }
    }
    done();
  };
  co_await integration::until_done(begin);
}

boost::asio::awaitable<void> StowCommits::commit(std::unique_ptr<storage::Ingest> ingest,
                                                 StowResult& result) {
  co_await until_fewer_than(kCommitsAtOnce);
  State::Committing* commit = nullptr;
  {
    const std::lock_guard lock{state_->mutex};
    ++state_->under_way;
    commit = &state_->committing.emplace_back(State::Committing{std::move(ingest), false});
  }
  commit->ingest->commit(
      [state = state_, commit, &result](Result<storage::StoredInstance> outcome) {
        state->done(*commit, result, std::move(outcome));
      });
}

boost::asio::awaitable<void> StowCommits::finish() {
  co_await until_fewer_than(1);
}

}  // namespace pacs::web
