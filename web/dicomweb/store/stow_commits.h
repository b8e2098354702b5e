// StowCommits: objects of one request between commit and their outcome, so that those that come
// together share flushes and none waits for the one before.
#pragma once

#include <cstddef>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "storage/ingest/ingest.h"
#include "web/dicomweb/store/stow_results.h"

namespace pacs::web {

/// For one coroutine. When it is given up, outcomes that still come are not seen by anybody.
class StowCommits {
 public:
  StowCommits();

  /// A place for the next object's outcome, which stays where it is.
  [[nodiscard]] StowResult& next_result();
  /// Waits while too many are under way, then commits; its outcome comes into `result`.
  [[nodiscard]] boost::asio::awaitable<void> commit(std::unique_ptr<storage::Ingest> ingest,
                                                    StowResult& result);
  /// Waits until all have their outcome.
  [[nodiscard]] boost::asio::awaitable<void> finish();
  /// All of them, once finished.
  [[nodiscard]] const StowResults& results() const;

 private:
  struct State;
  [[nodiscard]] boost::asio::awaitable<void> until_fewer_than(std::size_t count);

  std::shared_ptr<State> state_;  // the archive's threads answer into it
};

}  // namespace pacs::web
