// Event reports: N-EVENT-REPORT (PS3.7 §10.1.1) to a peer, by the SCP of a SOP class that notifies:
// Storage Commitment (PS3.4 §J.3.3), performed procedure steps (PS3.4 §F.9).
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "core/dicom_dataset.h"
#include "integration/logging.h"
#include "services/dispatch/requestor.h"

namespace pacs::services {

struct EventReport {
  std::string sop_class_uid, sop_instance_uid;
  std::uint16_t event_type_id = 0;
  DataSet information;  ///< empty: the report has none, and announces none
};

/// Opens an association to `peer` (contexts are set here), reports, releases. A success, or a
/// warning, of the peer is success. Errors: Rejected when it refuses the association, the SOP
/// class, the role or the report; the connection's; Cancelled when `stop` is asked for, also while
/// the peer does not answer; its callbacks must come on the caller's executor.
Task<Result<>> report_event(network::RequestOptions peer, EventReport report,
                            integration::Logger log, std::stop_token stop = {});

/// The same on an association that the peer opened, to be called on its executor.
Task<Result<>> report_event(Requestor& requestor, const network::PresentationContext& context,
                            EventReport report);

}  // namespace pacs::services
