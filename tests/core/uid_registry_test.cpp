#include "core/uid_registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/uids.h"

namespace pacs {
namespace {

TEST(UidRegistry, FindsEveryEntryByUidAndKeyword) {
  EXPECT_GT(uid_registry().size(), 450U);
  for (const UidEntry* entry : uid_registry()) {
    EXPECT_EQ(find_uid(entry->uid), entry);
    if (!entry->keyword.empty()) {
      EXPECT_EQ(find_uid_keyword(entry->keyword), entry) << entry->keyword;
    }
    EXPECT_TRUE(is_valid_uid(entry->uid)) << entry->uid;
  }
  EXPECT_EQ(uid_registry().front()->uid, uids::Verification) << "the registry's order";
}

TEST(UidRegistry, NamesWhatItKnowsAndLeavesTheRest) {
  EXPECT_EQ(uid_name(uids::CTImageStorage), "CT Image Storage");
  EXPECT_EQ(uid_name("1.2.3"), "1.2.3");
  EXPECT_EQ(uid_name("1.2.840.10008.5.1.4.1.1.40"), "1.2.840.10008.5.1.4.1.1.40")
      << "retired, blank";
  EXPECT_EQ(find_uid(""), nullptr);
  EXPECT_EQ(find_uid_keyword(""), nullptr);
  EXPECT_EQ(find_uid(uids::JPEG2000)->type, UidType::TransferSyntax);
  EXPECT_TRUE(find_uid(uids::ExplicitVRBigEndian)->retired);
}

TEST(StorageSopClasses, HoldEveryKindOfCompositeObject) {
  for (const std::string_view uid :
       {uids::CTImageStorage, uids::EnhancedMRImageStorage, uids::EncapsulatedPDFStorage,
        uids::ComprehensiveSRStorage, uids::GrayscaleSoftcopyPresentationStateStorage,
        uids::RTPlanStorage, uids::TwelveLeadECGWaveformStorage, uids::RawDataStorage,
        uids::SegmentationStorage, uids::KeyObjectSelectionDocumentStorage,
        uids::DigitalMammographyXRayImageStorageForProcessing,
        uids::NuclearMedicineImageStorageRetired, uids::HangingProtocolStorage,
        uids::TextSRStorageTrial}) {
    EXPECT_TRUE(is_storage_sop_class(uid)) << uid_name(uid);
  }
}

TEST(StorageSopClasses, HoldNothingElse) {
  for (const std::string_view uid :
       {uids::Verification, uids::StorageCommitmentPushModel, uids::MediaStorageDirectoryStorage,
        uids::StudyRootQueryRetrieveInformationModelFind, uids::ModalityPerformedProcedureStep,
        uids::ImplicitVRLittleEndian, uids::ProtocolApprovalInformationModelFind,
        std::string_view{"1.2.3"}, std::string_view{}}) {
    EXPECT_FALSE(is_storage_sop_class(uid)) << uid_name(uid);
  }
  for (const std::string_view uid : storage_sop_classes()) {
    EXPECT_NE(uid_name(uid).find("Storage"), std::string_view::npos) << uid;
  }
  // Every SOP class of PS3.4 Table B.5-1 lies below these roots; so does the registry's count.
  EXPECT_GT(storage_sop_classes().size(), 190U);
}

TEST(Uid, FollowsTheStandardToTheLetter) {
  for (const char* uid : {"1.2.840.10008.1.1", "0.0", "2.25.0", "1"})
    EXPECT_TRUE(is_valid_uid(uid)) << uid;
  EXPECT_TRUE(is_valid_uid(std::string(64, '1')));
  for (const char* uid : {"", ".", "1.", ".1", "1..2", "1.02", "00.1", "1.2a", "1.2 ", "1.2\n",
                          "../1", "1.-2", "1/2"}) {
    EXPECT_FALSE(is_valid_uid(uid)) << uid;
  }
  EXPECT_FALSE(is_valid_uid(std::string(65, '1')));
  EXPECT_FALSE(is_valid_uid((std::string_view{"1.2\0", 4})));
  EXPECT_EQ(check_uid("1.2a").error().kind, ErrorKind::Malformed);
}

TEST(Uid, LeadingZerosOfRealObjectsAreUsable) {
  EXPECT_TRUE(is_usable_uid("1.2.003"));
  EXPECT_TRUE(is_usable_uid(std::string(64, '1')));
  for (const char* uid : {"", "1..2", "1.2.", ".1", "1.a", "1/2", "..\\x", "../../etc/passwd",
                          "1.2 3", "\xEF\xBC\x91"})
    EXPECT_FALSE(is_usable_uid(uid)) << uid;
  EXPECT_FALSE(is_usable_uid((std::string_view{"1.2\0", 4})));
  EXPECT_FALSE(is_usable_uid(std::string(65, '1')));
  EXPECT_FALSE(is_usable_uid(std::string(10'000, '1')));
}

}  // namespace
}  // namespace pacs
