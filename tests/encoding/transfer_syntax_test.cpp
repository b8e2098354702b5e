#include "encoding/transfer_syntax.h"

#include <gtest/gtest.h>

#include <set>

#include "core/uid_registry.h"

namespace pacs {
namespace {

TEST(TransferSyntax, TheTableHoldsEveryTransferSyntaxOfTheRegistry) {
  std::size_t in_registry = 0;
  for (const UidEntry* entry : uid_registry()) {
    if (entry->type != UidType::TransferSyntax) continue;
    ++in_registry;
    const TransferSyntax* syntax = find_transfer_syntax(entry->uid);
    ASSERT_NE(syntax, nullptr) << entry->uid;
    EXPECT_EQ(syntax->keyword, entry->keyword);
    EXPECT_EQ(syntax->name, entry->name);
    EXPECT_EQ(syntax->retired, entry->retired);
  }
  EXPECT_EQ(transfer_syntaxes().size(), in_registry);
}

// PS3.5 Annex A.
TEST(TransferSyntax, OnlyTheNamedOnesLeaveExplicitLittleEndian) {
  std::set<std::string_view> implicit, big_endian, deflated;
  for (const TransferSyntax& syntax : transfer_syntaxes()) {
    if (!syntax.explicit_vr) implicit.insert(syntax.keyword);
    if (syntax.byte_order == ByteOrder::Big) big_endian.insert(syntax.keyword);
    if (syntax.deflated) deflated.insert(syntax.keyword);
    const bool pixel_codec =
        syntax.uid.starts_with("1.2.840.10008.1.2.4.") && !syntax.name.starts_with("JPIP");
    EXPECT_TRUE(syntax.encapsulated || !pixel_codec) << syntax.keyword;
  }
  using Names = std::set<std::string_view>;
  EXPECT_EQ(implicit, (Names{"ImplicitVRLittleEndian", "Papyrus3ImplicitVRLittleEndian"}));
  EXPECT_EQ(big_endian, Names{"ExplicitVRBigEndian"});
  EXPECT_EQ(deflated, (Names{"DeflatedExplicitVRLittleEndian", "JPIPReferencedDeflate",
                             "JPIPHTJ2KReferencedDeflate"}));
}

TEST(TransferSyntax, UnknownUidsAreNotFound) {
  EXPECT_EQ(find_transfer_syntax(""), nullptr);
  EXPECT_EQ(find_transfer_syntax("1.2.840.10008.1.2.4.999"), nullptr);
  EXPECT_EQ(implicit_vr_little_endian().uid, "1.2.840.10008.1.2");
  EXPECT_EQ(explicit_vr_little_endian().uid, "1.2.840.10008.1.2.1");
}

}  // namespace
}  // namespace pacs
