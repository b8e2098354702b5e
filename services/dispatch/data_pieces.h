// Data sets as streams of pieces: their syntax, sources for sending, whole reading with a limit.
#pragma once

#include <functional>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/transfer_syntax.h"
#include "integration/memory_budget.h"
#include "network/association.h"

namespace pacs::services {

/// What the data sets of a presentation context are written in.
[[nodiscard]] Result<const TransferSyntax*> syntax_of(const network::PresentationContext& context);

/// Gives bytes that are in memory or mapped, a piece at a time so that a mapped file's pages come
/// in as they are sent.
[[nodiscard]] network::DataSource data_source(SharedBytes bytes);

/// Reads pieces to the last one into one buffer. Above `bytes_max`, or above what `share` can hold,
/// it goes on reading, keeps nothing, and says LimitExceeded or OutOfResources. `share` lives until
/// it is done; null: no budget.
network::Task<Result<Bytes>> read_whole(
    std::function<network::Task<Result<network::DataPiece>>()> next, std::size_t bytes_max,
    integration::MemoryBudget::Share* share = nullptr);

}  // namespace pacs::services
