// Verification SCP (PS3.4 Annex A): C-ECHO is answered with success.
#pragma once

#include "services/dispatch/service.h"

namespace pacs::services {

class VerificationScp : public Service {
 public:
  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override;
  Task<Result<Answer>> perform(Operation& operation) override;
};

}  // namespace pacs::services
