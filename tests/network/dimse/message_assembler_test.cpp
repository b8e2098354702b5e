// The order of fragments that PS3.8 Annex E allows, and every other.
#include "network/dimse/message_assembler.h"

#include <gtest/gtest.h>

#include "../hex.h"

namespace pacs::network {
namespace {

using CommandSet = MessageAssembler::CommandSet;
using DataFragment = MessageAssembler::DataFragment;
using Incomplete = MessageAssembler::Incomplete;

const Bytes kSome = hex("0102030405060708");
const ByteView kAll{kSome};

MessageAssembler assembler(std::uint32_t command_bytes_max = 1024) {
  ContextSet accepted;
  accepted.set(1).set(3);
  return {accepted, command_bytes_max};
}

Pdv command(ByteView fragment, bool last = true, std::uint8_t context = 1) {
  return {context, true, last, fragment};
}
Pdv data(ByteView fragment, bool last, std::uint8_t context = 1) {
  return {context, false, last, fragment};
}

/// Expects a fault for `reason`.
void expect_fault(const MessageAssembler::Step& step, AbortReason reason) {
  const auto* fault = std::get_if<PduFault>(&step);
  ASSERT_NE(fault, nullptr);
  EXPECT_EQ(fault->reason, reason) << fault->error.message;
}

TEST(MessageAssembler, HandsOutACommandSetInOnePieceWithoutCopying) {
  MessageAssembler messages = assembler();
  const auto step = messages.take(command(kAll, true, 3));
  const auto& set = std::get<CommandSet>(step);
  EXPECT_EQ(set.context_id, 3);
  EXPECT_EQ(set.bytes.data(), kSome.data());
}

TEST(MessageAssembler, JoinsACommandSetCutAnywhere) {
  for (std::size_t cut = 0; cut <= kAll.size(); ++cut) {
    MessageAssembler messages = assembler();
    EXPECT_TRUE(std::holds_alternative<Incomplete>(messages.take(command(kAll.first(cut), false))));
    EXPECT_FALSE(messages.between_messages());
    const auto step = messages.take(command(kAll.subspan(cut)));
    EXPECT_EQ(to_hex(std::get<CommandSet>(step).bytes), to_hex(kAll));
  }
}

TEST(MessageAssembler, PassesTheDataSetThroughAsItComes) {
  MessageAssembler messages = assembler();
  ASSERT_TRUE(std::holds_alternative<CommandSet>(messages.take(command(kAll))));
  messages.command_was_read(true);
  EXPECT_TRUE(messages.in_data_set());
  const auto first = std::get<DataFragment>(messages.take(data(kAll.first(3), false)));
  EXPECT_EQ(first.bytes.data(), kSome.data());
  EXPECT_FALSE(first.last);
  const auto last = std::get<DataFragment>(messages.take(data(kAll.subspan(3), true)));
  EXPECT_TRUE(last.last);
  EXPECT_TRUE(messages.between_messages());
}

TEST(MessageAssembler, TakesOneMessageAfterTheOther) {
  MessageAssembler messages = assembler();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(std::holds_alternative<Incomplete>(messages.take(command(kAll, false))));
    const auto step = messages.take(command(kAll));
    EXPECT_EQ(std::get<CommandSet>(step).bytes.size(), 16U);
    messages.command_was_read(i % 2 == 0);
    if (i % 2 == 0) {
      EXPECT_TRUE(std::holds_alternative<DataFragment>(messages.take(data({}, true))));
    }
  }
}

TEST(MessageAssembler, RefusesContextsThatWereNotAccepted) {
  expect_fault(assembler().take(command(kAll, true, 5)), AbortReason::InvalidPduParameterValue);
  expect_fault(assembler().take(data(kAll, true, 255)), AbortReason::InvalidPduParameterValue);
}

TEST(MessageAssembler, RefusesADataSetThatNoCommandAnnounced) {
  expect_fault(assembler().take(data(kAll, true)), AbortReason::UnexpectedPduParameter);
  MessageAssembler messages = assembler();
  ASSERT_TRUE(std::holds_alternative<CommandSet>(messages.take(command(kAll))));
  messages.command_was_read(false);
  expect_fault(messages.take(data(kAll, true)), AbortReason::UnexpectedPduParameter);
}

TEST(MessageAssembler, RefusesDataInTheMiddleOfACommandSet) {
  MessageAssembler messages = assembler();
  ASSERT_TRUE(std::holds_alternative<Incomplete>(messages.take(command(kAll, false))));
  expect_fault(messages.take(data(kAll, true)), AbortReason::UnexpectedPduParameter);
}

TEST(MessageAssembler, RefusesACommandInTheMiddleOfADataSet) {
  MessageAssembler messages = assembler();
  ASSERT_TRUE(std::holds_alternative<CommandSet>(messages.take(command(kAll))));
  messages.command_was_read(true);
  ASSERT_TRUE(std::holds_alternative<DataFragment>(messages.take(data(kAll, false))));
  expect_fault(messages.take(command(kAll)), AbortReason::UnexpectedPduParameter);
}

TEST(MessageAssembler, RefusesAMessageThatChangesItsContext) {
  MessageAssembler messages = assembler();
  ASSERT_TRUE(std::holds_alternative<Incomplete>(messages.take(command(kAll, false, 1))));
  expect_fault(messages.take(command(kAll, true, 3)), AbortReason::UnexpectedPduParameter);
}

TEST(MessageAssembler, RefusesACommandSetAboveTheLimit) {
  MessageAssembler messages = assembler(20);
  ASSERT_TRUE(std::holds_alternative<Incomplete>(messages.take(command(kAll, false))));
  ASSERT_TRUE(std::holds_alternative<Incomplete>(messages.take(command(kAll, false))));
  const auto step = messages.take(command(kAll, false));
  expect_fault(step, AbortReason::NotSpecified);
  EXPECT_EQ(std::get<PduFault>(step).error.kind, ErrorKind::LimitExceeded);
}

}  // namespace
}  // namespace pacs::network
