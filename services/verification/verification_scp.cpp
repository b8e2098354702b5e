#include "services/verification/verification_scp.h"

#include "core/uids.h"

namespace pacs::services {

bool VerificationScp::serves(std::string_view sop_class_uid) const {
  return sop_class_uid == uids::Verification;
}

bool VerificationScp::performs(network::CommandField request) const {
  return request == network::CommandField::CEchoRq;
}

Task<Result<Answer>> VerificationScp::perform(Operation&) {
  co_return Answer{};  // PS3.4 §A.4: "Success" is the only status
}

}  // namespace pacs::services
