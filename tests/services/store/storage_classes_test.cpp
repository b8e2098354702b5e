#include "services/store/storage_classes.h"

#include <gtest/gtest.h>

#include "core/uids.h"
#include "encoding/transfer_syntax.h"
#include "services/dispatch/service.h"

namespace pacs::services {
namespace {

std::string chosen(std::vector<std::string_view> proposed) {
  const std::vector<std::string> offered(proposed.begin(), proposed.end());
  const auto index = choose_storage_transfer_syntax(offered);
  return index ? offered[*index] : "none";
}

TEST(StorageClassesTest, NonStorageClassesAreNotServed) {
  const StorageClasses classes{{"1.2.3.4"}};
  EXPECT_TRUE(classes.contains(uids::CTImageStorage));
  EXPECT_TRUE(classes.contains(uids::HangingProtocolStorage));
  EXPECT_TRUE(classes.contains(uids::UltrasoundImageStorageRetired));
  EXPECT_TRUE(classes.contains("1.2.3.4"));
  EXPECT_FALSE(classes.contains("1.2.3.5"));
  EXPECT_FALSE(classes.contains(uids::Verification));
  EXPECT_FALSE(classes.contains(uids::StorageCommitmentPushModel));
  EXPECT_FALSE(classes.contains(uids::MediaStorageDirectoryStorage));
  EXPECT_FALSE(classes.contains(uids::StudyRootQueryRetrieveInformationModelFind));
}

TEST(StorageClassesTest, OfUncompressedSyntaxesExplicitLittleIsTakenWhateverTheOrder) {
  EXPECT_EQ(chosen({uids::ExplicitVRLittleEndian, uids::ExplicitVRBigEndian,
                    uids::ImplicitVRLittleEndian}),
            uids::ExplicitVRLittleEndian);
  EXPECT_EQ(chosen({uids::ImplicitVRLittleEndian, uids::ExplicitVRLittleEndian}),
            uids::ExplicitVRLittleEndian);
  EXPECT_EQ(chosen({uids::ExplicitVRBigEndian, uids::ImplicitVRLittleEndian}),
            uids::ImplicitVRLittleEndian);
  EXPECT_EQ(chosen({uids::ExplicitVRBigEndian}), uids::ExplicitVRBigEndian);
}

TEST(StorageClassesTest, ACompressedSyntaxInFrontIsTakenAsItComes) {
  EXPECT_EQ(chosen({uids::JPEG2000, uids::ExplicitVRLittleEndian}), uids::JPEG2000);
  EXPECT_EQ(chosen({"1.9.9", uids::RLELossless, uids::JPEG2000}), uids::RLELossless);
  EXPECT_EQ(chosen({uids::DeflatedExplicitVRLittleEndian, uids::ImplicitVRLittleEndian}),
            uids::DeflatedExplicitVRLittleEndian);
  EXPECT_EQ(chosen({uids::ImplicitVRLittleEndian, uids::JPEG2000}), uids::ImplicitVRLittleEndian);
}

TEST(StorageClassesTest, WhateverIsStorableIsTakenAloneAndInFront) {
  for (const TransferSyntax& syntax : transfer_syntaxes()) {
    if (!is_storable_transfer_syntax(syntax.uid)) continue;
    EXPECT_EQ(chosen({syntax.uid}), syntax.uid);
    if (is_uncompressed(syntax.uid)) continue;
    EXPECT_EQ(chosen({syntax.uid, uids::ExplicitVRLittleEndian}), syntax.uid);
  }
}

TEST(StorageClassesTest, OnlyDataSetEncodingsAreStorable) {
  std::size_t refused = 0;
  for (const TransferSyntax& syntax : transfer_syntaxes()) {
    if (!is_storable_transfer_syntax(syntax.uid)) ++refused;
  }
  EXPECT_EQ(refused, 5U);  // MIME, XML, three of SMPTE ST 2110
  EXPECT_EQ(chosen({"1.2.840.10008.1.2.6.1", "1.2.3"}), "none");
  EXPECT_EQ(chosen({}), "none");
}

}  // namespace
}  // namespace pacs::services
