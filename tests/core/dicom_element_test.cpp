#include "core/dicom_element.h"

#include <gtest/gtest.h>

#include "core/dicom_dataset.h"

namespace pacs {
namespace {

constexpr Tag kTag{0x00091001};

Element text_element(VR vr, std::string_view text) {
  return Element::view(kTag, vr, as_bytes(text));
}

template <typename T>
Element numbers(VR vr, std::initializer_list<T> values, ByteOrder order = ByteOrder::Little) {
  Bytes bytes;
  for (const T value : values) append(bytes, value, order);
  return Element::owning(kTag, vr, std::move(bytes), order);
}

TEST(ElementText, LosesItsTrailingPaddingOnly) {
  EXPECT_EQ(text_element(VR::UI, std::string_view{"1.2.3\0", 6}).text(), "1.2.3");
  EXPECT_EQ(text_element(VR::LO, " a b  ").text(), " a b");
  EXPECT_EQ(text_element(VR::LT, "  line \n ").text(), "  line \n");
  EXPECT_EQ(text_element(VR::LO, "    ").text(), "");
}

TEST(ElementText, IsEmptyForNumbersAndBytesButGivenForUnknown) {
  EXPECT_EQ(numbers<std::uint16_t>(VR::US, {0x4141}).text(), "");
  EXPECT_EQ(text_element(VR::OB, "AB").text(), "");
  EXPECT_EQ(text_element(VR::UN, "AB ").text(), "AB");
}

TEST(ElementText, SplitsAtBackslashesWhereTheVRHasThem) {
  const Element type = text_element(VR::CS, "ORIGINAL\\ PRIMARY \\\\AXIAL ");
  EXPECT_EQ(type.value_count(), 4U);
  EXPECT_EQ(type.text(0), "ORIGINAL");
  EXPECT_EQ(type.text(1), "PRIMARY");
  EXPECT_EQ(type.text(2), "");
  EXPECT_EQ(type.text(3), "AXIAL");
  EXPECT_EQ(type.text(4), "");
  const Element comment = text_element(VR::LT, "C:\\data\\x");
  EXPECT_EQ(comment.value_count(), 1U);
  EXPECT_EQ(comment.text(0), "C:\\data\\x");
  EXPECT_EQ(comment.text(1), "");
}

TEST(ElementText, KeepsLeadingSpacesWhereTheyMeanSomething) {
  EXPECT_EQ(text_element(VR::ST, " indented ").text(0), " indented");
  EXPECT_EQ(text_element(VR::UC, " x ").text(0), " x");
  EXPECT_EQ(text_element(VR::DS, " 1.5").text(0), "1.5");
}

TEST(ElementText, AnEmptyValueHasNoValues) {
  for (const VRInfo& row : vr_table()) {
    const Element empty = Element::view(kTag, row.vr, {});
    EXPECT_EQ(empty.value_count(), 0U) << row.name;
    EXPECT_EQ(empty.text(0), "") << row.name;
    EXPECT_FALSE(empty.integer()) << row.name;
    EXPECT_FALSE(empty.number()) << row.name;
  }
}

TEST(ElementNumber, ReadsEveryIntegerVRInBothByteOrders) {
  for (const ByteOrder order : {ByteOrder::Little, ByteOrder::Big}) {
    EXPECT_EQ(numbers<std::uint16_t>(VR::US, {1, 0xFFFE}, order).integer(1), 0xFFFE);
    EXPECT_EQ(numbers<std::int16_t>(VR::SS, {-2}, order).integer(), -2);
    EXPECT_EQ(numbers<std::uint32_t>(VR::UL, {0xFFFFFFFE}, order).integer(), 0xFFFFFFFE);
    EXPECT_EQ(numbers<std::int32_t>(VR::SL, {-70000}, order).integer(), -70000);
    EXPECT_EQ(numbers<std::int64_t>(VR::SV, {INT64_MIN}, order).integer(), INT64_MIN);
    EXPECT_EQ(numbers<std::uint64_t>(VR::UV, {1ULL << 40}, order).integer(), 1LL << 40);
    EXPECT_EQ(numbers<std::uint16_t>(VR::AT, {0x7FE0, 0x0010}, order).integer(), 0x7FE00010);
    EXPECT_EQ(numbers<std::uint16_t>(VR::OW, {7, 8}, order).integer(1), 8);
    EXPECT_EQ(numbers<float>(VR::FL, {1.5F}, order).number(), 1.5);
    EXPECT_EQ(numbers<double>(VR::FD, {0.1, -0.2}, order).number(1), -0.2);
    EXPECT_EQ(numbers<float>(VR::OF, {1.5F, 2.5F}, order).number(1), 2.5);
    EXPECT_EQ(numbers<double>(VR::OD, {1e300}, order).number(), 1e300);
    EXPECT_EQ(numbers<std::uint16_t>(VR::US, {9}, order).number(), 9.0);
  }
}

TEST(ElementNumber, ReadsIntegerAndDecimalStrings) {
  EXPECT_EQ(text_element(VR::IS, "12 ").integer(), 12);
  EXPECT_EQ(text_element(VR::IS, "+12\\ -7").integer(1), -7);
  EXPECT_EQ(text_element(VR::IS, "12.0").integer(), 12);
  EXPECT_EQ(text_element(VR::DS, " -1.25e-2 \\3").number(), -0.0125);
  EXPECT_EQ(text_element(VR::DS, "+.5 ").number(), 0.5);
  EXPECT_EQ(text_element(VR::IS, "42").number(), 42.0);
}

TEST(ElementNumber, SaysWhichElementHoldsNoNumber) {
  const auto word = text_element(VR::IS, "abc ").integer();
  ASSERT_FALSE(word);
  EXPECT_EQ(word.error().kind, ErrorKind::Malformed);
  EXPECT_EQ(word.error().tag, kTag);
  for (const char* text : {"1,5", "--1", "+-1", "+", "1.5.5", "nan", "inf", "0x10", "1e999"}) {
    const auto number = text_element(VR::DS, text).number();
    ASSERT_FALSE(number) << text;
    EXPECT_EQ(number.error().kind, ErrorKind::Malformed) << text;
  }
  const auto beyond = numbers<std::uint16_t>(VR::US, {1}).integer(1);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(text_element(VR::US, "A").integer().error().kind, ErrorKind::Malformed);
  EXPECT_EQ(numbers<std::uint64_t>(VR::UV, {~0ULL}).integer().error().kind, ErrorKind::Malformed);
  EXPECT_EQ(numbers<float>(VR::FL, {1.0F}).integer().error().kind, ErrorKind::Malformed);
}

TEST(ElementValueCount, CountsNumbersTagsAndBytes) {
  EXPECT_EQ(numbers<std::uint16_t>(VR::US, {1, 2, 3}).value_count(), 3U);
  EXPECT_EQ(numbers<std::uint16_t>(VR::AT, {1, 2, 3, 4}).value_count(), 2U);
  EXPECT_EQ(numbers<double>(VR::FD, {1, 2}).value_count(), 2U);
  EXPECT_EQ(numbers<std::uint16_t>(VR::OW, {1, 2, 3}).value_count(), 1U);
}

TEST(ElementForms, AskingOneFormForAnotherGivesNothing) {
  const Element value = text_element(VR::LO, "x ");
  EXPECT_TRUE(value.items().empty());
  EXPECT_EQ(value.fragments(), nullptr);
  EXPECT_EQ(value.bulk(), nullptr);
  const Element bulk = Element::bulk(kPixelData, VR::OW, {100, 200}, true);
  ASSERT_NE(bulk.bulk(), nullptr);
  EXPECT_EQ(bulk.bulk()->length, 200U);
  EXPECT_TRUE(bulk.bulk_is_encapsulated());
  EXPECT_TRUE(bulk.value().empty());
  EXPECT_FALSE(bulk.integer());
  EXPECT_EQ(bulk.text(), "");
}

TEST(ElementForms, AnEmptySequenceKeepsTheFormOfItsLength) {
  const Element sequence = Element::sequence(kTag, {}, false);
  EXPECT_EQ(sequence.form(), Element::Form::Sequence);
  EXPECT_TRUE(sequence.items().empty());
  EXPECT_FALSE(sequence.undefined_length());
  EXPECT_EQ(sequence.value_count(), 0U);
}

TEST(ElementDetached, OutlivesTheBufferItViewed) {
  Element value = Element::view(kTag, VR::LO, {});
  Element pixels = value;
  Element nested = value;
  {
    const auto buffer = std::make_unique<std::string>("Doe^John|offset|frag");
    const ByteView bytes = as_bytes(*buffer);
    value = Element::view(kTag, VR::PN, bytes.first(8)).detached();
    pixels = Element::fragments(kPixelData, VR::OB, {bytes.subspan(9, 6), {bytes.subspan(16), {}}})
                 .detached();
    Item item;
    item.undefined_length = false;
    item.data_set.push_back(Element::view(kTag, VR::PN, bytes.first(8)));
    nested = Element::sequence(kTag, {item}, true, VR::UN).detached();
  }
  EXPECT_EQ(value.text(), "Doe^John");
  EXPECT_EQ(as_text(pixels.fragments()->basic_offset_table), "offset");
  ASSERT_EQ(pixels.fragments()->fragments.size(), 2U);
  EXPECT_EQ(as_text(pixels.fragments()->fragments[0]), "frag");
  EXPECT_TRUE(pixels.fragments()->fragments[1].empty());
  ASSERT_EQ(nested.items().size(), 1U);
  EXPECT_EQ(nested.vr(), VR::UN);
  EXPECT_TRUE(nested.undefined_length());
  EXPECT_FALSE(nested.items()[0].undefined_length);
  EXPECT_EQ(nested.items()[0].data_set.text(kTag), "Doe^John");
}

TEST(ElementEquality, SeesThroughByteOrderAndFormOfLengths) {
  EXPECT_TRUE(equal_content(numbers<std::uint32_t>(VR::UL, {1, 2}),
                            numbers<std::uint32_t>(VR::UL, {1, 2}, ByteOrder::Big)));
  EXPECT_FALSE(equal_content(numbers<std::uint32_t>(VR::UL, {1, 2}),
                             numbers<std::uint32_t>(VR::UL, {1, 3}, ByteOrder::Big)));
  EXPECT_TRUE(equal_content(numbers<std::uint16_t>(VR::AT, {1, 2}),
                            numbers<std::uint16_t>(VR::AT, {1, 2}, ByteOrder::Big)));
  EXPECT_FALSE(equal_content(text_element(VR::LO, "a "), text_element(VR::SH, "a ")));
  EXPECT_FALSE(equal_content(text_element(VR::LO, "a "), text_element(VR::LO, "a")));
  Item defined;
  defined.undefined_length = false;
  EXPECT_TRUE(equal_content(Element::sequence(kTag, {Item{}}, true),
                            Element::sequence(kTag, {defined}, false)));
  EXPECT_FALSE(equal_content(Element::sequence(kTag, {Item{}}, true),
                             Element::sequence(kTag, {Item{}, Item{}}, true)));
  EXPECT_FALSE(equal_content(Element::bulk(kTag, VR::OW, {1, 2}, false),
                             Element::bulk(kTag, VR::OW, {1, 3}, false)));
}

}  // namespace
}  // namespace pacs
