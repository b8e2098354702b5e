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
#include "network/pdu/pdu.h"

namespace pacs::network {

enum class Role : std::uint8_t { Scu = 1, Scp = 2, Both = 3 };

/// A presentation context as proposed or as accepted.
struct PresentationContext {
  std::uint8_t id = 0;  ///< odd, 1..255 (PS3.8 §9.3.2.2)
  std::string abstract_syntax;
  std::vector<std::string> transfer_syntaxes;  ///< proposed: all; accepted: exactly one
  std::uint8_t result = 0;                     ///< PS3.8 Table 9-18; 0 is acceptance
  bool scu_role = true, scp_role = false;      ///< of the requestor (PS3.7 §D.3.3.4)
};

/// What the requestor asked for, as it came.
struct AssociationRequest {
  std::string calling_ae, called_ae, peer_address;
  std::vector<PresentationContext> contexts;
  std::uint32_t max_pdu_bytes = 0;  ///< what the requestor takes; 0 = no limit
  std::string implementation_class_uid, implementation_version_name;
  std::optional<std::pair<std::uint16_t, std::uint16_t>>
      operations_window{};  ///< invoked, performed
  std::vector<ExtendedNegotiation> extended{};
  std::vector<CommonExtendedNegotiation> common_extended{};
  std::optional<UserIdentity> user_identity{};
};

/// An association as negotiated, seen by either side.
struct Negotiated {
  std::string id;  ///< unique, for logs: "a1b2c3d4-17"
  AssociationRequest request;
  std::vector<PresentationContext> contexts;  ///< accepted and refused, in the order proposed
  std::uint32_t peer_max_pdu_bytes = 0;       ///< P-DATA is cut to this; 0 = no limit
  std::uint16_t window_invoked = 1, window_performed = 1;  ///< requestor's view; 0 = unlimited
  std::vector<ExtendedNegotiation> extended;               ///< the acceptor's answers
  std::optional<std::string> user_identity_response;       ///< PS3.7 Table D.3-15
  std::string peer_implementation_class_uid, peer_implementation_version_name;
  bool tls = false;
  [[nodiscard]] const PresentationContext* accepted(std::uint8_t context_id) const;
  /// First accepted context for a SOP class; with `transfer_syntax` one that carries it.
  [[nodiscard]] const PresentationContext* accepted_for(
      std::string_view sop_class_uid, std::string_view transfer_syntax = {}) const;
};

/// What an acceptor asks its owner about: which abstract syntaxes and transfer syntaxes it serves.
struct AcceptorPolicy {
  std::string ae_title = "PACS";
  std::vector<std::string> other_ae_titles;  ///< called titles that are answered as well
  bool accept_any_called_ae_title = false;
  /// Chooses the transfer syntax index for a proposed context: an index into
  /// context.transfer_syntaxes, or the refusal (PS3.8 Table 9-18: 3 abstract, 4 transfer syntax).
  struct Choice {
    bool accepted = false;
    std::size_t index = 0;
    std::uint8_t reason = 3;
  };
  std::function<Choice(const PresentationContext&, const AssociationRequest&)> choose;
  /// Which roles of a role selection item to grant; default: as proposed by a storage SCU (SCU
  /// only).
  std::function<Role(const PresentationContext&)> grant_roles;
  std::function<std::optional<Bytes>(const ExtendedNegotiation&)> answer_extended;
  /// Refuses an association by caller or user identity: nullopt to accept, else the reason of
  /// PS3.8 Table 9-21 (source, reason).
  std::function<std::optional<std::pair<std::uint8_t, std::uint8_t>>(const AssociationRequest&)>
      refuse;
  /// The server response of a user identity (PS3.7 Table D.3-15) when the requestor asked for a
  /// positive response: empty for user name and passcode, a ticket or token else.
  std::function<std::string(const UserIdentity&)> answer_user_identity;
};

/// What we say of ourselves in either role.
struct LocalOffer {
  std::uint32_t pdu_bytes_max = 131'072;
  std::uint16_t operations_window_max = 16;
};

struct Acceptance {
  AssociateAc answer;
  Negotiated negotiated;
};
/// The acceptor's decision. `negotiated.id` and `tls` are left to the caller.
[[nodiscard]] std::variant<Acceptance, AssociateRj> negotiate(const AssociateRq& rq,
                                                              std::string_view peer_address,
                                                              const AcceptorPolicy& policy,
                                                              const LocalOffer& ours);

/// The requestor's A-ASSOCIATE-RQ. InvalidArgument when it cannot be sent: AE titles, more than 128
/// contexts, a context without syntaxes.
[[nodiscard]] Result<AssociateRq> make_request(const AssociationRequest& request);
/// What the requestor learns from the A-ASSOCIATE-AC. Malformed when it answers what was not asked.
[[nodiscard]] Result<Negotiated> conclude(const AssociationRequest& request, const AssociateAc& ac);

/// Spaces are not significant; 1 to 16 characters of the G0 set, no backslash (PS3.8 §9.3.2).
[[nodiscard]] bool is_ae_title(std::string_view title);
/// The same with the words to refuse it: InvalidArgument.
[[nodiscard]] Result<> check_ae_title(std::string_view title);

}  // namespace pacs::network
