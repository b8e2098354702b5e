// request: one DIMSE request of ours on an association we opened, to its final response.
#pragma once

#include "services/dispatch/service.h"

namespace pacs::services {

/// Sends a request and waits for its final response; for services with a single response at a time
/// (C-ECHO, N-services). Errors: the connection's, or Malformed when the peer answers something
/// else.
Task<Result<Response>> request(network::Association& association, std::uint8_t context_id,
                               network::Command command, network::DataSource data_set = {});

}  // namespace pacs::services
