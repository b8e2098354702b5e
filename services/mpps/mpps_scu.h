// Modality Performed Procedure Step SCU (PS3.4 §F.7, §F.8) on an open association.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "network/association.h"

namespace pacs::services {

using network::Task;

[[nodiscard]] network::PresentationContextProposal mpps_context();
[[nodiscard]] network::PresentationContextProposal mpps_retrieve_context();

/// What the peer answered.
struct MppsReply {
  std::uint16_t status = 0;
  std::string sop_instance_uid;  ///< N-CREATE: the new instance's
  std::string error_comment;
  std::optional<std::uint16_t> error_id{};
  std::vector<Tag> offending_elements, attribute_identifiers;
  DataSet data_set;  ///< N-GET: the attributes; else what the peer says of them
};

// Errors of all: Rejected when the peer did not accept the SOP class, the connection's, Malformed.

/// `sop_instance_uid` may be empty: the peer gives one then.
Task<Result<MppsReply>> create_step(network::Association& association, std::string sop_instance_uid,
                                    const DataSet& attributes, std::uint16_t message_id = 1);
Task<Result<MppsReply>> set_step(network::Association& association, std::string sop_instance_uid,
                                 const DataSet& modifications, std::uint16_t message_id = 1);
/// All attributes when none is named.
Task<Result<MppsReply>> get_step(network::Association& association, std::string sop_instance_uid,
                                 std::vector<Tag> attributes, std::uint16_t message_id = 1);

}  // namespace pacs::services
