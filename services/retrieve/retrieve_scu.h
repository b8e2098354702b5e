// What C-MOVE and C-GET have in common for those who ask (PS3.4 §C.4.2.2, §C.4.3.2): the request,
// the counts that come back, and the end.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/dicom_dataset.h"
#include "services/dispatch/service.h"

namespace pacs::services {

struct RetrieveRequest {
  DataSet identifier;
  std::string move_destination{};  ///< C-MOVE: the AE title that the peer sends to
  std::uint16_t message_id = 1;
};

/// How it ended.
struct RetrieveResult {
  std::uint16_t status = 0;  ///< of the final response
  std::string error_comment;
  std::vector<Tag> offending_elements;
  SubOperations counts;
  std::vector<std::string> failed_uids;  ///< Failed SOP Instance UID List
};

/// Told of the counts whenever the peer says them. False cancels (C-CANCEL): what is under way then
/// still comes to its end.
using OnProgress = std::function<bool(const SubOperations&)>;

/// Takes a C-STORE-RQ, which comes with its data set, and answers it. False cancels.
using OnStore = std::function<Task<Result<bool>>(network::Message)>;

/// Asks on an accepted context (services/query/query_models.h) and takes what comes until the end.
/// Without `on_store` a C-STORE-RQ does not belong here. Errors: the connection's, Malformed when
/// the peer sends what does not belong here.
Task<Result<RetrieveResult>> retrieve(network::Association& association,
                                      const network::PresentationContext& context,
                                      network::CommandField field, RetrieveRequest request,
                                      OnProgress on_progress, OnStore on_store);

/// C-MOVE: asks a peer to send objects to a third one.
Task<Result<RetrieveResult>> move(network::Association& association,
                                  const network::PresentationContext& context,
                                  RetrieveRequest request, OnProgress on_progress);

}  // namespace pacs::services
