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

/// The state of one C-MOVE or C-GET.
class RetrieveDialogue {
 public:
  /// All outlive it.
  RetrieveDialogue(network::Association& association, const network::PresentationContext& context,
                   const OnProgress& on_progress)
      : association_(association), context_(context), on_progress_(on_progress) {}

  Task<Result<>> begin(network::CommandField field, RetrieveRequest request);
  /// Takes a response; true when it was the final one. Malformed when it is none of ours.
  Task<Result<bool>> take(network::Command response);
  /// C-CANCEL, once.
  Task<Result<>> cancel();
  [[nodiscard]] const RetrieveResult& result() const { return result_; }

 private:
  network::Association& association_;
  const network::PresentationContext& context_;
  const OnProgress& on_progress_;
  network::CommandField expected_{};
  std::uint16_t message_id_ = 0;
  bool cancelled_ = false;
  RetrieveResult result_;
};

}  // namespace pacs::services
