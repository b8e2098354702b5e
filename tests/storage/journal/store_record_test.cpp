#include "storage/journal/store_record.h"

#include <gtest/gtest.h>

namespace pacs::storage {
namespace {

StoreRecord sample() {
  StoreRecord record;
  record.number = 0x1234;
  record.replaces = 7;
  record.external = true;
  record.record = {"1.2.840.10008.5.1.4.1.1.2",
                   "1.2.3",
                   "1.2",
                   "1",
                   "1.2.840.10008.1.2.1",
                   526'000,
                   348,
                   99,
                   "000000001234",
                   1'700'000'000'000};
  record.source_ae = "CT01";
  record.meta = Bytes(348, std::byte{1});
  record.header = Bytes(2000, std::byte{2});
  return record;
}

TEST(StoreRecord, ComesBack) {
  const StoreRecord record = sample();
  const auto again = decode_store_record(encode(record));
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->number, record.number);
  EXPECT_EQ(again->replaces, record.replaces);
  EXPECT_EQ(again->record.received_ms, record.record.received_ms);
  EXPECT_TRUE(again->external);
  EXPECT_EQ(again->record.sop_class_uid, record.record.sop_class_uid);
  EXPECT_EQ(again->record.sop_instance_uid, record.record.sop_instance_uid);
  EXPECT_EQ(again->record.series_instance_uid, record.record.series_instance_uid);
  EXPECT_EQ(again->record.study_instance_uid, record.record.study_instance_uid);
  EXPECT_EQ(again->record.transfer_syntax_uid, record.record.transfer_syntax_uid);
  EXPECT_EQ(again->record.data_set_bytes, record.record.data_set_bytes);
  EXPECT_EQ(again->record.data_set_offset, record.record.data_set_offset);
  EXPECT_EQ(again->record.checksum, record.record.checksum);
  EXPECT_EQ(again->record.object_key, "000000001234");
  EXPECT_EQ(again->source_ae, record.source_ae);
  EXPECT_EQ(again->meta, record.meta);
  EXPECT_EQ(again->header, record.header);
}

TEST(StoreRecord, CutAnywhereOrTooLongItIsCorrupt) {
  Bytes bytes = encode(sample());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto cut = decode_store_record(ByteView(bytes).first(length));
    ASSERT_FALSE(cut) << length;
    EXPECT_EQ(cut.error().kind, ErrorKind::Corrupt);
  }
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(decode_store_record(bytes));
}

TEST(StoreRecord, OfAnotherVersionItIsRefused) {
  Bytes bytes = encode(sample());
  bytes[0] = std::byte{99};
  EXPECT_EQ(decode_store_record(bytes).error().kind, ErrorKind::Corrupt);
}

}  // namespace
}  // namespace pacs::storage
