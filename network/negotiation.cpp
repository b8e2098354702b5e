// The acceptor's decision and the requestor's conclusion.
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

const RoleSelection* proposed_roles(const UserInformation& user, std::string_view sop_class_uid) {
  const auto found = std::ranges::find(user.roles, sop_class_uid, &RoleSelection::sop_class_uid);
  return found == user.roles.end() ? nullptr : &*found;
}

AssociationRequest describe_request(const AssociateRq& rq, std::string_view peer_address) {
  AssociationRequest request;
  request.calling_ae = rq.calling_ae;
  request.called_ae = rq.called_ae;
  request.peer_address = peer_address;
  for (const PresentationContextProposal& proposal : rq.contexts) {
    PresentationContext context;
    context.id = proposal.id;
    context.abstract_syntax = proposal.abstract_syntax;
    context.transfer_syntaxes = proposal.transfer_syntaxes;
    if (const RoleSelection* roles = proposed_roles(rq.user, proposal.abstract_syntax)) {
      context.scu_role = roles->scu;
      context.scp_role = roles->scp;
    }
    request.contexts.push_back(std::move(context));
  }
  request.max_pdu_bytes = rq.user.max_pdu_bytes.value_or(0);
  request.implementation_class_uid = rq.user.implementation_class_uid;
  request.implementation_version_name = rq.user.implementation_version_name;
  if (const auto& window = rq.user.operations_window) {
    request.operations_window.emplace(window->invoked, window->performed);
  }
  request.extended = rq.user.extended;
  request.common_extended = rq.user.common_extended;
  request.user_identity = rq.user.user_identity;
  return request;
}

bool is_called(const AcceptorPolicy& policy, std::string_view called_ae) {
  if (policy.accept_any_called_ae_title) return true;
  return is_ae_title(called_ae) && (called_ae == policy.ae_title ||
                                    std::ranges::count(policy.other_ae_titles, called_ae) != 0);
}

std::optional<AssociateRj> reason_to_reject(const AssociateRq& rq,
                                            const AssociationRequest& request,
                                            const AcceptorPolicy& policy) {
  if (rq.application_context != kDicomApplicationContext) return kApplicationContextNotSupported;
  if (!is_called(policy, rq.called_ae)) return kCalledAeTitleNotRecognized;
  if (!is_ae_title(rq.calling_ae)) return kCallingAeTitleNotRecognized;
  // A peer that takes less than one byte of a message can be told nothing.
  if (request.max_pdu_bytes != 0 && request.max_pdu_bytes < kPeerPduBytesMin) {
    return kProviderNoReason;
  }
  if (policy.refuse) {
    if (const auto refusal = policy.refuse(request)) {
      return AssociateRj{1, refusal->first, refusal->second};
    }
  }
  return std::nullopt;
}

/// Fills in result, transfer syntax and roles of a context, which comes as proposed.
void decide(PresentationContext& context, const AssociationRequest& request,
            const UserInformation& user, const AcceptorPolicy& policy) {
  AcceptorPolicy::Choice choice;
  if (policy.choose) choice = policy.choose(context, request);
  const bool accepted = choice.accepted && choice.index < context.transfer_syntaxes.size();
  const bool roles_proposed = proposed_roles(user, context.abstract_syntax) != nullptr;
  if (accepted && roles_proposed) {
    // PS3.7 §D.3.3.4: a role that was not proposed cannot be granted.
    const auto granted =
        static_cast<unsigned>(policy.grant_roles ? policy.grant_roles(context) : Role::Scu);
    context.scu_role = context.scu_role && (granted & static_cast<unsigned>(Role::Scu)) != 0;
    context.scp_role = context.scp_role && (granted & static_cast<unsigned>(Role::Scp)) != 0;
  } else {
    context.scu_role = true;
    context.scp_role = false;
  }
  if (accepted) {
    context.result = context_result::kAcceptance;
    std::swap(context.transfer_syntaxes.front(), context.transfer_syntaxes[choice.index]);
    context.transfer_syntaxes.resize(1);
  } else {
    context.result = choice.accepted || choice.reason == 0
                         ? context_result::kTransferSyntaxesNotSupported
                         : choice.reason;
  }
}

PresentationContextAnswer answer_of(const PresentationContext& context) {
  // Not significant when refused, yet some requestors want to read a transfer syntax there.
  return {context.id, context.result, context.transfer_syntaxes.front()};
}

// PS3.7 §D.3.3.4.2: an answer for each SOP class that was asked about and is accepted. One, however
// often it was asked: that also bounds them by the presentation contexts.
std::vector<RoleSelection> answer_roles(const UserInformation& user,
                                        const std::vector<PresentationContext>& contexts) {
  std::vector<RoleSelection> answers;
  for (const RoleSelection& asked : user.roles) {
    if (std::ranges::count(answers, asked.sop_class_uid, &RoleSelection::sop_class_uid) != 0)
      continue;
    for (const PresentationContext& context : contexts) {
      if (context.abstract_syntax != asked.sop_class_uid || context.result != 0) continue;
      answers.push_back({asked.sop_class_uid, context.scu_role, context.scp_role});
      break;
    }
  }
  return answers;
}

// PS3.7 §D.3.3.3.1: 0 asks for no limit; we have one.
std::uint16_t narrowed(std::uint16_t asked, std::uint16_t ours) {
  return asked == 0 ? ours : std::min(asked, ours);
}

UserInformation answer_user(const UserInformation& user, const AcceptorPolicy& policy,
                            const LocalOffer& ours) {
  UserInformation answer;
  answer.max_pdu_bytes = ours.pdu_bytes_max;
  answer.implementation_class_uid = kImplementationClassUid;
  answer.implementation_version_name = kImplementationVersionName;
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
  // PS3.7 §D.3.3.7.2: answered only when a positive response was requested.
  if (user.user_identity && user.user_identity->positive_response_requested) {
    answer.user_identity_response =
        policy.answer_user_identity ? policy.answer_user_identity(*user.user_identity) : "";
  }
  return answer;
}

void take_window(Negotiated& negotiated, const std::optional<OperationsWindow>& window) {
  if (!window) return;  // PS3.7 §D.3.3.3: absent is 1, 1
  negotiated.window_invoked = window->invoked;
  negotiated.window_performed = window->performed;
}

}  // namespace

const PresentationContext* Negotiated::accepted(std::uint8_t context_id) const {
  for (const PresentationContext& context : contexts) {
    if (context.id == context_id) return context.result == 0 ? &context : nullptr;
  }
  return nullptr;
}

const PresentationContext* Negotiated::accepted_for(std::string_view sop_class_uid,
                                                    std::string_view transfer_syntax) const {
  for (const PresentationContext& context : contexts) {
    if (context.result != 0 || context.abstract_syntax != sop_class_uid) continue;
    if (transfer_syntax.empty() || context.transfer_syntaxes.front() == transfer_syntax) {
      return &context;
    }
  }
  return nullptr;
}

bool is_ae_title(std::string_view title) {
  return !title.empty() && title.size() <= kAeTitleCharacters &&
         title.find_first_not_of(' ') != std::string_view::npos &&
         std::ranges::all_of(title, [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
}

Result<> check_ae_title(std::string_view title) {
  if (is_ae_title(title)) return {};
  return fail(ErrorKind::InvalidArgument,
              fmt::format("'{}' is no AE title: 1 to 16 printable characters, no backslash",
                          printable(title)));
}

std::variant<Acceptance, AssociateRj> negotiate(const AssociateRq& rq,
                                                std::string_view peer_address,
                                                const AcceptorPolicy& policy,
                                                const LocalOffer& ours) {
  Acceptance acceptance;
  Negotiated& negotiated = acceptance.negotiated;
  negotiated.request = describe_request(rq, peer_address);
  if (const auto rejection = reason_to_reject(rq, negotiated.request, policy)) return *rejection;

  AssociateAc& answer = acceptance.answer;
  answer.called_ae = rq.called_ae;
  answer.calling_ae = rq.calling_ae;
  for (PresentationContext context : negotiated.request.contexts) {
    decide(context, negotiated.request, rq.user, policy);
    answer.contexts.push_back(answer_of(context));
    negotiated.contexts.push_back(std::move(context));
  }
  answer.user = answer_user(rq.user, policy, ours);
  answer.user.roles = answer_roles(rq.user, negotiated.contexts);

  negotiated.peer_max_pdu_bytes = negotiated.request.max_pdu_bytes;
  take_window(negotiated, answer.user.operations_window);
  negotiated.extended = answer.user.extended;
  negotiated.user_identity_response = answer.user.user_identity_response;
  negotiated.peer_implementation_class_uid = rq.user.implementation_class_uid;
  negotiated.peer_implementation_version_name = rq.user.implementation_version_name;
  return acceptance;
}

Result<AssociateRq> make_request(const AssociationRequest& request) {
  for (const std::string& title : {request.calling_ae, request.called_ae}) {
    if (auto checked = check_ae_title(title); !checked) return fail(checked.error());
  }
  if (request.contexts.empty() || request.contexts.size() > kPresentationContextsMax) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("{} presentation contexts; an association has 1 to 128",
                            request.contexts.size()));
  }
  AssociateRq rq;
  rq.called_ae = request.called_ae;
  rq.calling_ae = request.calling_ae;
  std::bitset<256> ids;
  for (const PresentationContext& context : request.contexts) {
    if (context.id % 2 == 0 || ids[context.id] || context.transfer_syntaxes.empty()) {
      return fail(ErrorKind::InvalidArgument,
                  fmt::format("presentation context {} for {}: ids are odd and unique, and a "
                              "context has a transfer syntax",
                              context.id, context.abstract_syntax));
    }
    ids.set(context.id);
    rq.contexts.push_back({context.id, context.abstract_syntax, context.transfer_syntaxes});
    const bool default_roles = context.scu_role && !context.scp_role;  // PS3.7 §D.3.3.4
    if (!default_roles && proposed_roles(rq.user, context.abstract_syntax) == nullptr) {
      rq.user.roles.push_back({context.abstract_syntax, context.scu_role, context.scp_role});
    }
  }
  rq.user.max_pdu_bytes = request.max_pdu_bytes;
  rq.user.implementation_class_uid = kImplementationClassUid;
  rq.user.implementation_version_name = kImplementationVersionName;
  if (request.operations_window) {
    rq.user.operations_window =
        OperationsWindow{request.operations_window->first, request.operations_window->second};
  }
  rq.user.extended = request.extended;
  rq.user.common_extended = request.common_extended;
  rq.user.user_identity = request.user_identity;
  return rq;
}

Result<Negotiated> conclude(const AssociationRequest& request, const AssociateAc& ac) {
  Negotiated negotiated;
  negotiated.request = request;
  for (PresentationContext context : request.contexts) {
    const auto answer = std::ranges::find(ac.contexts, context.id, &PresentationContextAnswer::id);
    // A context without an answer is not accepted.
    context.result = answer == ac.contexts.end() ? context_result::kNoReason : answer->result;
    if (context.result == context_result::kAcceptance) {
      if (std::ranges::find(context.transfer_syntaxes, answer->transfer_syntax) ==
          context.transfer_syntaxes.end()) {
        return fail(
            ErrorKind::Malformed,
            fmt::format("the peer accepted presentation context {} with transfer syntax {}, "
                        "which was not proposed",
                        context.id, answer->transfer_syntax));
      }
      context.transfer_syntaxes.assign(1, answer->transfer_syntax);
    }
    // PS3.7 §D.3.3.4: without an answer the default roles stand, and a role not asked for is not
    // given.
    const RoleSelection* roles = proposed_roles(ac.user, context.abstract_syntax);
    context.scu_role = roles != nullptr ? context.scu_role && roles->scu : true;
    context.scp_role = roles != nullptr && context.scp_role && roles->scp;
    negotiated.contexts.push_back(std::move(context));
  }
  negotiated.peer_max_pdu_bytes = ac.user.max_pdu_bytes.value_or(0);
  if (negotiated.peer_max_pdu_bytes != 0 && negotiated.peer_max_pdu_bytes < kPeerPduBytesMin) {
    return fail(ErrorKind::Unsupported,
                fmt::format("the peer takes {} bytes of P-DATA at once, which holds no data",
                            negotiated.peer_max_pdu_bytes));
  }
  if (request.operations_window) take_window(negotiated, ac.user.operations_window);
  negotiated.extended = ac.user.extended;
  negotiated.user_identity_response = ac.user.user_identity_response;
  negotiated.peer_implementation_class_uid = ac.user.implementation_class_uid;
  negotiated.peer_implementation_version_name = ac.user.implementation_version_name;
  return negotiated;
}

}  // namespace pacs::network
