#include "services/worklist/worklist_source.h"

#include <gmock/gmock.h>

#include "encoding/character_sets/character_set.h"
#include "services/query/find_scp.h"
#include "services/query/find_scu.h"
#include "services/query/query_models.h"
#include "storage/worklist/worklist_order.h"
#include "tests/services/peer.h"

namespace pacs::services {
namespace {

using storage::StepStatus;
using storage::Worklist;
using testing::ElementsAre;
using testing::UnorderedElementsAre;
namespace status = network::status;

constexpr std::string_view kWorklist = uids::ModalityWorklistInformationModelFind;
using Texts = std::vector<std::pair<Tag, std::string>>;

DataSet with_step(const Texts& texts, const Texts& of_step) {
  DataSet data_set, step;
  for (const auto& [tag, value] : texts) data_set.set_text(tag, value);
  for (const auto& [tag, value] : of_step) step.set_text(tag, value);
  data_set.set_items(tags::ScheduledProcedureStepSequence, {Item{std::move(step)}});
  return data_set;
}

class WorklistSourceTest : public testing::Test {
 protected:
  void serves(WorklistOptions options = {}) {
    pacs.serves(std::make_unique<FindScp>(stored_objects(pacs.archive(), {}), pacs.workers()));
    pacs.serves(std::make_unique<FindScp>(scheduled_steps(pacs.archive(), std::move(options)),
                                          pacs.workers()));
    pacs.starts();
  }

  /// A step with this id, each of a study of its own.
  void has(const std::string& step, Texts of_order = {}, Texts of_step = {}) {
    Texts order{{tags::PatientName, "Doe^Jane"},
                {tags::PatientID, "P1"},
                {tags::RequestedProcedureID, "R1"},
                {tags::StudyInstanceUID, "1.2.3." + std::to_string(++studies_)},
                {tags::SpecificCharacterSet, "ISO_IR 192"}};
    Texts item{{tags::ScheduledStationAETitle, "CT1"},
               {tags::ScheduledProcedureStepStartDate, "20240705"},
               {tags::ScheduledProcedureStepStartTime, "1000"},
               {tags::Modality, "CT"},
               {tags::ScheduledProcedureStepID, step}};
    order.insert(order.end(), of_order.begin(), of_order.end());
    item.insert(item.end(), of_step.begin(), of_step.end());
    const auto items = storage::items_of_order(with_step(order, item));
    ASSERT_TRUE(items) << items.error().to_string();
    ASSERT_TRUE(pacs.archive().worklist().put(*items, Worklist::Existing::Refuse));
  }

  FindResult asks(DataSet identifier, std::uint64_t cancel_after = 0,
                  std::vector<network::ExtendedNegotiation> extended = {}) {
    Peer peer{pacs};
    peer.associates({find_context(kWorklist)}, 1, std::move(extended));
    answers.clear();
    FindRequest request{.identifier = std::move(identifier), .cancel_after = cancel_after};
    auto found = peer.wait(find(peer.association(), *peer.negotiated().accepted_for(kWorklist),
                                std::move(request),
                                [this](DataSet answer) { answers.push_back(std::move(answer)); }));
    EXPECT_TRUE(found) << (found ? "" : found.error().to_string());
    peer.releases();
    return found ? *found : FindResult{};
  }
  FindResult asks_for(const Texts& keys, Texts of_step) {
    of_step.emplace_back(tags::ScheduledProcedureStepID, "");
    return asks(with_step(keys, of_step));
  }
  [[nodiscard]] std::vector<std::string> steps() const {
    std::vector<std::string> ids;
    for (const DataSet& answer : answers) {
      ids.emplace_back(answer.items(tags::ScheduledProcedureStepSequence)
                           .front()
                           .data_set.text(tags::ScheduledProcedureStepID, 0));
    }
    return ids;
  }

  Pacs pacs;
  std::vector<DataSet> answers;

 private:
  int studies_ = 0;
};

TEST_F(WorklistSourceTest, AModalityGetsItsStepsWithTheKeysItAskedFor) {
  serves();
  has("S1");
  has("S2", {}, {{tags::ScheduledStationAETitle, "MR1"}});
  const FindResult result =
      asks_for({{tags::PatientName, ""}}, {{tags::ScheduledStationAETitle, "CT1"}});
  EXPECT_EQ(result.status, status::kSuccess);
  EXPECT_FALSE(result.keys_unsupported);
  ASSERT_THAT(steps(), ElementsAre("S1"));
  EXPECT_EQ(answers[0].text(tags::PatientName), "Doe^Jane");
  EXPECT_FALSE(answers[0].contains(tags::QueryRetrieveLevel)) << "worklists have no levels";
  EXPECT_FALSE(answers[0].contains(tags::RetrieveAETitle));
}

TEST_F(WorklistSourceTest, WhatIsOverIsShownOnlyToThoseWhoAskForItsStatus) {
  serves();
  has("S1");
  has("S2", {}, {{tags::ScheduledProcedureStepStatus, "STARTED"}});
  has("S3", {}, {{tags::ScheduledProcedureStepStatus, "COMPLETED"}});
  has("S4", {}, {{tags::ScheduledProcedureStepStatus, "CANCELED"}});
  asks_for({}, {});
  EXPECT_THAT(steps(), UnorderedElementsAre("S1", "S2"));
  asks_for({}, {{tags::ScheduledProcedureStepStatus, ""}});
  EXPECT_THAT(steps(), UnorderedElementsAre("S1", "S2")) << "only to be returned";
  asks_for({}, {{tags::ScheduledProcedureStepStatus, "COMPLETED"}});
  EXPECT_THAT(steps(), ElementsAre("S3"));
  asks_for({}, {{tags::ScheduledProcedureStepStatus, "*ED"}});
  EXPECT_THAT(steps(), UnorderedElementsAre("S1", "S2", "S3", "S4"));
}

TEST_F(WorklistSourceTest, TheShownStatusesAreConfigured) {
  serves({.shown_statuses = {StepStatus::Completed}});
  has("S1");
  has("S3", {}, {{tags::ScheduledProcedureStepStatus, "COMPLETED"}});
  asks_for({}, {});
  EXPECT_THAT(steps(), ElementsAre("S3"));
}

TEST_F(WorklistSourceTest, AModalityMaySeeOnlyItsOwnStation) {
  serves({.only_own_station = true});
  has("S1");
  has("S2", {}, {{tags::ScheduledStationAETitle, "MR1\\PEER"}});
  asks_for({}, {});
  EXPECT_THAT(steps(), ElementsAre("S2"));
  asks_for({}, {{tags::ScheduledStationAETitle, "CT1"}});
  EXPECT_TRUE(answers.empty());
}

TEST_F(WorklistSourceTest, WhoHasNoTitleIsNoStation) {
  const FindSource source = scheduled_steps(pacs.archive(), {.only_own_station = true});
  const auto refused = source.find({}, "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Rejected);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("only_own_station"));
}

TEST_F(WorklistSourceTest, NamesComeInTheCharacterSetOfTheQuestion) {
  serves();
  has("S1", {{tags::PatientName, "Müller^Jürgen"}});
  asks_for({{tags::SpecificCharacterSet, "ISO_IR 100"}, {tags::PatientName, "M*"}}, {});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].text(tags::SpecificCharacterSet), "ISO_IR 100");
  EXPECT_EQ(answers[0].text(tags::PatientName), "M\xFCller^J\xFCrgen");
}

TEST_F(WorklistSourceTest, WhatCannotBeAQueryIsC000WithTheElement) {
  serves();
  DataSet two = with_step({}, {});
  two.set_items(tags::ScheduledProcedureStepSequence, {Item{}, Item{}});
  const FindResult items = asks(std::move(two));
  EXPECT_EQ(items.status, 0xC000);
  EXPECT_THAT(items.offending_elements, ElementsAre(tags::ScheduledProcedureStepSequence));
  const FindResult date = asks_for({}, {{tags::ScheduledProcedureStepStartDate, "today"}});
  EXPECT_EQ(date.status, 0xC000);
  EXPECT_THAT(date.offending_elements, ElementsAre(tags::ScheduledProcedureStepStartDate));
}

TEST_F(WorklistSourceTest, ALongListIsCancelledInTheMiddle) {
  serves();
  for (int i = 0; i < 600; ++i) has("S" + std::to_string(i));
  const FindResult result = asks(with_step({{tags::PatientID, ""}}, {}), 10);
  EXPECT_THAT(result.status, testing::AnyOf(status::kCancel, status::kSuccess));
  EXPECT_EQ(result.answers, 10U);
  EXPECT_EQ(asks_for({}, {}).answers, 600U);
}

TEST_F(WorklistSourceTest, MoreThanTheLimitEndsWithA700) {
  serves({.matches_max = 2});
  for (const char* step : {"S1", "S2", "S3"}) has(step);
  const FindResult result = asks_for({}, {});
  EXPECT_EQ(result.status, status::kOutOfResources);
  EXPECT_EQ(result.answers, 2U);
}

TEST_F(WorklistSourceTest, NamesThatSoundAlikeMatchWhenNegotiated) {
  serves();
  has("S1", {{tags::PatientName, "Schmidt^Ann"}});
  const auto asked = [] {
    return with_step({{tags::PatientName, "Smith"}}, {{tags::ScheduledProcedureStepID, ""}});
  };
  EXPECT_EQ(asks(asked()).answers, 0U);
  storage::QueryRules fuzzy;
  fuzzy.fuzzy_names = true;
  const auto proposal = propose_query_negotiation(*find_query_sop_class(kWorklist), fuzzy);
  EXPECT_EQ(asks(asked(), 0, {proposal}).answers, 1U);
}

}  // namespace
}  // namespace pacs::services
