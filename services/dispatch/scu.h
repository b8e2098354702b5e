// What the SCUs of all service classes do on an association that we opened: propose contexts, send
// and receive data sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/dicom_dataset.h"
#include "network/association.h"

namespace pacs::services {

/// A presentation context to propose. Without transfer syntaxes: Explicit and Implicit VR Little
/// Endian.
[[nodiscard]] network::PresentationContextProposal proposal(
    std::string_view sop_class_uid, std::vector<std::string> transfer_syntaxes = {});

/// A data set in the transfer syntax of the context, to be sent.
[[nodiscard]] Result<network::DataSource> encode(const DataSet& data_set,
                                                 const network::PresentationContext& context);

/// The C-CANCEL-RQ for a request of this message id (PS3.7 §9.3.2.3).
[[nodiscard]] network::Command cancel_request(std::uint16_t message_id);

/// The next message. ConnectionClosed when the peer released the association instead.
network::Task<Result<network::Message>> receive_message(network::Association& association);

/// Aborts the association: the peer answered a request that was not made, and whose its further
/// answers are nobody knows. Malformed, which says so.
[[nodiscard]] Error unasked_answer(network::Association& association);

/// The data set that comes with the message just received on this context.
network::Task<Result<DataSet>> receive_data_set(network::Association& association,
                                                const network::PresentationContext& context,
                                                std::size_t bytes_max);

}  // namespace pacs::services
