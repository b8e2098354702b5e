// What a request for storage commitment says (PS3.4 Table J.3-1), and its compact form in a job.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "core/bytes.h"
#include "core/dicom_dataset.h"
#include "core/result.h"
#include "services/dispatch/service.h"

namespace pacs::services {

/// Failure Reason (0008,1197), PS3.3 §C.14.1.1.
namespace failure_reason {
inline constexpr std::uint16_t kProcessingFailure = 0x0110;
inline constexpr std::uint16_t kNoSuchObjectInstance = 0x0112;
inline constexpr std::uint16_t kClassInstanceConflict = 0x0119;
inline constexpr std::uint16_t kDuplicateTransactionUid = 0x0131;
/// "no such object instance"; "unknown reason" for what the standard does not list.
[[nodiscard]] std::string_view text(std::uint16_t reason);
}  // namespace failure_reason

struct CommitmentReference {
  std::string sop_class_uid, sop_instance_uid;
  std::uint16_t failure = 0;  ///< its Failure Reason; 0: committed, or not checked yet

  friend bool operator==(const CommitmentReference&, const CommitmentReference&) = default;
};

struct CommitmentRequest {
  std::string transaction_uid;
  std::vector<CommitmentReference> references;  ///< in the order of the request
};

/// Of a data set with so many references: of each an item with two UIDs.
[[nodiscard]] DataSetLimits commitment_limits(std::size_t references_max);

/// Reads the data set of N-ACTION. Else what to answer: 0120 for what is missing, 0106 for what is
/// no UID, 0213 above `references_max`, with the offending element.
[[nodiscard]] tl::expected<CommitmentRequest, Answer> read_commitment_request(
    const DataSet& data_set, std::size_t references_max);

/// What it asks for, whatever the order: its references sorted, each once, without failures.
[[nodiscard]] std::vector<CommitmentReference> reference_set(const CommitmentRequest& request);

/// What is kept of a request until its report is delivered.
struct CommitmentOrder {
  CommitmentRequest request;
  std::string called_ae;        ///< what the peer calls us: who the report comes from
  std::int64_t checked_ms = 0;  ///< when the references were checked, since 1970; 0: not yet
};
/// Some ten bytes for each reference: UIDs of one series begin alike.
[[nodiscard]] Bytes encode_commitment(const CommitmentOrder& order);
/// Corrupt when the bytes are not what encode_commitment writes.
[[nodiscard]] Result<CommitmentOrder> decode_commitment(ByteView bytes);

/// The Action Information of N-ACTION (PS3.4 Table J.3-1), or, with the AE where what is committed
/// can be retrieved, the Event Information of N-EVENT-REPORT (PS3.4 Table J.3-2).
[[nodiscard]] DataSet commitment_information(const CommitmentRequest& request,
                                             std::string_view retrieve_ae = {});
/// Event Type ID: 1 "Storage Commitment Request Successful", 2 "... Complete - Failures Exist".
[[nodiscard]] std::uint16_t commitment_event_type(const CommitmentRequest& request);

}  // namespace pacs::services
