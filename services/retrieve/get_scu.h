// Query/Retrieve SCU, C-GET (PS3.4 §C.4.3.2): asks a peer for objects, which come on the same
// association.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "services/retrieve/object_sink.h"
#include "services/retrieve/retrieve_scu.h"

namespace pacs::services {

/// Contexts in which we receive: for each of the SOP classes one with all uncompressed transfer
/// syntaxes of the list, and one for each compressed one, so that objects can come as they are
/// stored.
[[nodiscard]] std::vector<network::PresentationContextProposal> receiving_contexts(
    std::span<const std::string> sop_class_uids, std::span<const std::string> transfer_syntax_uids);

/// 127 contexts that fit beside one for C-GET: the SOP classes that are in use uncompressed, and
/// those of most images also in each usual compressed transfer syntax.
[[nodiscard]] std::vector<network::PresentationContextProposal> usual_receiving_contexts();

/// Adds them to a request, and the role of SCP for each of their SOP classes (PS3.7 §D.3.3.4).
void propose_to_receive(network::AssociateRq& request,
                        std::span<const network::PresentationContextProposal> contexts);

struct GetHooks {
  OpenSink open;
  /// Each object when it has been kept or refused; `bytes` of its data set have come. False
  /// cancels.
  std::function<bool(const IncomingObject&, std::uint64_t bytes, const Result<>&)> on_object{};
  OnProgress on_progress{};
};

/// Asks on an accepted context of a C-GET SOP class (services/query/query_models.h) and takes what
/// comes until the end. Each object streams into its sink. Errors: the connection's, and Malformed
/// when the peer sends what does not belong here.
Task<Result<RetrieveResult>> get(network::Association& association,
                                 const network::PresentationContext& context,
                                 RetrieveRequest request, GetHooks hooks);

}  // namespace pacs::services
