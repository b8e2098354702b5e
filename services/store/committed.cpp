#include "services/store/committed.h"

#include <functional>
#include <optional>
#include <utility>

#include "integration/on_worker.h"

namespace pacs::services {

network::Task<Result<storage::StoredInstance>> committed(storage::Ingest& ingest) {
  std::optional<Result<storage::StoredInstance>> outcome;
  const std::function<void(std::function<void()>)> begin = [&](std::function<void()> done) {
    ingest.commit([&outcome, done = std::move(done)](Result<storage::StoredInstance> stored) {
      outcome = std::move(stored);
      done();
    });
  };
  co_await integration::until_done(begin);
  co_return *std::move(outcome);
}

}  // namespace pacs::services
