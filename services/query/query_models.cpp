#include "services/query/query_models.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/uids.h"

namespace pacs::services {
namespace {

using storage::QueryModel;
using storage::QueryRules;

// PS3.4 Table C.6.1.3-1, C.6.2.3-1, the retired C.6.3 of PS3.4-2004, and Table K.6.1.4-1.
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
    QuerySopClass{uids::ModalityWorklistInformationModelFind, QueryModel::ModalityWorklist,
                  QueryService::Find},
};

/// A byte of the Service-class-application-information. Without a rule it is one that we do not do,
/// or one that is "reserved; shall always be 1".
struct Field {
  bool QueryRules::*rule = nullptr;
  bool always_one = false;
};

// In the order of PS3.4 Table C.5-2. Byte 5, Enhanced Multi-Frame Image Conversion, is not done.
constexpr std::array<Field, 7> kFindFields{{{&QueryRules::relational},
                                            {&QueryRules::combined_date_time},
                                            {&QueryRules::fuzzy_names},
                                            {&QueryRules::timezone_adjustment},
                                            {},
                                            {&QueryRules::empty_value_matching},
                                            {&QueryRules::multiple_value_matching}}};
// PS3.4 §K.5.1.
constexpr std::array<Field, 4> kWorklistFields{{{nullptr, true},
                                                {nullptr, true},
                                                {&QueryRules::fuzzy_names},
                                                {&QueryRules::timezone_adjustment}}};
// What an answer may have at most: further fields of C-MOVE and C-GET are answered with 0.
constexpr std::size_t kFieldsMax = kFindFields.size();

std::span<const Field> fields_of(const QuerySopClass& sop_class) {
  if (sop_class.model == QueryModel::ModalityWorklist) return kWorklistFields;
  // Of C-MOVE and C-GET only relational-retrieval is a field of ours (PS3.4 Table C.5-4).
  return std::span(kFindFields)
      .first(sop_class.service == QueryService::Find ? kFindFields.size() : 1);
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
  // PS3.4 Table K.6-1 has "the date range July 5 to July 7 and the time range 10am to 6pm" of a
  // step's start as one range of moments, without negotiation.
  rules.combined_date_time = sop_class.model == QueryModel::ModalityWorklist;
  const auto& answered = negotiated.answer.user.extended;
  const auto agreed =
      std::ranges::find(answered, sop_class.uid, &network::ExtendedNegotiation::sop_class_uid);
  if (agreed == answered.end()) return rules;
  const std::span<const Field> fields = fields_of(sop_class);
  for (std::size_t i = 0; i < std::min(agreed->information.size(), fields.size()); ++i) {
    if (fields[i].rule != nullptr) {
      rules.*fields[i].rule = agreed->information[i] == std::byte{1};
    }
  }
  return rules;
}

std::optional<Bytes> answer_query_negotiation(const network::ExtendedNegotiation& proposed) {
  const QuerySopClass* sop_class = find_query_sop_class(proposed.sop_class_uid);
  if (sop_class == nullptr || proposed.information.empty()) return std::nullopt;
  const std::span<const Field> fields = fields_of(*sop_class);
  Bytes answer(std::min(proposed.information.size(), kFieldsMax));
  for (std::size_t i = 0; i < std::min(answer.size(), fields.size()); ++i) {
    // PS3.4 §C.5.1.1.1: what is not asked for is not done.
    const bool asked = proposed.information[i] == std::byte{1} && fields[i].rule != nullptr;
    answer[i] = asked || fields[i].always_one ? std::byte{1} : std::byte{0};
  }
  return answer;
}

network::ExtendedNegotiation propose_query_negotiation(const QuerySopClass& sop_class,
                                                       const QueryRules& rules) {
  network::ExtendedNegotiation proposal{std::string{sop_class.uid}, {}};
  for (const Field& field : fields_of(sop_class)) {
    const bool wanted = field.always_one || (field.rule != nullptr && rules.*field.rule);
    proposal.information.push_back(wanted ? std::byte{1} : std::byte{0});
  }
  return proposal;
}

}  // namespace pacs::services
