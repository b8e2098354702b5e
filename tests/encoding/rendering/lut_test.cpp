#include "encoding/rendering/lut.h"

#include <gtest/gtest.h>

#include "tests/encoding/bytes_language.h"
#include "tests/encoding/frames/pixel_sets.h"

namespace pacs {
namespace {

using test::b;
using Entries = std::vector<std::uint16_t>;

DataSet lut_item(std::string_view descriptor, Bytes data, VR vr = VR::OW) {
  DataSet item;
  item.set_bytes(tags::LUTDescriptor, VR::US, b(descriptor));
  item.set_bytes(tags::LUTData, vr, std::move(data));
  return item;
}

Result<LookupTable> read_one(const DataSet& item, bool signed_input = false) {
  return read_lut(item, tags::LUTDescriptor, tags::LUTData, signed_input);
}

TEST(LookupTable, GivesTheFirstAndLastEntryBeyondItsEnds) {
  const auto table = read_one(lut_item("0300 0A00 1000", b("0100 0200 FFFF"))).value();
  EXPECT_EQ(table.at(-5), 1);
  EXPECT_EQ(table.at(10), 1);
  EXPECT_EQ(table.at(11), 2);
  EXPECT_EQ(table.at(12), 65535);
  EXPECT_EQ(table.at(INT32_MAX), 65535);
}

TEST(LookupTable, ReadsItsFirstInputWithThePixelsSign) {
  const DataSet item = lut_item("0200 00FC 1000", b("0100 0200"));
  EXPECT_EQ(read_one(item, true)->first, -1024);
  EXPECT_EQ(read_one(item, false)->first, 64512);
}

TEST(LookupTable, Has65536EntriesWhereTheDescriptorSays0) {
  Bytes data(131072, std::byte{3});
  EXPECT_EQ(read_one(lut_item("0000 0000 1000", data))->entries.size(), 65536U);
  data.resize(131070);
  const auto table = read_one(lut_item("0000 0000 1000", data));
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().kind, ErrorKind::Truncated);
  EXPECT_EQ(table.error().tag, tags::LUTData);
}

TEST(LookupTable, ReadsEntriesOf8BitsInBytesOrInWords) {
  EXPECT_EQ(read_one(lut_item("0300 0000 0800", b("01020300")))->entries, (Entries{1, 2, 3}));
  EXPECT_EQ(read_one(lut_item("0300 0000 0800", b("010002000300")))->entries, (Entries{1, 2, 3}));
  DataSet big = lut_item("0300 0000 0800", {});
  big.set(Element::owning(tags::LUTData, VR::OW, b("02010003"), ByteOrder::Big));
  EXPECT_EQ(read_one(big)->entries, (Entries{1, 2, 3}));
}

TEST(LookupTable, KeepsEntriesWithinTheirBits) {
  EXPECT_EQ(read_one(lut_item("0200 0000 0C00", b("FF0F 0010")))->entries, (Entries{4095, 4095}));
}

TEST(LookupTable, NamesTheAttributeThatIsWrong) {
  EXPECT_EQ(read_one(lut_item("0300 0000 0000", b("0000*3"))).error().tag, tags::LUTDescriptor);
  EXPECT_EQ(read_one(lut_item("0300 0000 1100", b("00*6"))).error().tag, tags::LUTDescriptor);
  EXPECT_EQ(read_one(lut_item("0300 0000", b("00*6"))).error().tag, tags::LUTDescriptor);
  EXPECT_EQ(read_one(lut_item("0300 0000 1000", b("00*4"))).error().tag, tags::LUTData);
  DataSet bulk = lut_item("0300 0000 1000", {});
  bulk.set(Element::bulk(tags::LUTData, VR::OW, {0, 6}, false));
  EXPECT_EQ(read_one(bulk).error().tag, tags::LUTData);
  EXPECT_EQ(read_one(DataSet{}).error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace pacs
