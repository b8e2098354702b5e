#include "core/result.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/bytes.h"

namespace pacs {
namespace {

TEST(Error, SaysWhatWhereAndOnWhich) {
  const Error error = Error{ErrorKind::Malformed, "length 12 passes the end of the item"}
                          .on(Tag{0x00100010})
                          .at(344)
                          .in("a.dcm");
  EXPECT_EQ(error.to_string(),
            "malformed: length 12 passes the end of the item PatientName (0010,0010) at offset 344 "
            "in a.dcm");
}

TEST(Error, NamesTheAttributeOnceAndAsFarAsItIsKnown) {
  const auto on = [](std::string message, Tag tag) {
    return Error{ErrorKind::Malformed, std::move(message)}.on(tag).to_string();
  };
  EXPECT_EQ(on("the value is 0", Tag{0x00280010}), "malformed: the value is 0 Rows (0028,0010)");
  EXPECT_EQ(on("Rows is 0", Tag{0x00280010}), "malformed: Rows is 0 (0028,0010)");
  EXPECT_EQ(on("the value is 0", Tag{0x00091077}), "malformed: the value is 0 (0009,1077)");
}

TEST(ErrorKind, HasANameOfItsOwnEach) {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::Internal); ++kind) {
    names.insert(to_string(static_cast<ErrorKind>(kind)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorKind::Internal) + 1);
  EXPECT_FALSE(names.contains("unknown"));
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorKind::InvalidArgument, "odd");
  return number / 2;
}

Result<int> eighth(int number) {
  PACS_TRY(const int halved, half(number));
  int quartered = 0;
  PACS_TRY(quartered, half(halved));
  PACS_TRY(half(quartered));
  return quartered / 2;
}

TEST(Try, GoesOnWithTheValueOrReturnsTheError) {
  EXPECT_EQ(eighth(24).value(), 3);
  for (const int number : {1, 2, 4}) EXPECT_EQ(eighth(number).error().message, "odd") << number;
}

TEST(Bytes, NumbersAppendedLoadBackInBothOrders) {
  for (const ByteOrder order : {ByteOrder::Little, ByteOrder::Big}) {
    Bytes bytes;
    append(bytes, std::uint16_t{0x1234}, order);
    append(bytes, std::int32_t{-5}, order);
    append(bytes, 1.5, order);
    EXPECT_EQ(load<std::uint16_t>(bytes.data(), order), 0x1234);
    EXPECT_EQ(load<std::int32_t>(bytes.data() + 2, order), -5);
    EXPECT_EQ(load<double>(bytes.data() + 6, order), 1.5);
  }
  Bytes big;
  append(big, std::uint16_t{0x1234}, ByteOrder::Big);
  EXPECT_EQ(big, (Bytes{std::byte{0x12}, std::byte{0x34}}));
}

TEST(SharedBytes, LiveAsLongAsTheirKeeper) {
  SharedBytes shared = share(Bytes{std::byte{1}, std::byte{2}});
  const SharedBytes copy = shared;
  shared = {};
  EXPECT_EQ(copy.view.size(), 2U);
  EXPECT_EQ(copy.view[1], std::byte{2});
}

}  // namespace
}  // namespace pacs
