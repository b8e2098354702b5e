// Storage Commitment Push Model SCU (PS3.4 Annex J): asks a peer to promise that it keeps
// instances, and takes its report, on the same association or on one that the peer opens.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "services/commitment_request.h"
#include "services/service.h"

namespace pacs::services {

[[nodiscard]] network::PresentationContext commitment_context();

/// Sends the request on a context of the class; success when the peer took it. Errors: Rejected
/// with the peer's status and comment, the connection's.
Task<Status> request_commitment(network::Association& association,
                                const network::PresentationContext& context,
                                const CommitmentRequest& asked);

struct CommitmentReport {
  std::string transaction_uid, retrieve_ae;
  std::vector<CommitmentReference> references;  ///< the committed ones, then the failed ones
};
/// Reads an Event Information (PS3.4 Table J.3-2). Malformed, with the element, when it is none.
[[nodiscard]] Result<CommitmentReport> read_commitment_report(const DataSet& information);

/// Waits for the report on the association of the request and answers it; how long the association
/// may idle says how long. Malformed when the peer sends something else.
Task<Result<CommitmentReport>> receive_commitment_report(network::Association& association);

/// Takes the reports that peers bring on associations of their own, in the role of SCP there
/// (PS3.7 §D.3.3.4).
class CommitmentReports : public Service {
 public:
  /// `take` is called on the threads of the associations; the status it gives is answered.
  using Take = std::function<std::uint16_t(CommitmentReport report)>;
  explicit CommitmentReports(Take take) : take_(std::move(take)) {}

  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == network::CommandField::NEventReportRq;
  }
  [[nodiscard]] network::Role grant_roles(
      const network::PresentationContext& proposed) const override;
  Task<Result<Answer>> perform(Operation& operation) override;

 private:
  Take take_;
};

}  // namespace pacs::services
