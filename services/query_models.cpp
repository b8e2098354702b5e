#include "services/query_models.h"

#include <algorithm>
#include <array>

#include "core/uids.h"

namespace pacs::services {
namespace {

using storage::QueryModel;
using storage::QueryRules;

// PS3.4 Table C.6.1.3-1, C.6.2.3-1 and the retired C.6.3 of PS3.4-2004.
constexpr std::array kSopClasses{
    QuerySopClass{uids::PatientRootQueryRetrieveInformationModelFind, QueryModel::PatientRoot,
                  QueryService::Find},
    QuerySopClass{uids::PatientRootQueryRetrieveInformationModelMove, QueryModel::PatientRoot,
                  QueryService::Move},
    QuerySopClass{uids::PatientRootQueryRetrieveInformationModelGet, QueryModel::PatientRoot,
                  QueryService::Get},
    QuerySopClass{uids::StudyRootQueryRetrieveInformationModelFind, QueryModel::StudyRoot,
                  QueryService::Find},
    QuerySopClass{uids::StudyRootQueryRetrieveInformationModelMove, QueryModel::StudyRoot,
                  QueryService::Move},
    QuerySopClass{uids::StudyRootQueryRetrieveInformationModelGet, QueryModel::StudyRoot,
                  QueryService::Get},
    QuerySopClass{uids::PatientStudyOnlyQueryRetrieveInformationModelFind,
                  QueryModel::PatientStudyOnly, QueryService::Find},
    QuerySopClass{uids::PatientStudyOnlyQueryRetrieveInformationModelMove,
                  QueryModel::PatientStudyOnly, QueryService::Move},
    QuerySopClass{uids::PatientStudyOnlyQueryRetrieveInformationModelGet,
                  QueryModel::PatientStudyOnly, QueryService::Get},
};

// The bytes of the Service-class-application-information, in their order (PS3.4 Table C.5-2);
// nullptr is a field that we do not do: byte 5, Enhanced Multi-Frame Image Conversion.
constexpr std::array<bool QueryRules::*, 7> kFindFields{&QueryRules::relational,
                                                        &QueryRules::combined_date_time,
                                                        &QueryRules::fuzzy_names,
                                                        &QueryRules::timezone_adjustment,
                                                        nullptr,
                                                        &QueryRules::empty_value_matching,
                                                        &QueryRules::multiple_value_matching};

/// Of C-MOVE and C-GET only relational-retrieval is a field of ours (PS3.4 Table C.5-4).
std::size_t fields_of(QueryService service) {
  return service == QueryService::Find ? kFindFields.size() : 1;
}

}  // namespace

const QuerySopClass* find_query_sop_class(std::string_view uid) {
  const auto* found = std::ranges::find(kSopClasses, uid, &QuerySopClass::uid);
  return found == kSopClasses.end() ? nullptr : found;
}

std::string_view query_sop_class_uid(QueryModel model, QueryService service) {
  const auto* found = std::ranges::find_if(kSopClasses, [&](const QuerySopClass& row) {
    return row.model == model && row.service == service;
  });
  return found->uid;  // the table has every pair
}

QueryRules query_rules(const network::Negotiated& negotiated, const QuerySopClass& sop_class) {
  QueryRules rules;
  rules.model = sop_class.model;
  const auto agreed = std::ranges::find(negotiated.extended, sop_class.uid,
                                        &network::ExtendedNegotiation::sop_class_uid);
  if (agreed == negotiated.extended.end()) return rules;
  const std::size_t fields = std::min(agreed->information.size(), fields_of(sop_class.service));
  for (std::size_t i = 0; i < fields; ++i) {
    if (kFindFields[i] != nullptr) rules.*kFindFields[i] = agreed->information[i] == std::byte{1};
  }
  return rules;
}

std::optional<Bytes> answer_query_negotiation(const network::ExtendedNegotiation& proposed) {
  const QuerySopClass* sop_class = find_query_sop_class(proposed.sop_class_uid);
  if (sop_class == nullptr || proposed.information.empty()) return std::nullopt;
  Bytes answer(std::min(proposed.information.size(), kFindFields.size()));
  for (std::size_t i = 0; i < std::min(answer.size(), fields_of(sop_class->service)); ++i) {
    // PS3.4 §C.5.1.1.1: what is not asked for is not done.
    const bool asked = proposed.information[i] == std::byte{1};
    answer[i] = asked && kFindFields[i] != nullptr ? std::byte{1} : std::byte{0};
  }
  return answer;
}

network::ExtendedNegotiation propose_query_negotiation(const QuerySopClass& sop_class,
                                                       const QueryRules& rules) {
  network::ExtendedNegotiation proposal{std::string{sop_class.uid}, {}};
  for (std::size_t i = 0; i < fields_of(sop_class.service); ++i) {
    const bool wanted = kFindFields[i] != nullptr && rules.*kFindFields[i];
    proposal.information.push_back(wanted ? std::byte{1} : std::byte{0});
  }
  return proposal;
}

}  // namespace pacs::services
