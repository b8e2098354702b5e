// Verification SCU (PS3.4 Annex A): C-ECHO on an open association.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "network/association.h"

namespace pacs::services {

[[nodiscard]] network::PresentationContextProposal verification_context();

/// Sends one C-ECHO-RQ and gives the status of its response. Errors: Rejected when the peer did not
/// accept Verification, the connection's.
network::Task<Result<std::uint16_t>> echo(network::Association& association,
                                          std::uint16_t message_id = 1);

}  // namespace pacs::services
