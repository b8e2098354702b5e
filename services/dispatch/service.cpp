#include "services/dispatch/service.h"

#include <algorithm>
#include <array>

#include "core/uids.h"

namespace pacs::services {

namespace {

constexpr std::array kBestFirst{uids::ExplicitVRLittleEndian, uids::ImplicitVRLittleEndian,
                                uids::DeflatedExplicitVRLittleEndian, uids::ExplicitVRBigEndian};

}  // namespace

bool is_uncompressed(std::string_view transfer_syntax_uid) {
  const TransferSyntax* syntax = find_transfer_syntax(transfer_syntax_uid);
  return syntax != nullptr && syntax->codec == Codec::Native;
}

std::optional<std::size_t> best_uncompressed(const std::vector<std::string>& transfer_syntaxes) {
  for (const std::string_view wanted : kBestFirst) {
    const auto at = std::ranges::find(transfer_syntaxes, wanted);
    if (at != transfer_syntaxes.end()) {
      return static_cast<std::size_t>(at - transfer_syntaxes.begin());
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> Service::choose_transfer_syntax(
    const network::PresentationContextProposal& proposed) const {
  return best_uncompressed(proposed.transfer_syntaxes);
}

network::RoleSelection Service::grant_roles(const network::RoleSelection& proposed) const {
  return {proposed.sop_class_uid, true, false};
}

std::optional<Bytes> Service::answer_extended(const network::ExtendedNegotiation&) const {
  return std::nullopt;
}

}  // namespace pacs::services
