#include "services/commitment/commitment_request.h"

#include <gtest/gtest.h>

#include "core/dicom_tags.h"

namespace pacs::services {
namespace {

namespace status = network::status;
constexpr std::size_t kMost = 1000;

Item item(std::string_view sop_class, std::string_view sop_instance) {
  Item item;
  item.data_set.set_text(tags::ReferencedSOPClassUID, sop_class);
  item.data_set.set_text(tags::ReferencedSOPInstanceUID, sop_instance);
  return item;
}

DataSet request_for(Sequence items) {
  DataSet data_set;
  data_set.set_text(tags::TransactionUID, "1.2.99");
  data_set.set_items(tags::ReferencedSOPSequence, std::move(items));
  return data_set;
}

/// What is answered to a request that was changed.
template <typename Change>
Answer refused(Change change) {
  DataSet data_set = request_for({item("1.2.3", "1.2.3.4"), item("1.2.3", "1.2.3.5")});
  change(data_set);
  const auto read = read_commitment_request(data_set, kMost);
  EXPECT_FALSE(read);
  return read ? Answer{} : read.error();
}

TEST(CommitmentRequest, IsReadInItsOrderRepetitionsIncluded) {
  const auto read = read_commitment_request(
      request_for({item("1.2.3", "1.2.3.5"), item("1.2.4", "1.2.3.4"), item("1.2.3", "1.2.3.5")}),
      kMost);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->transaction_uid, "1.2.99");
  EXPECT_EQ(read->references,
            (std::vector<CommitmentReference>{
                {"1.2.3", "1.2.3.5"}, {"1.2.4", "1.2.3.4"}, {"1.2.3", "1.2.3.5"}}));
}

TEST(CommitmentRequest, WhatItAsksForIsTheSameInWhateverOrder) {
  const CommitmentRequest one{"1.1", {{"1.2.3", "1.2.3.5", 0x0112}, {"1.2.4", "1.2.3.4"}}};
  const CommitmentRequest other{"1.1",
                                {{"1.2.4", "1.2.3.4"}, {"1.2.3", "1.2.3.5"}, {"1.2.4", "1.2.3.4"}}};
  EXPECT_EQ(reference_set(one), reference_set(other));
  EXPECT_EQ(reference_set(one).size(), 2U);
  EXPECT_NE(reference_set(one), reference_set({"1.1", {{"1.2.3", "1.2.3.5"}}}));
}

TEST(CommitmentRequest, WhatIsMissingIs0120AndWhatIsEmpty0121) {
  Answer answer = refused([](DataSet& ds) { ds.erase(tags::TransactionUID); });
  EXPECT_EQ(answer.status, status::kMissingAttribute);
  EXPECT_EQ(answer.offending_elements, std::vector<Tag>{tags::TransactionUID});
  answer = refused([](DataSet& ds) { ds.set_text(tags::TransactionUID, ""); });
  EXPECT_EQ(answer.status, status::kMissingAttributeValue);
  answer = refused([](DataSet& ds) { ds.erase(tags::ReferencedSOPSequence); });
  EXPECT_EQ(answer.status, status::kMissingAttribute);
  EXPECT_EQ(answer.offending_elements, std::vector<Tag>{tags::ReferencedSOPSequence});
  answer = refused([](DataSet& ds) { ds.set_items(tags::ReferencedSOPSequence, {}); });
  EXPECT_EQ(answer.status, status::kMissingAttributeValue);
  answer = refused([](DataSet& ds) {
    Item bare = item("1.2.3", "1.2.3.4");
    bare.data_set.erase(tags::ReferencedSOPClassUID);
    ds.set_items(tags::ReferencedSOPSequence, {item("1.2.3", "1.2.3.4"), bare});
  });
  EXPECT_EQ(answer.status, status::kMissingAttribute);
  EXPECT_EQ(answer.offending_elements, std::vector<Tag>{tags::ReferencedSOPClassUID});
  EXPECT_EQ(answer.error_comment, "Referenced SOP Class UID is missing in item 2");
}

TEST(CommitmentRequest, WhatIsNoUidIs0106) {
  Answer answer = refused([](DataSet& ds) { ds.set_text(tags::TransactionUID, "abc"); });
  EXPECT_EQ(answer.status, status::kInvalidAttributeValue);
  answer = refused([](DataSet& ds) {
    ds.set_items(tags::ReferencedSOPSequence, {item("1.2.3", std::string(65, '1'))});
  });
  EXPECT_EQ(answer.status, status::kInvalidAttributeValue);
  EXPECT_EQ(answer.offending_elements, std::vector<Tag>{tags::ReferencedSOPInstanceUID});
}

TEST(CommitmentRequest, TooManyReferencesAre0213) {
  const auto read =
      read_commitment_request(request_for({item("1.2.3", "1.2.3.4"), item("1.2.3", "1.2.3.5")}), 1);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().status, status::kResourceLimitation);
}

CommitmentOrder order_of(std::size_t count) {
  CommitmentOrder order;
  order.request.transaction_uid = "1.2.99";
  order.called_ae = "PACS";
  for (std::size_t i = 0; i < count; ++i) {
    order.request.references.push_back(
        {i % 7 == 0 ? "1.2.840.10008.5.1.4.1.1.2" : "1.2.840.10008.5.1.4.1.1.4",
         "1.2.276.0.7230010.3.1.4.8323329.12345.1700000000." + std::to_string(100'000 + i),
         static_cast<std::uint16_t>(i % 3 == 0 ? 0x0112 : 0)});
  }
  return order;
}

TEST(CommitmentOrder, ComesBackFromItsCompactForm) {
  CommitmentOrder order = order_of(100);
  order.checked_ms = 1'700'000'000'123;
  order.called_ae = "MY OTHER TITLE";
  const auto read = decode_commitment(encode_commitment(order));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->request.transaction_uid, "1.2.99");
  EXPECT_EQ(read->called_ae, "MY OTHER TITLE");
  EXPECT_EQ(read->checked_ms, 1'700'000'000'123);
  EXPECT_EQ(read->request.references, order.request.references);
}

TEST(CommitmentOrder, ReferencesTakeFewBytes) {
  CommitmentOrder order = order_of(10'000);
  for (CommitmentReference& reference : order.request.references) {
    reference.sop_class_uid = "1.2.840.10008.5.1.4.1.1.2";
  }
  EXPECT_LT(encode_commitment(order).size(), 120'000U);
}

TEST(CommitmentOrder, WhatIsCutOrForeignIsCorruptOrShorter) {
  const Bytes whole = encode_commitment(order_of(3));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto read = decode_commitment(ByteView(whole).first(length));
    if (read) {
      EXPECT_LE(read->request.references.size(), 3U);
    } else {
      EXPECT_EQ(read.error().kind, ErrorKind::Corrupt);
    }
  }
}

TEST(CommitmentInformation, CommittedAndFailedStandApartEachWithItsReason) {
  CommitmentRequest request;
  request.transaction_uid = "1.2.99";
  request.references = {{"1.2.3", "1.1"}, {"1.2.3", "1.2", 0x0112}, {"1.2.3", "1.3", 0x0119}};
  const DataSet information = commitment_information(request, "PACS");
  EXPECT_EQ(commitment_event_type(request), 2);
  EXPECT_EQ(information.text(tags::TransactionUID), "1.2.99");
  EXPECT_EQ(information.text(tags::RetrieveAETitle), "PACS");
  ASSERT_EQ(information.items(tags::ReferencedSOPSequence).size(), 1U);
  EXPECT_FALSE(
      information.items(tags::ReferencedSOPSequence)[0].data_set.contains(tags::FailureReason));
  ASSERT_EQ(information.items(tags::FailedSOPSequence).size(), 2U);
  EXPECT_EQ(
      information.items(tags::FailedSOPSequence)[1].data_set.integer(tags::FailureReason).value(),
      0x0119);
}

TEST(CommitmentInformation, WithoutFailuresItIsASuccess) {
  CommitmentRequest request;
  request.transaction_uid = "1.2.99";
  request.references = {{"1.2.3", "1.1"}};
  EXPECT_EQ(commitment_event_type(request), 1);
  EXPECT_FALSE(commitment_information(request, "PACS").contains(tags::FailedSOPSequence));
}

}  // namespace
}  // namespace pacs::services
