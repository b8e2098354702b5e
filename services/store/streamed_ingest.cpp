#include "services/store/streamed_ingest.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "encoding/transfer_syntax.h"
#include "integration/on_worker.h"

namespace pacs::services {
namespace {

/// Of a deflated data set so much is taken at a time: it may inflate to a thousand times as many
/// bytes (PS3.5 §A.5), and the others on this thread wait meanwhile.
constexpr std::size_t kDeflatedSliceBytes = 2048;

}  // namespace

bool is_deflated(std::string_view transfer_syntax_uid) {
  const TransferSyntax* syntax = find_transfer_syntax(transfer_syntax_uid);
  return syntax != nullptr && syntax->deflated;
}

network::Task<Result<>> append_in_turns(storage::Ingest& ingest, ByteView piece, bool deflated) {
  if (!deflated || piece.size() <= kDeflatedSliceBytes) co_return ingest.append(piece);
  const Bytes held(piece.begin(), piece.end());  // the piece is void once others run
  for (std::size_t at = 0; at < held.size(); at += kDeflatedSliceBytes) {
    const auto slice = ByteView(held).subspan(at, std::min(kDeflatedSliceBytes, held.size() - at));
    PACS_CO_TRY(ingest.append(slice));
    co_await boost::asio::post(boost::asio::use_awaitable);
  }
  co_return Result<>{};
}

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
