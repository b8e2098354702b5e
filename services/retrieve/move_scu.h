// Query/Retrieve SCU, C-MOVE (PS3.4 §C.4.2.2): asks a peer to send objects to a third one.
#pragma once

#include "services/retrieve/retrieve_scu.h"

namespace pacs::services {

/// Asks on an accepted context of a C-MOVE SOP class (services/query/query_models.h) and waits for
/// the end. Errors: the connection's, and Malformed when the peer answers something else.
Task<Result<RetrieveResult>> move(network::Association& association,
                                  const network::PresentationContext& context,
                                  RetrieveRequest request, OnProgress on_progress);

}  // namespace pacs::services
