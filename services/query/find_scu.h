// Query/Retrieve SCU, C-FIND (PS3.4 §C.4.1.2): asks a peer on an open association and hands on the
// answers as they come. Worklists and other C-FIND classes are asked in the same way.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dicom_dataset.h"
#include "services/dispatch/service.h"

namespace pacs::services {

/// What to propose for a C-FIND SOP class.
[[nodiscard]] network::PresentationContextProposal find_context(std::string_view sop_class_uid);

struct FindRequest {
  DataSet identifier;
  std::uint64_t cancel_after = 0;  ///< C-CANCEL when so many answers have come; 0: take them all
  std::uint16_t message_id = 1;
};

/// How it ended.
struct FindResult {
  std::uint16_t status = 0;  ///< of the final response
  std::string error_comment;
  std::vector<Tag> offending_elements;
  std::uint64_t answers = 0;      ///< handed on
  bool keys_unsupported = false;  ///< FF01 came: the peer does not know all of the keys
};

/// Sends one C-FIND-RQ and calls `on_answer` with each identifier that comes back, as it came
/// (Specific Character Set says how to read it). Answers after the cancel are dropped. Errors:
/// Malformed when the peer's answers cannot be read, the connection's.
Task<Result<FindResult>> find(network::Association& association,
                              const network::PresentationContext& context, FindRequest request,
                              std::function<void(DataSet)> on_answer);

}  // namespace pacs::services
