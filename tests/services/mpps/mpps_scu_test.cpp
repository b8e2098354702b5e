#include "services/mpps/mpps_scu.h"

#include <gtest/gtest.h>

#include "services/mpps/mpps_scp.h"
#include "tests/services/mpps/mpps_data.h"
#include "tests/services/peer.h"

namespace pacs::services {
namespace {

namespace status = network::status;

class MppsScuTest : public testing::Test {
 protected:
  MppsScuTest() {
    pacs.serves(
        std::make_unique<MppsScp>(pacs.archive().performed_steps(), pacs.workers(), MppsOptions{}));
    pacs.serves(
        std::make_unique<MppsRetrieveScp>(pacs.archive().performed_steps(), pacs.workers()));
    pacs.starts();
  }

  Pacs pacs;
};

TEST_F(MppsScuTest, AStepIsReportedAndShown) {
  Peer peer(pacs);
  peer.associates({mpps_context(), mpps_retrieve_context()});
  const auto created = peer.wait(create_step(peer.association(), "", beginning(), 7));
  ASSERT_TRUE(created) << created.error().to_string();
  EXPECT_EQ(created->status, status::kSuccess);
  const std::string uid = created->sop_instance_uid;
  EXPECT_FALSE(uid.empty());
  const auto set = peer.wait(set_step(peer.association(), uid, ending("COMPLETED", {"1.2.3"})));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->status, status::kSuccess);
  const auto shown =
      peer.wait(get_step(peer.association(), uid, {tags::PerformedProcedureStepStatus}));
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->data_set.size(), 1U);
  EXPECT_EQ(shown->data_set.text(tags::PerformedProcedureStepStatus), "COMPLETED");
  peer.releases();
}

TEST_F(MppsScuTest, ARefusalSaysEverything) {
  Peer peer(pacs);
  peer.associates({mpps_context()});
  DataSet step = beginning();
  step.erase(tags::PatientID);
  const auto missing = peer.wait(create_step(peer.association(), "1.2", step));
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->status, status::kMissingAttribute);
  EXPECT_EQ(missing->error_comment, "mpps.strict: PatientID is missing");
  EXPECT_EQ(missing->attribute_identifiers, std::vector<Tag>{tags::PatientID});
  EXPECT_EQ(peer.wait(create_step(peer.association(), "1.2", beginning()))->status, 0);
  EXPECT_EQ(peer.wait(set_step(peer.association(), "1.2", ending("COMPLETED", {})))->status, 0);
  const auto late = peer.wait(set_step(peer.association(), "1.2", ending("COMPLETED", {})));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->status, status::kProcessingFailure);
  EXPECT_EQ(late->error_id, 0xA710);
  peer.releases();
}

TEST_F(MppsScuTest, APeerThatTookNoContextIsNotAsked) {
  Peer peer(pacs);
  peer.associates({mpps_context()});
  const auto shown = peer.wait(get_step(peer.association(), "1.2", {}));
  ASSERT_FALSE(shown);
  EXPECT_EQ(shown.error().kind, ErrorKind::Rejected);
  peer.releases();
}

}  // namespace
}  // namespace pacs::services
