// Query/Retrieve SCP, C-GET (PS3.4 §C.4.3): sends what is asked for on the association it was asked
// on.
#pragma once

#include "services/retrieve/retrieval.h"

namespace pacs::services {

class GetScp : public Service {
 public:
  explicit GetScp(RetrieveSetup setup) : setup_(std::move(setup)) {}

  /// Patient Root, Study Root, and the retired Patient/Study Only.
  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == network::CommandField::CGetRq;
  }
  [[nodiscard]] std::optional<Bytes> answer_extended(
      const network::ExtendedNegotiation& proposed) const override;
  Task<Result<Answer>> perform(Operation& operation) override;

 private:
  RetrieveSetup setup_;
};

}  // namespace pacs::services
