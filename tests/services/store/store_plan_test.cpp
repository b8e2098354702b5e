#include "services/store/store_plan.h"

#include <gmock/gmock.h>

#include <set>

#include "core/uids.h"

namespace pacs::services {
namespace {

using testing::ElementsAre;

StorableFile file(std::string_view sop_class_uid, std::string_view transfer_syntax_uid) {
  StorableFile made;
  made.sop_class_uid = sop_class_uid;
  made.transfer_syntax_uid = transfer_syntax_uid;
  return made;
}

TEST(StorePlanTest, EachTransferSyntaxOfAClassHasAContextOfItsOwn) {
  const std::vector<StorableFile> files{file(uids::CTImageStorage, uids::JPEGBaseline8Bit),
                                        file(uids::CTImageStorage, uids::RLELossless),
                                        file(uids::CTImageStorage, uids::JPEGBaseline8Bit)};
  const auto batches = plan_store(files, {});
  ASSERT_EQ(batches.size(), 1U);
  ASSERT_EQ(batches[0].contexts.size(), 2U);
  for (const auto& context : batches[0].contexts) EXPECT_EQ(context.transfer_syntaxes.size(), 1U);
  EXPECT_THAT(batches[0].objects, ElementsAre(0, 1, 2));
}

TEST(StorePlanTest, UncompressedFilesOfferAConversionOncePerClass) {
  const std::vector<StorableFile> files{file(uids::CTImageStorage, uids::ExplicitVRBigEndian),
                                        file(uids::CTImageStorage, uids::ExplicitVRLittleEndian)};
  const auto batches = plan_store(files, usual_conversions());
  ASSERT_EQ(batches.size(), 1U);
  ASSERT_EQ(batches[0].contexts.size(), 3U);
  EXPECT_THAT(batches[0].contexts[2].transfer_syntaxes,
              ElementsAre(uids::ExplicitVRLittleEndian, uids::ImplicitVRLittleEndian));
  EXPECT_EQ(plan_store(files, {})[0].contexts.size(), 2U);
}

TEST(StorePlanTest, WhatCanBeDecodedIsOfferedUncompressedAndAsThePeerLikesIt) {
  const std::vector<StorableFile> files{file(uids::CTImageStorage, uids::JPEGLosslessSV1),
                                        file(uids::CTImageStorage, uids::MPEG2MPML)};
  const std::vector<std::string> conversions{std::string{uids::JPEGLSLossless},
                                             std::string{uids::ImplicitVRLittleEndian}};
  const auto batches = plan_store(files, conversions);
  ASSERT_EQ(batches.size(), 1U);
  ASSERT_EQ(batches[0].contexts.size(), 4U);
  EXPECT_THAT(batches[0].contexts[2].transfer_syntaxes, ElementsAre(uids::JPEGLSLossless));
  EXPECT_THAT(batches[0].contexts[3].transfer_syntaxes, ElementsAre(uids::ImplicitVRLittleEndian));
  // A video alone cannot be given as anything else.
  EXPECT_EQ(plan_store(std::span{files}.subspan(1), conversions)[0].contexts.size(), 1U);
}

TEST(StorePlanTest, WhatIsInTheDefaultTransferSyntaxNeedsNoConversion) {
  const std::vector<StorableFile> files{file(uids::CTImageStorage, uids::ImplicitVRLittleEndian)};
  EXPECT_EQ(plan_store(files, usual_conversions())[0].contexts.size(), 1U);
}

TEST(StorePlanTest, MoreThan128ContextsAreSplitOverAssociationsAndNoFileIsLost) {
  std::vector<StorableFile> files;
  for (int i = 0; i < 300; ++i) {
    files.push_back(file("1.2.3." + std::to_string(i), uids::ExplicitVRLittleEndian));
  }
  const auto batches = plan_store(files, usual_conversions());
  EXPECT_EQ(batches.size(), 5U);  // 2 contexts for each class, 64 classes to an association
  std::set<std::size_t> planned;
  for (const StoreBatch& batch : batches) {
    EXPECT_LE(batch.contexts.size(), network::kPresentationContextsMax);
    planned.insert(batch.objects.begin(), batch.objects.end());
  }
  EXPECT_EQ(planned.size(), files.size());
}

TEST(StorePlanTest, NothingToSendIsNoAssociation) {
  EXPECT_TRUE(plan_store({}, usual_conversions()).empty());
}

}  // namespace
}  // namespace pacs::services
