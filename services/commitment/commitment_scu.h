// Storage Commitment Push Model SCU (PS3.4 Annex J): asks a peer to promise that it keeps
// instances, and takes its report, on the same association or on one that the peer opens.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/commitment/commitment_request.h"
#include "services/dispatch/service.h"

namespace pacs::services {

struct CommitmentReport {
  std::uint16_t event_type = 0;  ///< 1 or 2, as commitment_event_type
  std::string transaction_uid, retrieve_ae;
  std::vector<CommitmentReference> references;  ///< the committed ones, then the failed ones
};
/// Reads an Event Information (PS3.4 Table J.3-2). Malformed, with the element, when it is not one.
[[nodiscard]] Result<CommitmentReport> read_commitment_report(std::uint16_t event_type,
                                                              const DataSet& information);

/// Told of each report that is answered with a failure, and why.
using ReportRefused = std::function<void(const std::string& why)>;

/// One request for commitment on an association of ours, and the reports that come on it. One that
/// is not of the request's transaction is answered 0110, one of another event type 0113.
class CommitmentAsking {
 public:
  /// All outlive it.
  CommitmentAsking(network::Association& association, const CommitmentRequest& request,
                   ReportRefused refused = {})
      : association_(association), request_(request), refused_(std::move(refused)) {}

  /// Sends the request; success when the peer took it. Errors: Rejected with the peer's status and
  /// comment, or without a presentation context for the class; the connection's; Malformed when the
  /// peer sends what is neither response nor report.
  Task<Result<>> ask();
  /// Waits for the report of the request: some peers have sent it before the response. How long the
  /// association may idle between two messages says how long.
  Task<Result<CommitmentReport>> report();

 private:
  Task<Result<>> take_report(const network::Message& message);

  network::Association& association_;
  const CommitmentRequest& request_;
  const ReportRefused refused_;
  std::optional<CommitmentReport> report_;
};

/// Takes the reports that peers bring on associations of their own, in the role of SCP there
/// (PS3.7 §D.3.3.4).
class CommitmentReports : public Service {
 public:
  /// `take` is called on the threads of the associations, as is `refused`; the status it gives is
  /// answered.
  using Take = std::function<std::uint16_t(CommitmentReport report)>;
  explicit CommitmentReports(Take take, ReportRefused refused = {})
      : take_(std::move(take)), refused_(std::move(refused)) {}

  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == network::CommandField::NEventReportRq;
  }
  [[nodiscard]] network::RoleSelection grant_roles(
      const network::RoleSelection& proposed) const override;
  Task<Result<Answer>> perform(Operation& operation) override;

 private:
  const Take take_;
  const ReportRefused refused_;
};

}  // namespace pacs::services
