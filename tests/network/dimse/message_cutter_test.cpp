// What is cut for a peer is within its maximum and comes together again at its end.
#include "network/dimse/message_cutter.h"

#include <gtest/gtest.h>

#include "../hex.h"
#include "network/dimse/message_assembler.h"

namespace pacs::network {
namespace {

Bytes numbered(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * 31 + i / 256);
  return bytes;
}

/// What a cutter sends, and what came of it at the other end.
struct Wire {
  std::vector<std::size_t> pdu_bytes;  ///< variable fields
  std::size_t sends = 0;
  std::size_t odd_fragments = 0;  ///< but for the last of a command or data set
  Bytes command, data;
  bool complete = false;

  void take(MessageCutter& cutter) {
    ++sends;
    for (const ByteView piece : cutter.gathered()) append(buffer, piece);
    cutter.sent();
  }
  void decode() {
    ContextSet accepted;
    accepted.set(5);
    MessageAssembler messages(accepted, 1 << 20);
    ByteView rest{buffer};
    while (!rest.empty()) {
      const DecodeResult result = decode_pdu(rest, PduLimits{1U << 30, 0});
      const auto& whole = std::get<DecodedPdu>(result);
      pdu_bytes.push_back(whole.length_bytes - kPduHeaderBytes);
      for (const Pdv pdv : std::get<DataTf>(whole.pdu).values) {
        if (!pdv.last && pdv.fragment.size() % 2 != 0) ++odd_fragments;
        const auto step = messages.take(pdv);
        ASSERT_FALSE(std::holds_alternative<PduFault>(step));
        if (const auto* set = std::get_if<MessageAssembler::CommandSet>(&step)) {
          append(command, set->bytes);
          messages.command_was_read(true);
        } else if (const auto* fragment = std::get_if<MessageAssembler::DataFragment>(&step)) {
          append(data, fragment->bytes);
          complete = fragment->last;
        }
      }
      rest = rest.subspan(whole.length_bytes);
    }
  }

  Bytes buffer;
};

/// Sends a command and a data set given in pieces of `piece_bytes`.
Wire send(std::uint32_t peer_max, const Bytes& command, const Bytes& data,
          std::size_t piece_bytes) {
  Wire wire;
  MessageCutter cutter(5, peer_max);
  cutter.add_command(command);
  ByteView rest{data};
  while (!rest.empty()) {
    const Bytes source(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(
                                                        std::min(piece_bytes, rest.size())));
    rest = rest.subspan(source.size());
    ByteView piece{source};
    while (!piece.empty()) {
      piece = piece.subspan(cutter.add_data(piece));
      if (cutter.must_send()) wire.take(cutter);
    }
  }
  cutter.finish_data();
  wire.take(cutter);
  wire.decode();
  return wire;
}

TEST(MessageCutter, WhatIsCutComesTogetherAgainWhateverTheSizes) {
  const Bytes command = numbered(74);
  for (const std::uint32_t peer_max :
       {7U, 8U, 9U, 10U, 31U, 128U, 1000U, 16384U, 0U, 0xffffffffU}) {
    for (const std::size_t data_bytes : {std::size_t{0}, std::size_t{1}, std::size_t{2},
                                         std::size_t{100}, std::size_t{1001}, std::size_t{5000}}) {
      for (const std::size_t piece :
           {std::size_t{1}, std::size_t{7}, std::size_t{122}, std::size_t{5000}}) {
        const Bytes data = numbered(data_bytes);
        const Wire wire = send(peer_max, command, data, piece);
        EXPECT_EQ(wire.command, command);
        EXPECT_EQ(wire.data, data) << peer_max << ' ' << data_bytes << ' ' << piece;
        EXPECT_TRUE(wire.complete);
        for (const std::size_t bytes : wire.pdu_bytes) {
          EXPECT_TRUE(peer_max == 0 || bytes <= peer_max) << bytes;
        }
        EXPECT_TRUE(peer_max == 7 || wire.odd_fragments == 0) << wire.odd_fragments;
      }
    }
  }
}

TEST(MessageCutter, FillsThePeersMaximum) {
  const Wire wire = send(16384, numbered(74), numbered(100'000), 100'000);
  const std::vector<std::size_t> expected = {80, 16384, 16384, 16384, 16384, 16384, 16384, 1738};
  EXPECT_EQ(wire.pdu_bytes, expected);
}

TEST(MessageCutter, ASmallMessageIsOneSend) {
  EXPECT_EQ(send(16384, numbered(74), numbered(9'000), 9'000).sends, 1U);
  EXPECT_EQ(send(16384, numbered(74), numbered(9'000), 500).sends, 1U);
  EXPECT_EQ(send(0, numbered(74), numbered(0), 1).sends, 1U);
}

TEST(MessageCutter, ALargePieceIsLookedAtAndNotCopied) {
  const Bytes command = numbered(10);
  const Bytes data = numbered(1'000'000);
  MessageCutter cutter(5, 131'072);
  cutter.add_command(command);
  const std::size_t taken = cutter.add_data(data);
  EXPECT_EQ(taken, data.size());
  EXPECT_TRUE(cutter.must_send());
  std::size_t viewed = 0;
  for (const ByteView piece : cutter.gathered()) {
    if (piece.data() >= data.data() && piece.data() < data.data() + data.size())
      viewed += piece.size();
  }
  EXPECT_EQ(viewed, std::size_t{7} * 131'066);  // all but the last fragment
}

TEST(MessageCutter, GathersNoMoreThanOneSendShouldCarry) {
  const Bytes data = numbered(100'000);
  MessageCutter cutter(5, 128);
  const std::size_t taken = cutter.add_data(data);
  EXPECT_LT(taken, data.size());
  EXPECT_LE(cutter.gathered().size(), 64U);
}

TEST(AppendMessage, MessagesStandOneBehindTheOtherWithinThePeersMaximum) {
  for (const std::uint32_t peer_max : {7U, 31U, 128U, 16384U, 0U}) {
    for (const std::size_t data_bytes : {0, 1, 2, 26, 1001}) {
      const Bytes command = numbered(74);
      const Bytes data = numbered(data_bytes);
      Wire wire;
      append_message(wire.buffer, {5, command, data}, peer_max);
      append_message(wire.buffer, {5, command, data}, peer_max);
      wire.decode();
      EXPECT_TRUE(wire.complete);
      Bytes twice = data;
      append(twice, data);
      EXPECT_EQ(wire.data, twice) << peer_max << ' ' << data_bytes;
      EXPECT_EQ(wire.command.size(), 2 * command.size());
      for (const std::size_t bytes : wire.pdu_bytes) {
        EXPECT_TRUE(peer_max == 0 || bytes <= peer_max) << bytes;
      }
    }
  }
}

}  // namespace
}  // namespace pacs::network
