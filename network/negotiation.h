// Negotiation: what a requestor asks, what we serve, and the answer that follows: pure functions
// from A-ASSOCIATE-RQ to A-ASSOCIATE-AC or -RJ (PS3.8 §7.1, PS3.7 §D.3).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "network/association_limits.h"
#include "network/pdu/pdu.h"

namespace pacs::network {

/// A presentation context that was accepted.
struct PresentationContext {
  std::uint8_t id = 0;  ///< odd, 1..255 (PS3.8 §9.3.2.2)
  std::string abstract_syntax, transfer_syntax;
  bool scu_role = true, scp_role = false;  ///< of the requestor (PS3.7 §D.3.3.4)
};

/// An association, seen by either side: what was asked, what was answered, and what follows.
struct Negotiated {
  std::string id{};            ///< unique, for logs: "a1b2c3d4-17"
  std::string peer_address{};  ///< "10.0.0.1:5000"
  bool tls = false;
  Side side = Side::Acceptor;  ///< ours
  AssociateRq request{};
  AssociateAc answer{};
  std::vector<PresentationContext> contexts{};  ///< accepted, in the order proposed; from the two

  /// Takes the answer to `request`. Malformed when it answers what was not asked, Unsupported when
  /// the peer takes too little at once to be sent anything.
  [[nodiscard]] Result<> conclude(AssociateAc ac);

  [[nodiscard]] const PresentationContext* accepted(std::uint8_t context_id) const;
  /// First accepted context for a SOP class; with `transfer_syntax` one that carries it.
  [[nodiscard]] const PresentationContext* accepted_for(
      std::string_view sop_class_uid, std::string_view transfer_syntax = {}) const;
  /// Whether the acceptor serves the SOP class, even if in none of the transfer syntaxes that were
  /// proposed (PS3.8 Table 9-18: result 0 or 4).
  [[nodiscard]] bool serves(std::string_view sop_class_uid) const;

  /// Whether the answer has a role selection for the SOP class (PS3.7 §D.3.3.4), whatever it says.
  [[nodiscard]] bool answers_role(std::string_view sop_class_uid) const;

  /// What the peer said of itself.
  [[nodiscard]] const UserInformation& peer() const {
    return side == Side::Acceptor ? request.user : answer.user;
  }
  /// P-DATA is cut to this; 0: no limit.
  [[nodiscard]] std::uint32_t peer_max_pdu_bytes() const {
    return peer().max_pdu_bytes.value_or(0);
  }
  /// PS3.7 §D.3.3.3: 1, 1 unless asked for and answered.
  [[nodiscard]] OperationsWindow window() const {
    return request.user.operations_window
               ? answer.user.operations_window.value_or(OperationsWindow{})
               : OperationsWindow{};
  }
};

/// What an acceptor asks its owner about: which abstract syntaxes and transfer syntaxes it serves.
struct AcceptorPolicy {
  std::string ae_title = "PACS";
  std::vector<std::string> other_ae_titles;  ///< called titles that are answered as well
  bool accept_any_called_ae_title = false;
  /// Chooses the transfer syntax for a proposed context: an index into its transfer_syntaxes, or
  /// the refusal (PS3.8 Table 9-18: 3 abstract, 4 transfer syntax).
  struct Choice {
    bool accepted = false;
    std::size_t index = 0;
    std::uint8_t reason = 3;
  };
  std::function<Choice(const PresentationContextProposal&)> choose;
  /// The same for a SOP class for which the peer asks for the role of SCP, to receive objects by
  /// C-GET (PS3.7 §D.3.3.4). Without it `choose` decides.
  std::function<Choice(const PresentationContextProposal&)> choose_to_send{};
  /// Which of the proposed roles to grant; the default is SCU only.
  std::function<RoleSelection(const RoleSelection& proposed)> grant_roles;
  std::function<std::optional<Bytes>(const ExtendedNegotiation&)> answer_extended;
  /// Refuses an association by caller (whose title may be blank: some devices leave it so) or user
  /// identity: nullopt to accept, else the reason of PS3.8 Table 9-21 (source, reason).
  std::function<std::optional<std::pair<std::uint8_t, std::uint8_t>>(const AssociateRq&)> refuse;
};

/// The acceptor's decision.
[[nodiscard]] std::variant<AssociateAc, AssociateRj> negotiate(const AssociateRq& rq,
                                                               const AcceptorPolicy& policy,
                                                               const AssociationLimits& ours);

/// The requestor's A-ASSOCIATE-RQ: gives ids to contexts that have none and adds what we say of
/// ourselves. InvalidArgument when it cannot be sent: AE titles, no context or more than 128, a
/// context without transfer syntaxes.
[[nodiscard]] Result<AssociateRq> make_request(AssociateRq rq, const AssociationLimits& ours);

/// Spaces are not significant; 1 to 16 characters of the G0 set, no backslash (PS3.8 §9.3.2).
[[nodiscard]] bool is_ae_title(std::string_view title);
/// The same as an error that says so: InvalidArgument.
[[nodiscard]] Result<> check_ae_title(std::string_view title);

}  // namespace pacs::network
