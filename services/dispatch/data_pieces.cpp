#include "services/dispatch/data_pieces.h"

#include <algorithm>

#include <fmt/format.h>

namespace pacs::services {

namespace {
/// Large enough that a piece fills several PDUs, small enough to stay in the cache on its way.
constexpr std::size_t kPieceBytes = 256U << 10;
}  // namespace

Result<const TransferSyntax*> syntax_of(const network::PresentationContext& context) {
  if (const TransferSyntax* syntax = find_transfer_syntax(context.transfer_syntax)) return syntax;
  return fail(ErrorKind::Unsupported, "unknown transfer syntax");
}

network::DataSource data_source(SharedBytes bytes) {
  return [bytes = std::move(bytes), offset = std::size_t{0}]() mutable -> Result<ByteView> {
    const ByteView rest = bytes.view.subspan(offset);
    const ByteView piece = rest.first(std::min(rest.size(), kPieceBytes));
    offset += piece.size();
    return piece;
  };
}

network::Task<Result<Bytes>> read_whole(
    std::function<network::Task<Result<network::DataPiece>>()> next, std::size_t bytes_max,
    integration::MemoryBudget::Share* share) {
  Bytes whole;
  Result<> room;
  for (bool last = false; !last;) {
    PACS_CO_TRY(const network::DataPiece piece, co_await next());
    last = piece.last;
    if (!room) continue;
    if (piece.bytes.size() > bytes_max - whole.size()) {
      room = fail(ErrorKind::LimitExceeded,
                  fmt::format("data set is longer than {} bytes", bytes_max));
    } else if (share != nullptr) {
      // Its buffer may have twice the room that it needs.
      room = share->hold(2 * (whole.size() + piece.bytes.size()));
    }
    if (room) {
      append(whole, piece.bytes);
    } else {
      whole = Bytes{};
      if (share != nullptr) (void)share->hold(0);
    }
  }
  if (!room) co_return fail(std::move(room.error()));
  co_return whole;
}

}  // namespace pacs::services
