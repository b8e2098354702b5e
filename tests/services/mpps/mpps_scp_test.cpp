#include "services/mpps/mpps_scp.h"

#include <atomic>
#include <fstream>

#include <gtest/gtest.h>

#include "core/uid_registry.h"
#include "encoding/character_sets/character_set.h"
#include "storage/steps/performed_steps.h"
#include "tests/services/mpps/mpps_data.h"
#include "tests/services/peer.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::services {
namespace {

namespace status = network::status;
using network::Command;
using network::CommandField;

constexpr std::string_view kMpps = uids::ModalityPerformedProcedureStep;
constexpr std::string_view kRetrieve = uids::ModalityPerformedProcedureStepRetrieve;

class MppsScpTest : public testing::Test {
 protected:
  MppsScpTest() {
    pacs.serves(
        std::make_unique<MppsScp>(pacs.archive().performed_steps(), pacs.workers(), MppsOptions{}));
    pacs.serves(
        std::make_unique<MppsRetrieveScp>(pacs.archive().performed_steps(), pacs.workers()));
    pacs.starts();
    peer = std::make_unique<Peer>(pacs);
    peer->associates({context(kMpps), context(kRetrieve)});
  }
  ~MppsScpTest() override { peer->aborts(); }

  Response asks(CommandField field, std::string_view sop_class, const std::string& instance,
                const DataSet* data_set = nullptr, std::vector<Tag> wanted = {},
                std::string_view on_context = {}) {
    Command request;
    request.field = field;
    request.message_id = ++message_id;
    request.sop_class_uid = sop_class;
    request.sop_instance_uid = instance;
    request.attribute_identifiers = std::move(wanted);
    const std::string abstract_syntax{on_context.empty() ? sop_class : on_context};
    const std::uint8_t id = peer->context_for(abstract_syntax);
    if (data_set != nullptr) {
      peer->sends(id, request, *write_data_set(*data_set, explicit_vr_little_endian()));
    } else {
      peer->sends(id, request);
    }
    return peer->receives();
  }
  Response creates(const std::string& uid, const DataSet& attributes = beginning()) {
    return asks(CommandField::NCreateRq, kMpps, uid, &attributes);
  }
  Response sets(const std::string& uid, const DataSet& modifications) {
    return asks(CommandField::NSetRq, kMpps, uid, &modifications);
  }
  Response gets(const std::string& uid, std::vector<Tag> wanted = {}) {
    return asks(CommandField::NGetRq, kRetrieve, uid, nullptr, std::move(wanted));
  }
  static std::uint16_t status_of(const Response& response) {
    return response.command.status.value_or(0xFFFF);
  }
  static DataSet data_set_of(const Response& response) {
    return *read_data_set(share(Bytes(response.data_set)), explicit_vr_little_endian());
  }
  storage::PerformedSteps& steps() { return pacs.archive().performed_steps(); }

  Pacs pacs;
  std::unique_ptr<Peer> peer;
  std::uint16_t message_id = 0;
};

TEST_F(MppsScpTest, AStepIsBegunAndCompleted) {
  const Response created = creates("1.2.9");
  EXPECT_EQ(status_of(created), status::kSuccess) << created.command.error_comment;
  EXPECT_EQ(created.command.sop_instance_uid, "1.2.9");
  EXPECT_EQ(created.command.sop_class_uid, kMpps);
  EXPECT_FALSE(created.command.has_data_set);
  EXPECT_EQ(steps().get("1.2.9")->source_ae, "PEER");
  EXPECT_EQ(status_of(sets("1.2.9", ending("COMPLETED", {"1.2.3"}))), status::kSuccess);
  EXPECT_EQ(steps().get("1.2.9")->status, storage::PerformedStatus::Completed);
}

TEST_F(MppsScpTest, AStepWithoutUidIsGivenOne) {
  const Response created = creates("");
  EXPECT_EQ(status_of(created), status::kSuccess);
  EXPECT_TRUE(is_valid_uid(created.command.sop_instance_uid));
  EXPECT_TRUE(steps().get(created.command.sop_instance_uid));
}

// PS3.7 §10.1.2.1.9, §10.1.3.1.9, §10.1.5.1.6.
TEST_F(MppsScpTest, WhatIsNoUidIsAnInvalidInstanceForEveryOperation) {
  for (const std::string& uid : {std::string("1.2.x"), "1." + std::string(63, '2')}) {
    for (const Response& refused : {creates(uid), sets(uid, ending("COMPLETED", {})), gets(uid)}) {
      EXPECT_EQ(status_of(refused), status::kInvalidSopInstance) << uid;
      const bool affected = refused.command.field == CommandField::NCreateRsp;
      const Tag named = affected ? Tag{0x0000, 0x1000} : Tag{0x0000, 0x1001};
      EXPECT_EQ(refused.command.offending_elements, std::vector<Tag>{named}) << uid;
    }
  }
  EXPECT_TRUE(steps().list({})->steps.empty());
}

TEST_F(MppsScpTest, AUidIsTakenOnce) {
  creates("1.2.9");
  const Response again = creates("1.2.9", beginning("1.2.77"));
  EXPECT_EQ(status_of(again), status::kDuplicateSopInstance);
  EXPECT_EQ(again.command.sop_instance_uid, "1.2.9");
  EXPECT_EQ(steps().list({})->steps.at(0).requests.at(0).study_instance_uid, "1.2.3.1");
}

TEST_F(MppsScpTest, AFinalStepMayNoLongerBeUpdated) {
  for (const char* end : {"COMPLETED", "DISCONTINUED"}) {
    const std::string uid = std::string("1.2.") + (*end == 'C' ? "1" : "2");
    creates(uid);
    EXPECT_EQ(status_of(sets(uid, ending(end, {}))), status::kSuccess);
    const Response late = sets(uid, ending("COMPLETED", {"1.2.3"}));
    EXPECT_EQ(status_of(late), status::kProcessingFailure);
    EXPECT_EQ(late.command.error_id, 0xA710);
    EXPECT_EQ(late.command.error_comment,
              "Performed Procedure Step Object may no longer be updated");
    EXPECT_EQ(to_string(steps().get(uid)->status), end);
  }
}

/// Between what is read and the first write, another N-SET is faster.
class ContestedSteps : public storage::PerformedSteps {
 public:
  ContestedSteps(PerformedSteps& steps, DataSet faster)
      : steps_(steps), faster_(std::move(faster)) {}

  Result<bool> replace(const storage::PerformedStep& before, const DataSet& after,
                       std::span<const storage::NewJob> jobs) override {
    if (tries_++ == 0) {
      const DataSet other = *apply_set(before, faster_, MppsStrictness::Table);
      EXPECT_TRUE(*steps_.replace(before, other));
    }
    return steps_.replace(before, after, jobs);
  }
  Result<storage::PerformedStep> get(std::string_view uid) override { return steps_.get(uid); }
  Result<> create(const storage::PerformedStep& step,
                  std::span<const storage::NewJob> jobs) override {
    return steps_.create(step, jobs);
  }
  Result<storage::StepPage> list(const storage::StepFilter& filter) override {
    return steps_.list(filter);
  }
  Result<Comparison> compare(std::string_view uid) override { return steps_.compare(uid); }
  [[nodiscard]] int tries() const { return tries_; }

 private:
  PerformedSteps& steps_;
  const DataSet faster_;
  std::atomic<int> tries_ = 0;
};

TEST_F(MppsScpTest, TwoSetsAtOnceAreBothPerformed) {
  DataSet description, comments;
  description.set_text(tags::PerformedProcedureStepDescription, "CHEST");
  comments.set_text(tags::CommentsOnThePerformedProcedureStep, "moved");
  ContestedSteps contested(steps(), description);
  Pacs other;
  other.serves(std::make_unique<MppsScp>(contested, other.workers(), MppsOptions{}));
  other.starts();
  creates("1.2.9");
  peer->aborts();
  peer = std::make_unique<Peer>(other);
  peer->associates({context(kMpps)});
  EXPECT_EQ(status_of(sets("1.2.9", comments)), status::kSuccess);
  EXPECT_EQ(contested.tries(), 2);
  const DataSet step = steps().get("1.2.9")->data_set;
  EXPECT_EQ(step.text(tags::PerformedProcedureStepDescription), "CHEST");
  EXPECT_EQ(step.text(tags::CommentsOnThePerformedProcedureStep), "moved");
  peer->aborts();
}

TEST_F(MppsScpTest, ASetThatFindsTheStepEndedMeanwhileIsRefused) {
  ContestedSteps contested(steps(), ending("COMPLETED", {"1.2.3"}));
  Pacs other;
  other.serves(std::make_unique<MppsScp>(contested, other.workers(), MppsOptions{}));
  other.starts();
  creates("1.2.9");
  peer->aborts();
  peer = std::make_unique<Peer>(other);
  peer->associates({context(kMpps)});
  EXPECT_EQ(status_of(sets("1.2.9", ending("DISCONTINUED", {"1.2.3"}))),
            status::kProcessingFailure);
  EXPECT_EQ(steps().get("1.2.9")->status, storage::PerformedStatus::Completed);
  peer->aborts();
}

TEST_F(MppsScpTest, AnUnknownStepIsNeitherSetNorShown) {
  EXPECT_EQ(status_of(sets("1.2.9", ending("COMPLETED", {}))), status::kNoSuchSopInstance);
  EXPECT_EQ(status_of(gets("1.2.9")), status::kNoSuchSopInstance);
}

TEST_F(MppsScpTest, ARefusedRequestLeavesNothing) {
  DataSet step = beginning();
  step.erase(tags::Modality);
  const Response missing = creates("1.2.9", step);
  EXPECT_EQ(status_of(missing), status::kMissingAttribute);
  EXPECT_EQ(missing.command.attribute_identifiers, std::vector<Tag>{tags::Modality});
  EXPECT_EQ(missing.command.error_comment, "mpps.strict: Modality is missing");
  step.set_text(tags::Modality, "");
  const Response empty = creates("1.2.9", step);
  EXPECT_EQ(status_of(empty), status::kMissingAttributeValue);
  EXPECT_TRUE(data_set_of(empty).contains(tags::Modality));
  step.set_text(tags::Modality, "CT");
  step.set_text(tags::PerformedProcedureStepStatus, "COMPLETED");
  const Response invalid = creates("1.2.9", step);
  EXPECT_EQ(status_of(invalid), status::kInvalidAttributeValue);
  EXPECT_EQ(data_set_of(invalid).text(tags::PerformedProcedureStepStatus), "COMPLETED");
  EXPECT_TRUE(steps().list({})->steps.empty());

  creates("1.2.9");
  DataSet change = ending("COMPLETED", {"1.2.3"});
  change.set_text(tags::PatientID, "P2");
  const Response refused = sets("1.2.9", change);
  EXPECT_EQ(status_of(refused), status::kNoSuchAttribute);
  EXPECT_EQ(refused.command.attribute_identifiers, std::vector<Tag>{tags::PatientID});
  EXPECT_EQ(steps().get("1.2.9")->status, storage::PerformedStatus::InProgress);
}

TEST_F(MppsScpTest, WhatIsLeftOutIsTakenWhereThatIsConfiguredAndLogged) {
  storage::test::TemporaryFolder folder;
  MppsOptions options{.strictness = MppsStrictness::Essential};
  options.log = *integration::Logger::create({.file = (folder / "log").string()});
  Pacs other;
  other.serves(
      std::make_unique<MppsScp>(other.archive().performed_steps(), other.workers(), options));
  other.starts();
  peer->aborts();
  peer = std::make_unique<Peer>(other);
  peer->associates({context(kMpps)});
  DataSet step = beginning();
  step.erase(tags::PerformedSeriesSequence);
  step.set_items(tags::ReferencedPatientSequence, {{DataSet{}}});
  const Response created = creates("", step);
  EXPECT_EQ(status_of(created), status::kSuccess) << created.command.error_comment;
  const std::string uid = created.command.sop_instance_uid;
  DataSet end = ending("COMPLETED", {"1.2.3"});
  end.erase(tags::PerformedProcedureStepEndTime);
  EXPECT_EQ(status_of(sets(uid, end)), status::kSuccess);
  options.log.flush();
  std::ifstream file(folder / "log");
  const std::string log(std::istreambuf_iterator<char>(file), {});
  for (const char* said :
       {"Affected SOP Instance UID is missing", "PerformedSeriesSequence is missing",
        "ReferencedSOPClassUID is missing in item 1 of ReferencedPatientSequence",
        "PerformedProcedureStepEndTime"}) {
    EXPECT_NE(log.find(said), std::string::npos) << said << "\n" << log;
  }
  peer->aborts();
}

TEST_F(MppsScpTest, ACreateWithoutDataSetMissesEverything) {
  EXPECT_EQ(status_of(asks(CommandField::NCreateRq, kMpps, "1.2.9")), status::kMissingAttribute);
}

TEST_F(MppsScpTest, ASetOfNothingIsInvalid) {
  creates("1.2.9");
  const DataSet empty;
  EXPECT_EQ(status_of(sets("1.2.9", empty)), status::kInvalidAttributeValue) << "announced";
  EXPECT_EQ(status_of(asks(CommandField::NSetRq, kMpps, "1.2.9")), status::kInvalidAttributeValue);
}

TEST_F(MppsScpTest, ADataSetThatIsNoneIsInvalid) {
  Command request;
  request.field = CommandField::NCreateRq;
  request.message_id = 1;
  request.sop_class_uid = kMpps;
  request.sop_instance_uid = "1.2.9";
  peer->sends(peer->context_for(std::string{kMpps}), request, Bytes(5, std::byte{0xFF}));
  EXPECT_EQ(status_of(peer->receives()), status::kInvalidAttributeValue);
}

TEST_F(MppsScpTest, EachSopClassHasItsOwnOperations) {
  const DataSet step = beginning();
  EXPECT_EQ(status_of(asks(CommandField::NGetRq, kMpps, "1.2.9")), status::kUnrecognizedOperation);
  EXPECT_EQ(status_of(asks(CommandField::NCreateRq, kRetrieve, "1.2.9", &step)),
            status::kUnrecognizedOperation);
  EXPECT_EQ(status_of(asks(CommandField::NCreateRq, kRetrieve, "1.2.9", &step, {}, kMpps)),
            status::kNoSuchSopClass);
  EXPECT_EQ(status_of(asks(CommandField::NGetRq, kMpps, "1.2.9", nullptr, {}, kRetrieve)),
            status::kNoSuchSopClass);
}

TEST_F(MppsScpTest, ANGetShowsAllOrWhatIsNamed) {
  creates("1.2.9");
  const Response all = gets("1.2.9");
  EXPECT_EQ(status_of(all), status::kSuccess);
  EXPECT_TRUE(equal_content(data_set_of(all), beginning()));
  const Response some = gets("1.2.9", {tags::PerformedProcedureStepStatus, tags::PatientID});
  EXPECT_EQ(status_of(some), status::kSuccess);
  EXPECT_EQ(data_set_of(some).size(), 2U);
  EXPECT_EQ(data_set_of(some).text(tags::PerformedProcedureStepStatus), "IN PROGRESS");
}

TEST_F(MppsScpTest, WhatAStepDoesNotHaveIsWarnedOf) {
  creates("1.2.9");
  const Response unknown = gets("1.2.9", {tags::PatientID, tags::Rows});
  EXPECT_EQ(status_of(unknown), status::kAttributeListError);
  EXPECT_EQ(unknown.command.attribute_identifiers, std::vector<Tag>{tags::Rows});
  EXPECT_EQ(data_set_of(unknown).text(tags::PatientID), "P1");
  const Response optional = gets("1.2.9", {tags::PatientID, tags::AdmissionID});
  EXPECT_EQ(status_of(optional), status::kOptionalAttributesNotSupported);
  EXPECT_EQ(data_set_of(optional).size(), 1U);
}

TEST_F(MppsScpTest, TextComesBackInTheCharacterSetOfItsCreator) {
  DataSet step = beginning();
  step.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
  step.set_text(tags::PatientName, "J\xE4ger");
  creates("1.2.9", step);
  EXPECT_EQ(steps().list({})->steps.at(0).patient_name, "Jäger");
  const DataSet shown = data_set_of(gets("1.2.9", {tags::PatientName}));
  EXPECT_EQ(shown.text(tags::PatientName), "J\xE4ger");
  EXPECT_EQ(shown.text(tags::SpecificCharacterSet), "ISO_IR 100");
}

}  // namespace
}  // namespace pacs::services
