#include "core/vr_types.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pacs {
namespace {

TEST(VRTable, StandsInTheOrderOfTheEnumeration) {
  ASSERT_EQ(vr_table().size(), kVRCount);
  for (std::size_t i = 0; i < kVRCount; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(vr_table()[i].vr), i);
    EXPECT_EQ(&info(static_cast<VR>(i)), &vr_table()[i]);
  }
}

TEST(VRTable, EveryPairOfBytesNamesItsVROrNone) {
  std::set<std::string_view> names;
  for (const VRInfo& row : vr_table()) names.insert(row.name);
  ASSERT_EQ(names.size(), kVRCount);
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const char letters[] = {static_cast<char>(first), static_cast<char>(second)};
      const auto vr = parse_vr(letters[0], letters[1]);
      const std::string_view text{letters, 2};
      EXPECT_EQ(vr.has_value(), names.contains(text));
      if (vr) {
        EXPECT_EQ(to_string(*vr), text);
      }
    }
  }
}

// PS3.5 §7.1.2: "OB, OD, OF, OL, OV, OW, SQ, SV, UC, UR, UT, UV or UN": 32-bit length.
TEST(VRTable, LongFormIsThatOfTheStandard) {
  const std::set<std::string_view> long_form{"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                             "SV", "UC", "UN", "UR", "UT", "UV"};
  for (const VRInfo& row : vr_table())
    EXPECT_EQ(row.long_form, long_form.contains(row.name)) << row.name;
}

// PS3.5 §6.1.2.2: SH, LO, UC, ST, LT, UT and PN.
TEST(VRTable, CharacterSetsTouchTheVRsOfTheStandard) {
  const std::set<std::string_view> affected{"SH", "LO", "UC", "ST", "LT", "UT", "PN"};
  for (const VRInfo& row : vr_table()) {
    EXPECT_EQ(row.charset_dependent, affected.contains(row.name)) << row.name;
  }
}

TEST(VRTable, TextIsPaddedWithSpacesAndUidsAndBytesWithZeros) {
  for (const VRInfo& row : vr_table()) {
    const bool spaces = row.kind == VRKind::Text && row.vr != VR::UI;
    EXPECT_EQ(row.padding, spaces ? ' ' : '\0') << row.name;
  }
}

TEST(VRTable, SingleValuedTextIsThatOfTheStandard) {
  const std::set<std::string_view> single{"LT", "ST", "UT", "UR"};
  for (const VRInfo& row : vr_table()) {
    if (row.kind == VRKind::Text) {
      EXPECT_EQ(row.multi_valued, !single.contains(row.name)) << row.name;
    }
  }
}

}  // namespace
}  // namespace pacs
