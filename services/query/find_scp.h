// Query/Retrieve SCP, C-FIND (PS3.4 §C.4.1): an identifier becomes a query, which the archive
// answers.
#pragma once

#include <string>

#include "services/dispatch/service.h"

namespace pacs::integration {
class WorkPool;
}
namespace pacs::storage {
class Archive;
}

namespace pacs::services {

struct FindOptions {
  std::string retrieve_ae = "PACS";  ///< whom to ask for the objects: ourselves
  std::uint64_t matches_max = 0;     ///< as in FindSource
};

class FindScp : public Service {
 public:
  /// Both outlive every association.
  FindScp(storage::Archive& archive, integration::WorkPool& workers, FindOptions options)
      : archive_(archive), workers_(workers), options_(std::move(options)) {}

  /// Patient Root, Study Root, and the retired Patient/Study Only.
  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == network::CommandField::CFindRq;
  }
  [[nodiscard]] std::optional<Bytes> answer_extended(
      const network::ExtendedNegotiation& proposed) const override;
  Task<Result<Answer>> perform(Operation& operation) override;

 private:
  storage::Archive& archive_;
  integration::WorkPool& workers_;
  FindOptions options_;
};

}  // namespace pacs::services
