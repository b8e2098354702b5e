#include "services/query/find_scp.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <gmock/gmock.h>

#include "services/query/find_scu.h"
#include "services/query/query_models.h"
#include "tests/services/peer.h"

namespace pacs::services {
namespace {

using network::Command;
using network::CommandField;
using storage::QueryModel;
using testing::ElementsAre;
using testing::HasSubstr;
namespace status = network::status;

constexpr std::string_view kPatientRoot = uids::PatientRootQueryRetrieveInformationModelFind;
constexpr std::string_view kStudyRoot = uids::StudyRootQueryRetrieveInformationModelFind;
constexpr std::string_view kPatientStudyOnly =
    uids::PatientStudyOnlyQueryRetrieveInformationModelFind;

using Keys = std::vector<std::pair<Tag, std::string>>;

DataSet data_set_of(const Keys& keys) {
  DataSet data_set;
  for (const auto& [tag, value] : keys) data_set.set_text(tag, value);
  return data_set;
}

Keys study_level(Keys keys) {
  keys.emplace_back(tags::QueryRetrieveLevel, "STUDY");
  return keys;
}

/// An archive whose every query has matches without end, each with the keys asked for left out.
class EndlessArchive : public TestArchive {
 public:
  Result<std::unique_ptr<storage::Matches>> find(storage::Query) override {
    return std::make_unique<Endless>(*this);
  }
  [[nodiscard]] bool all_queries_end() {
    std::unique_lock lock{mutex_};
    return ended_.wait_for(lock, std::chrono::seconds{10}, [this] { return open_ == 0; });
  }

 private:
  class Endless : public storage::Matches {
   public:
    explicit Endless(EndlessArchive& archive) : archive_(archive) {
      const std::lock_guard lock{archive_.mutex_};
      ++archive_.open_;
    }
    ~Endless() override {
      const std::lock_guard lock{archive_.mutex_};
      --archive_.open_;
      archive_.ended_.notify_all();
    }
    Result<std::vector<DataSet>> next(std::size_t most) override {
      return std::vector<DataSet>(most, data_set_of({{tags::PatientID, "P"}}));
    }

   private:
    EndlessArchive& archive_;
  };

  std::mutex mutex_;
  std::condition_variable ended_;
  int open_ = 0;
};

class FindScpTest : public testing::Test {
 protected:
  explicit FindScpTest(const ResponderLimits& limits = {}) : pacs(limits) {}

  /// `endless`: queries have matches without end.
  void serves(FindOptions options = {}, bool endless = false) {
    storage::Archive& archive = endless ? static_cast<storage::Archive&>(endless_) : pacs.archive();
    pacs.serves(
        std::make_unique<FindScp>(stored_objects(archive, std::move(options)), pacs.workers()));
    pacs.starts();
  }

  void has(const Keys& attributes) {
    static const Keys kUsual{{tags::SOPClassUID, std::string{uids::CTImageStorage}},
                             {tags::Modality, "CT"},
                             {tags::PatientID, "P1"},
                             {tags::PatientName, "Doe^Jane"}};
    DataSet object = data_set_of(kUsual);
    const std::string number = std::to_string(++objects_);
    object.set_text(tags::SOPInstanceUID, "1.2.3." + number + ".1.1");
    object.set_text(tags::SeriesInstanceUID, "1.2.3." + number + ".1");
    object.set_text(tags::StudyInstanceUID, "1.2.3." + number);
    for (const auto& [tag, value] : attributes) object.set_text(tag, value);
    TestObject stored;
    stored.sop_instance_uid = object.text(tags::SOPInstanceUID);
    stored.data_set = *write_data_set(object, explicit_vr_little_endian());
    Peer modality{pacs};
    modality.associates({context(uids::CTImageStorage)});
    ASSERT_EQ(modality.stores(stored), status::kSuccess);
    modality.releases();
  }

  /// Asks and keeps the answers; gives the final response.
  FindResult asks(Peer& peer, std::string_view sop_class_uid, const Keys& keys,
                  std::uint64_t cancel_after = 0) {
    return asks(peer, sop_class_uid, data_set_of(keys), cancel_after);
  }
  FindResult asks(Peer& peer, std::string_view sop_class_uid, DataSet identifier,
                  std::uint64_t cancel_after = 0) {
    answers.clear();
    FindRequest request{.identifier = std::move(identifier),
                        .cancel_after = cancel_after,
                        .message_id = ++message_id_};
    auto found = peer.wait(find(peer.association(), *peer.negotiated().accepted_for(sop_class_uid),
                                std::move(request),
                                [this](DataSet answer) { answers.push_back(std::move(answer)); }));
    EXPECT_TRUE(found) << (found ? "" : found.error().to_string());
    return found ? *found : FindResult{};
  }
  FindResult asks(const Keys& keys, std::string_view sop_class_uid = kStudyRoot) {
    Peer peer{pacs};
    peer.associates({find_context(sop_class_uid)});
    FindResult result = asks(peer, sop_class_uid, keys);
    peer.releases();
    return result;
  }
  [[nodiscard]] std::vector<std::string> all(Tag tag) const {
    std::vector<std::string> values;
    for (const DataSet& answer : answers) values.emplace_back(answer.text(tag));
    return values;
  }

  EndlessArchive endless_;
  Pacs pacs;
  std::vector<DataSet> answers;

 private:
  int objects_ = 0;
  std::uint16_t message_id_ = 0;
};

TEST_F(FindScpTest, AnswersCarryWhatWasAskedForAndWhereToGetIt) {
  serves({.retrieve_ae = "ARCHIVE"});
  has({{tags::PatientID, "P7"}, {tags::StudyDate, "20240131"}});
  has({{tags::PatientID, "P8"}});
  const FindResult result =
      asks(study_level({{tags::PatientID, "P7"}, {tags::StudyDate, ""}, {tags::StudyID, ""}}));
  EXPECT_EQ(result.status, status::kSuccess);
  EXPECT_FALSE(result.keys_unsupported);
  ASSERT_EQ(answers.size(), 1U);
  const DataSet& answer = answers.front();
  EXPECT_EQ(answer.text(tags::PatientID), "P7");
  EXPECT_EQ(answer.text(tags::StudyDate), "20240131");
  EXPECT_TRUE(answer.contains(tags::StudyID));
  EXPECT_EQ(answer.text(tags::QueryRetrieveLevel), "STUDY");
  EXPECT_EQ(answer.text(tags::RetrieveAETitle), "ARCHIVE");
  EXPECT_EQ(answer.text(tags::InstanceAvailability), "ONLINE");
  EXPECT_FALSE(answer.contains(tags::StudyInstanceUID)) << "it was not asked for";
  EXPECT_FALSE(answer.contains(tags::SpecificCharacterSet)) << "all is ASCII";
}

TEST_F(FindScpTest, EveryModelAnswersAtItsLevels) {
  serves();
  has({{tags::PatientID, "P7"}});
  const std::string study = "1.2.3.1";
  const std::string series = "1.2.3.1.1";
  struct Row {
    std::string_view sop_class_uid;
    const char* level;
    Keys keys;
  };
  const std::vector<Row> rows{
      {kPatientRoot, "PATIENT", {{tags::PatientID, "P7"}}},
      {kPatientRoot, "STUDY", {{tags::PatientID, "P7"}, {tags::StudyInstanceUID, ""}}},
      {kPatientRoot, "SERIES", {{tags::PatientID, "P7"}, {tags::StudyInstanceUID, study}}},
      {kStudyRoot, "STUDY", {{tags::StudyInstanceUID, study}}},
      {kStudyRoot, "SERIES", {{tags::StudyInstanceUID, study}, {tags::SeriesInstanceUID, ""}}},
      {kStudyRoot,
       "IMAGE",
       {{tags::StudyInstanceUID, study},
        {tags::SeriesInstanceUID, series},
        {tags::SOPInstanceUID, ""}}},
      {kPatientStudyOnly, "PATIENT", {{tags::PatientID, ""}}},
      {kPatientStudyOnly, "STUDY", {{tags::PatientID, "P7"}, {tags::StudyInstanceUID, ""}}}};
  for (const Row& row : rows) {
    Keys keys = row.keys;
    keys.emplace_back(tags::QueryRetrieveLevel, row.level);
    EXPECT_EQ(asks(keys, row.sop_class_uid).status, status::kSuccess) << row.level;
    EXPECT_EQ(answers.size(), 1U) << row.level;
  }
}

TEST_F(FindScpTest, AnIdentifierThatDoesNotFitTheModelIsA900WithTheElement) {
  serves();
  const FindResult no_level = asks({{tags::PatientID, "P7"}});
  EXPECT_EQ(no_level.status, status::kDataSetDoesNotMatchSopClass);
  EXPECT_THAT(no_level.offending_elements, ElementsAre(tags::QueryRetrieveLevel));
  EXPECT_FALSE(no_level.error_comment.empty());

  const FindResult wrong_level = asks({{tags::QueryRetrieveLevel, "PATIENT"}});
  EXPECT_EQ(wrong_level.status, status::kDataSetDoesNotMatchSopClass);
  const FindResult no_image = asks({{tags::QueryRetrieveLevel, "IMAGE"}}, kPatientStudyOnly);
  EXPECT_EQ(no_image.status, status::kDataSetDoesNotMatchSopClass);

  const FindResult no_study = asks({{tags::QueryRetrieveLevel, "SERIES"}});
  EXPECT_EQ(no_study.status, status::kDataSetDoesNotMatchSopClass);
  EXPECT_THAT(no_study.offending_elements, ElementsAre(tags::StudyInstanceUID));
}

TEST_F(FindScpTest, AnIdentifierThatCannotBeProcessedIsC000WithTheElement) {
  serves();
  const FindResult no_date = asks(study_level({{tags::StudyDate, "yesterday"}}));
  EXPECT_EQ(no_date.status, status::kCannotUnderstand);
  EXPECT_THAT(no_date.offending_elements, ElementsAre(tags::StudyDate));
}

TEST_F(FindScpTest, NamesAreFoundAndAnsweredAcrossCharacterSets) {
  serves();
  has({{tags::SpecificCharacterSet, "ISO_IR 100"}, {tags::PatientName, "M\xFCller^J\xF6rg"}});
  has({{tags::SpecificCharacterSet, "ISO_IR 192"},
       {tags::PatientID, "P2"},
       {tags::PatientName, "Yamada^Tarou=\xE5\xB1\xB1\xE7\x94\xB0^\xE5\xA4\xAA\xE9\x83\x8E"}});

  asks(study_level(
      {{tags::SpecificCharacterSet, "ISO_IR 192"}, {tags::PatientName, "M\xC3\xBCller*"}}));
  EXPECT_THAT(all(tags::PatientName), ElementsAre("M\xC3\xBCller^J\xC3\xB6rg"));
  EXPECT_THAT(all(tags::SpecificCharacterSet), ElementsAre("ISO_IR 192"));

  asks(
      study_level({{tags::SpecificCharacterSet, "ISO_IR 100"}, {tags::PatientName, "M\xFCller*"}}));
  EXPECT_THAT(all(tags::PatientName), ElementsAre("M\xFCller^J\xF6rg"));
  EXPECT_THAT(all(tags::SpecificCharacterSet), ElementsAre("ISO_IR 100"));

  // Latin 1 does not hold the ideographs: UTF-8, and labelled so.
  asks(study_level({{tags::SpecificCharacterSet, "ISO_IR 100"}, {tags::PatientName, "Yamada*"}}));
  EXPECT_THAT(all(tags::SpecificCharacterSet), ElementsAre("ISO_IR 192"));
  EXPECT_THAT(all(tags::PatientName), ElementsAre(HasSubstr("\xE5\xB1\xB1\xE7\x94\xB0")));
}

/// Peers that name no character set mean Latin-1.
class FindOfLatinPeers : public FindScpTest {
 protected:
  FindOfLatinPeers() : FindScpTest({.character_sets = {"ISO_IR 100", {}}}) {}
};

TEST_F(FindOfLatinPeers, AreUnderstoodAndAnsweredInTheirCharacterSet) {
  serves();
  has({{tags::SpecificCharacterSet, "ISO_IR 192"},
       {tags::PatientName, "M\xC3\xBCller^J\xC3\xB6rg"}});
  asks(study_level({{tags::PatientName, "M\xFCller*"}}));
  EXPECT_THAT(all(tags::PatientName), ElementsAre("M\xFCller^J\xF6rg"));
  EXPECT_THAT(all(tags::SpecificCharacterSet), ElementsAre("ISO_IR 100"));
  asks(study_level({{tags::PatientName, "M?ller*"}}));
  EXPECT_THAT(all(tags::PatientName), ElementsAre("M\xFCller^J\xF6rg")) << "all keys are ASCII";
  EXPECT_THAT(all(tags::SpecificCharacterSet), ElementsAre("ISO_IR 100"));
  // Who names a set is answered in that.
  asks(study_level(
      {{tags::SpecificCharacterSet, "ISO_IR 192"}, {tags::PatientName, "M\xC3\xBCller*"}}));
  EXPECT_THAT(all(tags::PatientName), ElementsAre("M\xC3\xBCller^J\xC3\xB6rg"));
  EXPECT_THAT(all(tags::SpecificCharacterSet), ElementsAre("ISO_IR 192"));
}

// PS3.4 §C.4.1.1.3.2: they say where to retrieve from, and are no keys to be matched.
TEST_F(FindScpTest, RetrieveAeTitleAndAvailabilityAreAnsweredAndNotMatched) {
  serves({.retrieve_ae = "ARCHIVE"});
  has({});
  asks(study_level({{tags::PatientID, ""},
                    {tags::RetrieveAETitle, "OTHER"},
                    {tags::InstanceAvailability, "OFFLINE"}}));
  EXPECT_THAT(all(tags::RetrieveAETitle), ElementsAre("ARCHIVE"));
  EXPECT_THAT(all(tags::InstanceAvailability), ElementsAre("ONLINE"));
}

TEST_F(FindScpTest, AboveTheLimitItEndsWithA700AfterThatManyMatches) {
  serves({.retrieve_ae = "PACS", .matches_max = 2});
  for (int i = 0; i < 3; ++i) has({});
  const FindResult result = asks(study_level({{tags::StudyInstanceUID, ""}}));
  EXPECT_EQ(result.status, status::kOutOfResources);
  EXPECT_THAT(result.error_comment, HasSubstr("more than 2 matches"));
  EXPECT_EQ(answers.size(), 2U);
  EXPECT_EQ(asks(study_level({{tags::StudyInstanceUID, "1.2.3.1\\1.2.3.2"}})).status,
            status::kSuccess)
      << "as many as the limit are no more than it";
}

TEST_F(FindScpTest, AKeyOfUnknownVrIsAnsweredFF01) {
  serves();
  has({});
  DataSet identifier = data_set_of(study_level({{tags::PatientID, ""}}));
  identifier.set_bytes(Tag{0x0009, 0x1001}, VR::UN, Bytes(4, std::byte{'X'}));
  identifier.set_text(Tag{0x0009, 0x0010}, VR::LO, "SOMEBODY");
  Peer peer{pacs};
  peer.associates({find_context(kStudyRoot)});
  const FindResult result = asks(peer, kStudyRoot, std::move(identifier));
  EXPECT_EQ(result.status, status::kSuccess);
  EXPECT_TRUE(result.keys_unsupported);
  EXPECT_EQ(answers.size(), 1U);
}

TEST_F(FindScpTest, APrivateKeyCountsWhenItsCreatorIsListed) {
  DataSet identifier = data_set_of(study_level({{tags::PatientID, ""}}));
  identifier.set_text(Tag{0x0009, 0x0010}, VR::LO, "SOMEBODY");
  identifier.set_text(Tag{0x0009, 0x1001}, VR::LO, "x");
  serves({.private_creators = {"SOMEBODY"}});
  has({});
  Peer peer{pacs};
  peer.associates({find_context(kStudyRoot)});
  const FindResult result = asks(peer, kStudyRoot, identifier);
  EXPECT_EQ(result.status, status::kSuccess);
  EXPECT_FALSE(result.keys_unsupported);
  EXPECT_TRUE(answers.empty()) << "no object has that element";
}

TEST_F(FindScpTest, WhatIsNegotiatedHoldsForTheAssociation) {
  serves();
  has({});
  const Keys series{{tags::QueryRetrieveLevel, "SERIES"}, {tags::Modality, "CT"}};
  const QuerySopClass& sop_class = *find_query_sop_class(kStudyRoot);
  Peer relational{pacs};
  relational.associates({find_context(kStudyRoot)}, 1,
                        {propose_query_negotiation(sop_class, {.relational = true})});
  ASSERT_EQ(relational.negotiated().answer.user.extended.size(), 1U);
  EXPECT_EQ(relational.negotiated().answer.user.extended[0].information,
            (Bytes{std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0},
                   std::byte{0}, std::byte{0}}));
  EXPECT_EQ(asks(relational, kStudyRoot, series).status, status::kSuccess);
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_EQ(asks(series).status, status::kDataSetDoesNotMatchSopClass) << "without it, not";
}

TEST_F(FindScpTest, AnswersFillManySendsWhateverThePeersPduSize) {
  serves();
  for (int i = 0; i < 40; ++i) has({{tags::StudyDescription, std::string(64, 'd')}});
  for (const std::uint32_t pdu_bytes : {4096U, 16384U, 131072U}) {
    Peer peer{pacs};
    network::AssociationLimits limits;
    limits.pdu_bytes_max = pdu_bytes;
    peer.associates({find_context(kStudyRoot)}, 1, {}, limits);
    asks(peer, kStudyRoot,
         study_level({{tags::StudyInstanceUID, ""}, {tags::StudyDescription, ""}}));
    EXPECT_EQ(answers.size(), 40U);
    const auto uids = all(tags::StudyInstanceUID);
    EXPECT_EQ(std::set<std::string>(uids.begin(), uids.end()).size(), 40U);
  }
}

TEST_F(FindScpTest, TransferSyntaxesOfEitherByteOrderAreAnswered) {
  serves();
  has({});
  for (const std::string_view syntax :
       {uids::ImplicitVRLittleEndian, uids::ExplicitVRLittleEndian, uids::ExplicitVRBigEndian,
        uids::DeflatedExplicitVRLittleEndian}) {
    Peer peer{pacs};
    peer.associates({context(kStudyRoot, {syntax})});
    EXPECT_EQ(asks(peer, kStudyRoot,
                   study_level({{tags::PatientID, ""}, {tags::NumberOfStudyRelatedInstances, ""}}))
                  .status,
              status::kSuccess);
    EXPECT_THAT(all(tags::PatientID), ElementsAre("P1")) << syntax;
    EXPECT_THAT(all(tags::NumberOfStudyRelatedInstances), ElementsAre("1")) << syntax;
  }
}

TEST_F(FindScpTest, CancelEndsAQueryWithFE00) {
  serves({}, true);
  Peer peer{pacs};
  peer.associates({find_context(kStudyRoot)});
  const FindResult result = asks(peer, kStudyRoot, study_level({{tags::PatientID, ""}}), 3);
  EXPECT_EQ(result.status, status::kCancel);
  EXPECT_EQ(answers.size(), 3U);
  EXPECT_TRUE(endless_.all_queries_end());
  EXPECT_EQ(asks(peer, kStudyRoot, study_level({{tags::PatientID, ""}}), 1).status, status::kCancel)
      << "the association goes on";
  peer.releases();
}

TEST_F(FindScpTest, AVanishedPeerEndsItsQuery) {
  serves({}, true);
  {
    Peer peer{pacs};
    peer.associates({find_context(kStudyRoot)});
    Command command;
    command.field = CommandField::CFindRq;
    command.message_id = 1;
    command.sop_class_uid = kStudyRoot;
    command.priority = 0;
    peer.sends(peer.context_for(std::string{kStudyRoot}), command,
               *write_data_set(data_set_of(study_level({{tags::PatientID, ""}})),
                               explicit_vr_little_endian()));
    EXPECT_EQ(peer.receives().command.status, status::kPending);
    peer.aborts();
  }
  EXPECT_TRUE(endless_.all_queries_end());
}

}  // namespace
}  // namespace pacs::services
