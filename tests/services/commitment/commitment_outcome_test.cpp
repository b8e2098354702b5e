#include "services/commitment/commitment_outcome.h"

#include <gmock/gmock.h>

#include "core/uids.h"

namespace pacs::services {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint16_t kSuccessful = 1, kFailuresExist = 2;

CommitmentReference ct(std::string uid, std::uint16_t failure = 0) {
  return {std::string(uids::CTImageStorage), std::move(uid), failure};
}
CommitmentOutcome outcome(std::vector<CommitmentReference> asked, std::uint16_t event_type,
                          std::vector<CommitmentReference> said) {
  return compare({"1.2.77", std::move(asked)}, {event_type, "1.2.77", "PACS", std::move(said)});
}
std::vector<std::string> results(const CommitmentOutcome& outcome) {
  std::vector<std::string> results;
  for (const auto& line : outcome.lines) results.push_back(line.result);
  return results;
}

TEST(CommitmentOutcome, WhatIsReportedAsAskedIsCommitted) {
  const auto all = outcome({ct("1.1"), ct("1.2")}, kSuccessful, {ct("1.2"), ct("1.1")});
  EXPECT_THAT(results(all), ElementsAre("committed", "committed"));
  EXPECT_EQ(all.committed(), 2U);
  EXPECT_TRUE(all.all_committed());
}

TEST(CommitmentOutcome, FailuresHaveTheirReasonAndWhatIsNotNamedIsNotCommitted) {
  const auto some = outcome({ct("1.1"), ct("1.2"), ct("1.3")}, kFailuresExist,
                            {ct("1.1"), ct("1.2", failure_reason::kNoSuchObjectInstance)});
  EXPECT_THAT(results(some), ElementsAre("committed", "failed: 0112 no such object instance",
                                         "not in the report"));
  EXPECT_THAT(some.problems, IsEmpty());
  EXPECT_EQ(some.committed(), 1U);
  EXPECT_FALSE(some.all_committed());
}

TEST(CommitmentOutcome, AnInstanceInBothSequencesHasFailed) {
  const auto both = outcome({ct("1.1")}, kFailuresExist, {ct("1.1"), ct("1.1", 0x0110)});
  EXPECT_EQ(both.committed(), 0U);
  EXPECT_EQ(both.lines.front().reference.failure, 0x0110);
}

TEST(CommitmentOutcome, APromiseForAnotherSopClassIsNone) {
  CommitmentReference mr = ct("1.1");
  mr.sop_class_uid = uids::MRImageStorage;
  const auto other = outcome({ct("1.1")}, kSuccessful, {mr});
  EXPECT_EQ(other.committed(), 0U);
  EXPECT_THAT(other.lines.front().result, HasSubstr(std::string(uids::MRImageStorage)));
  mr.failure = failure_reason::kClassInstanceConflict;
  EXPECT_THAT(results(outcome({ct("1.1")}, kFailuresExist, {mr})),
              ElementsAre("failed: 0119 class-instance conflict"))
      << "named by the class that the peer has it under";
}

TEST(CommitmentOutcome, ATypeThatContradictsWhatItNamesIsAProblem) {
  const auto none = outcome({ct("1.1")}, kFailuresExist, {ct("1.1")});
  EXPECT_EQ(none.committed(), 1U);
  EXPECT_THAT(none.problems, ElementsAre(HasSubstr("event type 2")));
  EXPECT_FALSE(none.all_committed());
  const auto failures = outcome({ct("1.1")}, kSuccessful, {ct("1.1", 0x0110)});
  EXPECT_THAT(failures.problems, ElementsAre(HasSubstr("event type 1")));
  EXPECT_EQ(failures.committed(), 0U);
}

TEST(CommitmentOutcome, AnInstanceThatWasNotAskedForIsAProblem) {
  const auto more = outcome({ct("1.1")}, kSuccessful, {ct("1.1"), ct("1.9")});
  EXPECT_THAT(more.problems, ElementsAre(HasSubstr("not asked for: 1.9")));
  EXPECT_FALSE(more.all_committed());
}

}  // namespace
}  // namespace pacs::services
