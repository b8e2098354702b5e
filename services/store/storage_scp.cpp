#include "services/store/storage_scp.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "encoding/transfer_syntax.h"
#include "integration/on_worker.h"
#include "storage/archive.h"

namespace pacs::services {
namespace {

/// Of a deflated data set so much is taken at a time: it may inflate to a thousand times as many
/// bytes (PS3.5 §A.5), and the others on this thread wait meanwhile.
constexpr std::size_t kDeflatedSliceBytes = 2048;

/// Appends a piece, for a deflated data set slice by slice with a turn for the others between.
Task<Result<>> append(storage::Ingest& ingest, ByteView piece, bool deflated) {
  if (!deflated || piece.size() <= kDeflatedSliceBytes) co_return ingest.append(piece);
  const Bytes held(piece.begin(), piece.end());  // the piece is void once others run
  for (std::size_t at = 0; at < held.size(); at += kDeflatedSliceBytes) {
    const auto slice = ByteView(held).subspan(at, std::min(kDeflatedSliceBytes, held.size() - at));
    PACS_CO_TRY(ingest.append(slice));
    co_await boost::asio::post(boost::asio::use_awaitable);
  }
  co_return Result<>{};
}

/// Commits, and resumes when the object is durable or has failed.
Task<Result<storage::StoredInstance>> committed(storage::Ingest& ingest) {
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

}  // namespace

Task<Result<Answer>> StorageScp::perform(Operation& operation) {
  const network::Command& request = operation.request();
  if (!request.has_data_set) {
    co_return fail(ErrorKind::Malformed, "C-STORE-RQ without a data set");
  }
  PACS_CO_TRY(std::unique_ptr<storage::Ingest> ingest,
              archive_.begin_ingest({.transfer_syntax_uid = operation.context().transfer_syntax,
                                     .sop_class_uid = request.sop_class_uid,
                                     .sop_instance_uid = request.sop_instance_uid,
                                     .source_ae = operation.association().request.calling_ae,
                                     .trace_id = operation.association().id,
                                     .end = DataSetEnd::Certain}));

  const TransferSyntax* syntax = find_transfer_syntax(operation.context().transfer_syntax);
  const bool deflated = syntax != nullptr && syntax->deflated;  // JPIP Referenced Deflate as well
  for (bool last = false; !last;) {
    PACS_CO_TRY(const network::DataPiece piece, co_await operation.read_data_set());
    last = piece.last;
    PACS_CO_TRY(co_await append(*ingest, piece.bytes, deflated));
  }
  PACS_CO_TRY(co_await committed(*ingest));
  co_return Answer{};
}

}  // namespace pacs::services
