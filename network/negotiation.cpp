// The acceptor's decision, the requestor's request, and what both conclude from them.
#include "network/negotiation.h"

#include <algorithm>
#include <bitset>

#include <fmt/format.h>

#include "core/text.h"
#include "encoding/implementation.h"
#include "network/dimse/message_cutter.h"

namespace pacs::network {
namespace {

// PS3.8 Table 9-21.
constexpr AssociateRj kApplicationContextNotSupported{1, 1, 2};
constexpr AssociateRj kCallingAeTitleNotRecognized{1, 1, 3};
constexpr AssociateRj kCalledAeTitleNotRecognized{1, 1, 7};
constexpr AssociateRj kProviderNoReason{1, 2, 1};

const RoleSelection* roles_for(const UserInformation& user, std::string_view sop_class_uid) {
  const auto found = std::ranges::find(user.roles, sop_class_uid, &RoleSelection::sop_class_uid);
  return found == user.roles.end() ? nullptr : &*found;
}

const PresentationContextAnswer* answer_for(const AssociateAc& ac, std::uint8_t context_id) {
  const auto found = std::ranges::find(ac.contexts, context_id, &PresentationContextAnswer::id);
  return found == ac.contexts.end() ? nullptr : &*found;
}

// Such a peer cannot be sent one byte of a message.
bool takes_no_data(const UserInformation& peer) {
  const std::uint32_t max_pdu_bytes = peer.max_pdu_bytes.value_or(0);
  return max_pdu_bytes != 0 && max_pdu_bytes < kPeerPduBytesMin;
}

bool is_called(const AcceptorPolicy& policy, std::string_view called_ae) {
  if (policy.accept_any_called_ae_title) return true;
  return is_ae_title(called_ae) && (called_ae == policy.ae_title ||
                                    std::ranges::count(policy.other_ae_titles, called_ae) != 0);
}

std::optional<AssociateRj> reason_to_reject(const AssociateRq& rq, const AcceptorPolicy& policy) {
  if (rq.application_context != kDicomApplicationContext) return kApplicationContextNotSupported;
  if (!is_called(policy, rq.called_ae)) return kCalledAeTitleNotRecognized;
  if (!rq.calling_ae.empty() && !is_ae_title(rq.calling_ae)) return kCallingAeTitleNotRecognized;
  if (takes_no_data(rq.user)) return kProviderNoReason;
  if (policy.refuse) {
    if (const auto refusal = policy.refuse(rq)) {
      return AssociateRj{1, refusal->first, refusal->second};
    }
  }
  return std::nullopt;
}

PresentationContextAnswer decide(const PresentationContextProposal& proposed, const AssociateRq& rq,
                                 const AcceptorPolicy& policy) {
  AcceptorPolicy::Choice choice;
  const bool peer_receives = std::ranges::any_of(rq.user.roles, [&](const RoleSelection& role) {
    return role.scp && role.sop_class_uid == proposed.abstract_syntax;
  });
  if (peer_receives && policy.choose_to_send) {
    choice = policy.choose_to_send(proposed);
  } else if (policy.choose) {
    choice = policy.choose(proposed);
  }
  if (choice.accepted && choice.index < proposed.transfer_syntaxes.size()) {
    return {proposed.id, context_result::kAcceptance, proposed.transfer_syntaxes[choice.index]};
  }
  const std::uint8_t result = choice.accepted || choice.reason == context_result::kAcceptance
                                  ? context_result::kTransferSyntaxesNotSupported
                                  : choice.reason;
  // Not significant when refused, yet some requestors want to read a transfer syntax there.
  return {proposed.id, result, proposed.transfer_syntaxes.front()};
}

// PS3.7 §D.3.3.4.2: an answer for each SOP class that was asked about and is accepted. One, however
// often it was asked: that also bounds them by the presentation contexts.
std::vector<RoleSelection> answer_roles(const AssociateRq& rq, const AssociateAc& ac,
                                        const AcceptorPolicy& policy) {
  std::vector<RoleSelection> answers;
  for (const RoleSelection& asked : rq.user.roles) {
    if (std::ranges::count(answers, asked.sop_class_uid, &RoleSelection::sop_class_uid) != 0)
      continue;
    const bool accepted = std::ranges::any_of(rq.contexts, [&](const auto& proposed) {
      return proposed.abstract_syntax == asked.sop_class_uid &&
             answer_for(ac, proposed.id)->result == context_result::kAcceptance;
    });
    if (!accepted) continue;
    RoleSelection granted{asked.sop_class_uid, true, false};
    if (policy.grant_roles) granted = policy.grant_roles(asked);
    // PS3.7 §D.3.3.4: a role that was not proposed cannot be granted.
    answers.push_back({asked.sop_class_uid, asked.scu && granted.scu, asked.scp && granted.scp});
  }
  return answers;
}

// PS3.7 §D.3.3.3.1: 0 asks for no limit; we have one.
std::uint16_t narrowed(std::uint16_t asked, std::uint16_t ours) {
  return asked == 0 ? ours : std::min(asked, ours);
}

void describe_us(UserInformation& user, const AssociationLimits& ours) {
  user.max_pdu_bytes = ours.pdu_bytes_max;
  user.implementation_class_uid = kImplementationClassUid;
  user.implementation_version_name = kImplementationVersionName;
}

UserInformation answer_user(const UserInformation& user, const AcceptorPolicy& policy,
                            const AssociationLimits& ours) {
  UserInformation answer;
  describe_us(answer, ours);
  if (user.operations_window) {
    answer.operations_window =
        OperationsWindow{narrowed(user.operations_window->invoked, ours.operations_window_max),
                         narrowed(user.operations_window->performed, ours.operations_window_max)};
  }
  for (const ExtendedNegotiation& asked : user.extended) {
    std::optional<Bytes> information;
    if (policy.answer_extended) information = policy.answer_extended(asked);
    if (information) answer.extended.push_back({asked.sop_class_uid, *std::move(information)});
  }
  // PS3.7 §D.3.3.7.2: a positive response says that the identity was verified. Nothing of ours
  // verifies one, so there is none, and the association is accepted as without an identity.
  return answer;
}

}  // namespace

Result<> Negotiated::conclude(AssociateAc ac) {
  answer = std::move(ac);
  contexts.clear();
  for (const PresentationContextProposal& proposed : request.contexts) {
    const PresentationContextAnswer* answered = answer_for(answer, proposed.id);
    // A context without an answer is not accepted.
    if (answered == nullptr || answered->result != context_result::kAcceptance) continue;
    if (std::ranges::count(proposed.transfer_syntaxes, answered->transfer_syntax) == 0) {
      return fail(ErrorKind::Malformed,
                  fmt::format("the peer accepted presentation context {} with transfer syntax {}, "
                              "which was not proposed",
                              proposed.id, answered->transfer_syntax));
    }
    PresentationContext context{proposed.id, proposed.abstract_syntax, answered->transfer_syntax};
    // PS3.7 §D.3.3.4: without an answer the default roles stand, and a role not asked for is not
    // given.
    if (const RoleSelection* given = roles_for(answer.user, context.abstract_syntax)) {
      const RoleSelection* asked = roles_for(request.user, context.abstract_syntax);
      context.scu_role = given->scu && (asked == nullptr || asked->scu);
      context.scp_role = given->scp && asked != nullptr && asked->scp;
    }
    contexts.push_back(std::move(context));
  }
  if (takes_no_data(peer())) {
    return fail(ErrorKind::Unsupported,
                fmt::format("the peer takes at most {} bytes of P-DATA at once, too few for any "
                            "data",
                            peer_max_pdu_bytes()));
  }
  return {};
}

const PresentationContext* Negotiated::accepted(std::uint8_t context_id) const {
  const auto found = std::ranges::find(contexts, context_id, &PresentationContext::id);
  return found == contexts.end() ? nullptr : &*found;
}

const PresentationContext* Negotiated::accepted_for(std::string_view sop_class_uid,
                                                    std::string_view transfer_syntax) const {
  const auto found = std::ranges::find_if(contexts, [&](const PresentationContext& context) {
    return context.abstract_syntax == sop_class_uid &&
           (transfer_syntax.empty() || context.transfer_syntax == transfer_syntax);
  });
  return found == contexts.end() ? nullptr : &*found;
}

bool Negotiated::serves(std::string_view sop_class_uid) const {
  return std::ranges::any_of(request.contexts, [&](const auto& proposed) {
    if (proposed.abstract_syntax != sop_class_uid) return false;
    const PresentationContextAnswer* answered = answer_for(answer, proposed.id);
    return answered != nullptr &&
           (answered->result == context_result::kAcceptance ||
            answered->result == context_result::kTransferSyntaxesNotSupported);
  });
}

bool Negotiated::answers_role(std::string_view sop_class_uid) const {
  return roles_for(answer.user, sop_class_uid) != nullptr;
}

bool is_ae_title(std::string_view title) {
  return !title.empty() && title.size() <= kAeTitleCharacters &&
         title.find_first_not_of(' ') != std::string_view::npos &&
         std::ranges::all_of(title, [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
}

Result<> check_ae_title(std::string_view title) {
  if (is_ae_title(title)) return {};
  return fail(ErrorKind::InvalidArgument,
              fmt::format("'{}' is not an AE title: 1 to 16 printable characters, no backslash",
                          printable(title)));
}

std::variant<AssociateAc, AssociateRj> negotiate(const AssociateRq& rq,
                                                 const AcceptorPolicy& policy,
                                                 const AssociationLimits& ours) {
  if (const auto rejection = reason_to_reject(rq, policy)) return *rejection;
  AssociateAc answer;
  answer.called_ae = rq.called_ae;
  answer.calling_ae = rq.calling_ae;
  answer.title_fields = rq.title_fields;
  for (const PresentationContextProposal& proposed : rq.contexts) {
    answer.contexts.push_back(decide(proposed, rq, policy));
  }
  answer.user = answer_user(rq.user, policy, ours);
  answer.user.roles = answer_roles(rq, answer, policy);
  return answer;
}

Result<AssociateRq> make_request(AssociateRq rq, const AssociationLimits& ours) {
  PACS_TRY(check_ae_title(rq.calling_ae));
  PACS_TRY(check_ae_title(rq.called_ae));
  if (rq.contexts.empty() || rq.contexts.size() > kPresentationContextsMax) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("{} presentation contexts; an association has 1 to {}",
                            rq.contexts.size(), kPresentationContextsMax));
  }
  std::bitset<256> ids;
  std::uint8_t next_id = 1;
  for (PresentationContextProposal& context : rq.contexts) {
    if (context.id == 0) context.id = next_id;
    next_id = static_cast<std::uint8_t>(context.id + 2);
    if (context.id % 2 == 0 || ids[context.id] || context.transfer_syntaxes.empty()) {
      return fail(ErrorKind::InvalidArgument,
                  fmt::format("presentation context {} for {}: ids are odd and unique, and a "
                              "context has a transfer syntax",
                              context.id, context.abstract_syntax));
    }
    ids.set(context.id);
  }
  describe_us(rq.user, ours);
  return rq;
}

}  // namespace pacs::network
