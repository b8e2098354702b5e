#include <gtest/gtest.h>

#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/dicom_dictionary.h"

namespace pacs {
namespace {

TEST(PrivateDictionary, KnowsAnElementInWhateverBlockItsCreatorReserved) {
  for (const std::uint32_t tag : {0x00291010U, 0x00291110U, 0x0029FF10U}) {
    const auto csa = lookup_private(Tag{tag}, "SIEMENS CSA HEADER");
    ASSERT_TRUE(csa);
    EXPECT_EQ(csa->vr, VR::OB);
    EXPECT_EQ(csa->vm, "1");
    EXPECT_EQ(csa->name, "CSA Image Header Info");
  }
}

TEST(PrivateDictionary, KnowsNothingOfOtherCreatorsGroupsAndPlaces) {
  EXPECT_FALSE(lookup_private(Tag{0x00291010}, "SOMEBODY ELSE"));
  EXPECT_FALSE(lookup_private(Tag{0x00291010}, "SIEMENS CSA HEADE"));
  EXPECT_FALSE(lookup_private(Tag{0x00291010}, ""));
  EXPECT_FALSE(lookup_private(Tag{0x00291010}, "\xFF\xFF"));
  EXPECT_FALSE(lookup_private(Tag{0x002B1010}, "SIEMENS CSA HEADER"));
  EXPECT_FALSE(lookup_private(Tag{0x002910FF}, "SIEMENS CSA HEADER"));
}

TEST(PrivateDictionary, CreatorsThemselvesAndTheStandardsElementsAreNotInIt) {
  EXPECT_FALSE(lookup_private(Tag{0x00290010}, "SIEMENS CSA HEADER"));
  EXPECT_FALSE(lookup_private(Tag{0x00280010}, "SIEMENS CSA HEADER"));
  EXPECT_FALSE(lookup_private(Tag{0x60001001}, "DLX_LKUP_01"));
}

TEST(PrivateDictionary, SomeElementsRepeatInOddGroups) {
  for (const std::uint32_t tag : {0x60011001U, 0x60131001U, 0x60FF1101U}) {
    const auto table = lookup_private(Tag{tag}, "DLX_LKUP_01");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->vr, VR::US);
    EXPECT_EQ(table->name, "Gray Palette color lookup table descriptor");
  }
}

TEST(PrivateDictionary, HasEveryRowOfItsSource) {
  std::ifstream file{std::string{PACS_SOURCE_DIR} + "/core/standard/private_elements.tsv"};
  std::string line;
  std::getline(file, line);
  ASSERT_EQ(line, "creator\tgroup\telement\tvr\tvm\tname");
  std::size_t count = 0;
  for (; std::getline(file, line); ++count) {
    std::vector<std::string> cells;
    std::istringstream cut{line};
    for (std::string cell; std::getline(cut, cell, '\t');) cells.push_back(cell);
    ASSERT_EQ(cells.size(), 6U) << line;
    if (cells[1].ends_with("xx")) cells[1].replace(2, 2, "11");
    std::uint32_t value = 0;
    const std::string digits = cells[1] + "10" + cells[2];
    std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    const auto known = lookup_private(Tag{value}, cells[0]);
    ASSERT_TRUE(known) << line;
    EXPECT_EQ(to_string(known->vr), cells[3]) << line;
    EXPECT_EQ(known->vm, cells[4]) << line;
    EXPECT_EQ(known->name, cells[5]) << line;
  }
  EXPECT_GT(count, 5000U);
}

}  // namespace
}  // namespace pacs
