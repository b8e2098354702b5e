#include "services/query/query_models.h"

#include <gmock/gmock.h>

#include "core/uids.h"

namespace pacs::services {
namespace {

using storage::QueryModel;
using storage::QueryRules;

constexpr std::string_view kFind = uids::StudyRootQueryRetrieveInformationModelFind;
constexpr std::string_view kMove = uids::StudyRootQueryRetrieveInformationModelMove;

Bytes bytes(std::initializer_list<int> values) {
  Bytes all;
  for (const int value : values) all.push_back(static_cast<std::byte>(value));
  return all;
}

Bytes answer(std::string_view uid, Bytes proposed) {
  const auto answered = answer_query_negotiation({std::string{uid}, std::move(proposed)});
  return answered.value_or(Bytes{});
}

TEST(QueryModels, EveryPairOfModelAndServiceIsASopClass) {
  for (const QueryModel model :
       {QueryModel::PatientRoot, QueryModel::StudyRoot, QueryModel::PatientStudyOnly}) {
    for (const QueryService service : {QueryService::Find, QueryService::Move, QueryService::Get}) {
      const QuerySopClass* found = find_query_sop_class(query_sop_class_uid(model, service));
      ASSERT_NE(found, nullptr);
      EXPECT_EQ(found->model, model);
      EXPECT_EQ(found->service, service);
    }
  }
  EXPECT_EQ(find_query_sop_class(uids::ModalityPerformedProcedureStep), nullptr);
}

// PS3.4 §K.5.1: the first two bytes are "reserved; shall always be 1".
TEST(QueryModels, AWorklistNegotiatesNamesAndTimeZoneBehindTwoReservedBytes) {
  constexpr std::string_view kWorklist = uids::ModalityWorklistInformationModelFind;
  const QuerySopClass& worklist = *find_query_sop_class(kWorklist);
  EXPECT_EQ(worklist.model, QueryModel::ModalityWorklist);
  EXPECT_EQ(answer(kWorklist, bytes({1, 1, 1})), bytes({1, 1, 1}));
  EXPECT_EQ(answer(kWorklist, bytes({1, 1, 0, 1})), bytes({1, 1, 0, 1}));
  EXPECT_EQ(answer(kWorklist, bytes({1, 1, 1, 1, 1})), bytes({1, 1, 1, 1, 0}));
  QueryRules wanted;
  wanted.fuzzy_names = true;
  EXPECT_EQ(propose_query_negotiation(worklist, wanted).information, bytes({1, 1, 1, 0}));
  network::Negotiated negotiated;
  EXPECT_TRUE(query_rules(negotiated, worklist).combined_date_time) << "PS3.4 Table K.6-1";
  negotiated.answer.user.extended = {{std::string{kWorklist}, bytes({1, 1, 1, 0})}};
  const QueryRules rules = query_rules(negotiated, worklist);
  EXPECT_TRUE(rules.fuzzy_names);
  EXPECT_FALSE(rules.timezone_adjustment);
  EXPECT_FALSE(rules.relational);
}

// PS3.4 Table C.5-2: byte 5, Enhanced Multi-Frame Image Conversion, is not done.
TEST(QueryModels, AnAnswerHasTheFieldsProposedAndSaysWhatIsDone) {
  EXPECT_EQ(answer(kFind, bytes({1})), bytes({1}));
  EXPECT_EQ(answer(kFind, bytes({0, 1, 0})), bytes({0, 1, 0}));
  EXPECT_EQ(answer(kFind, bytes({1, 1, 1, 1, 1, 1, 1})), bytes({1, 1, 1, 1, 0, 1, 1}));
  EXPECT_EQ(answer(kFind, bytes({1, 1, 1, 1, 1, 1, 1, 1, 1})), bytes({1, 1, 1, 1, 0, 1, 1}));
  EXPECT_EQ(answer(kFind, bytes({2, 255})), bytes({0, 0})) << "no value of the standard";
  EXPECT_EQ(answer(kMove, bytes({1, 1, 1})), bytes({1, 0, 0}));
  EXPECT_FALSE(answer_query_negotiation({std::string{kFind}, {}}));
  EXPECT_FALSE(answer_query_negotiation({std::string{uids::CTImageStorage}, bytes({1})}));
}

TEST(QueryModels, RulesAreWhatTheAcceptorAnsweredForThatSopClass) {
  network::Negotiated negotiated;
  const QuerySopClass& find = *find_query_sop_class(kFind);
  EXPECT_FALSE(query_rules(negotiated, find).relational);
  negotiated.answer.user.extended = {{std::string{kMove}, bytes({1})},
                                     {std::string{kFind}, bytes({1, 0, 1, 0, 1, 1, 0})}};
  const QueryRules rules = query_rules(negotiated, find);
  EXPECT_EQ(rules.model, QueryModel::StudyRoot);
  EXPECT_TRUE(rules.relational);
  EXPECT_FALSE(rules.combined_date_time);
  EXPECT_TRUE(rules.fuzzy_names);
  EXPECT_FALSE(rules.timezone_adjustment);
  EXPECT_TRUE(rules.empty_value_matching);
  EXPECT_FALSE(rules.multiple_value_matching);
  negotiated.answer.user.extended = {{std::string{kMove}, bytes({1, 1, 1})}};
  const QueryRules move = query_rules(negotiated, *find_query_sop_class(kMove));
  EXPECT_TRUE(move.relational);
  EXPECT_FALSE(move.fuzzy_names) << "byte 3 of a C-MOVE is none of ours";
}

TEST(QueryModels, AProposalReadsBackAsWhatWasWanted) {
  const QuerySopClass& find = *find_query_sop_class(kFind);
  const auto proposal =
      propose_query_negotiation(find, {.relational = true, .multiple_value_matching = true});
  EXPECT_EQ(proposal.sop_class_uid, kFind);
  EXPECT_EQ(proposal.information, bytes({1, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(
      propose_query_negotiation(*find_query_sop_class(kMove), {.relational = true}).information,
      bytes({1}));
}

}  // namespace
}  // namespace pacs::services
