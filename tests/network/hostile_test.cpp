// Peers that do not follow the standard, over real sockets: each gets what PS3.8 says (or a closed
// connection after ARTIM), and the port goes on serving.
#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "network/dimse/message_cutter.h"
#include "raw_peer.h"
#include "test_port.h"
#include "tests/sanitized.h"

namespace pacs::network {
namespace {

using namespace std::chrono_literals;

ServerOptions impatient() {
  ServerOptions options;
  options.limits.artim = 200ms;
  options.limits.idle = 300ms;
  options.limits.command_bytes_max = 64 * 1024;
  return options;
}

AssociateRq good_request() {
  AssociateRq rq;
  rq.called_ae = "TESTPORT";
  rq.calling_ae = "RAW";
  rq.contexts = {{1, kVerification, {kImplicitLittle}}, {3, kCtImageStorage, {kExplicitLittle}}};
  rq.user.max_pdu_bytes = 16384;
  return rq;
}

Bytes data_pdu(std::uint8_t context, bool command, bool last, const Bytes& fragment) {
  const DataTfHeader header =
      encode_data_header(context, command, last, static_cast<std::uint32_t>(fragment.size()));
  Bytes bytes(header.size() + fragment.size());
  std::ranges::copy(header, bytes.begin());
  std::ranges::copy(fragment, bytes.begin() + header.size());
  return bytes;
}

Command echo() {
  Command command;
  command.field = CommandField::CEchoRq;
  command.message_id = 1;
  command.sop_class_uid = kVerification;
  return command;
}

Command store() {
  Command command;
  command.field = CommandField::CStoreRq;
  command.message_id = 2;
  command.sop_class_uid = kCtImageStorage;
  command.sop_instance_uid = "1.2.3";
  command.priority = 0;
  command.has_data_set = true;
  return command;
}

class HostilePeer : public ::testing::Test {
 protected:
  /// A peer with an association.
  RawPeer associated() {
    RawPeer peer(port.port());
    peer.send(Pdu{good_request()});
    peer.expect<AssociateAc>();
    return peer;
  }
  Command receive_response(RawPeer& peer) {
    const auto data = peer.expect<DataTf>();
    for (const Pdv pdv : data.values) {
      const auto command = decode_command(pdv.fragment);
      if (command) return *command;
    }
    ADD_FAILURE() << "no response";
    return {};
  }
  /// Honest peers are still served.
  void TearDown() override {
    RawPeer peer(port.port());
    peer.send(Pdu{good_request()});
    peer.expect<AssociateAc>();
    peer.send(data_pdu(1, true, true, encode_command(echo())));
    EXPECT_EQ(receive_response(peer).status, status::kSuccess);
    peer.send(Pdu{ReleaseRq{}});
    peer.expect<ReleaseRp>();
  }

  TestPort port{impatient()};
};

// Before there is an association (Sta2): AA-1 aborts as the service user.

TEST_F(HostilePeer, SilenceIsClosedAfterArtim) {
  RawPeer peer(port.port());
  const auto took = peer.expect_close();
  EXPECT_GE(took, 150ms);
  EXPECT_LT(took, 5s);
}

TEST_F(HostilePeer, HalfARequestAndSilenceIsClosedAfterArtim) {
  const Bytes request = encode_pdu(Pdu{good_request()});
  for (const std::size_t count :
       {std::size_t{1}, std::size_t{5}, std::size_t{6}, std::size_t{100}}) {
    RawPeer peer(port.port());
    peer.send(ByteView{request}.first(count));
    EXPECT_GE(peer.expect_close(), 100ms) << count;
  }
}

TEST_F(HostilePeer, ARequestInDribsEndsWithArtimToo) {
  RawPeer peer(port.port());
  const Bytes request = encode_pdu(Pdu{good_request()});
  std::size_t sent = 0;
  // A byte now and then does not prolong ARTIM.
  while (sent < request.size() && peer.send(ByteView{request}.subspan(sent, 1))) {
    ++sent;
    usleep(20'000);
  }
  EXPECT_LT(sent, request.size());
}

TEST_F(HostilePeer, UnknownPduTypesBeforeTheAssociationAreAborted) {
  for (const char* bytes :
       {"00", "08 00 00000004 00000000", "ff ff ffffffff", "'GET / HTTP/1.1'", "16 03 01 0200"}) {
    RawPeer peer(port.port());
    peer.send(hex(bytes));
    peer.expect_abort(AbortSource::ServiceUser, AbortReason::NotSpecified);
    EXPECT_LT(peer.expect_close(), 5s);
  }
}

TEST_F(HostilePeer, ARequestOf4GigabytesIsAbortedAtItsHeader) {
  RawPeer peer(port.port());
  peer.send(hex("0100 ffffffff"));
  peer.expect_abort(AbortSource::ServiceUser, AbortReason::NotSpecified);
}

TEST_F(HostilePeer, OtherPdusBeforeTheAssociationAreAborted) {
  const std::vector<Bytes> early = {data_pdu(1, true, true, encode_command(echo())),
                                    encode_pdu(Pdu{ReleaseRq{}}), encode_pdu(Pdu{ReleaseRp{}}),
                                    encode_pdu(Pdu{AssociateRj{1, 1, 1}})};
  for (const Bytes& bytes : early) {
    RawPeer peer(port.port());
    peer.send(bytes);
    peer.expect_abort(AbortSource::ServiceUser, AbortReason::NotSpecified);
  }
}

TEST_F(HostilePeer, AnAbortBeforeTheAssociationJustCloses) {
  RawPeer peer(port.port());
  peer.send(Pdu{Abort{}});
  EXPECT_FALSE(peer.receive());
}

TEST_F(HostilePeer, RequestsThatContradictThemselvesAreAborted) {
  AssociateRq twice = good_request();
  twice.contexts[1].id = 1;
  AssociateRq even = good_request();
  even.contexts[1].id = 2;
  AssociateRq none = good_request();
  none.contexts.clear();
  AssociateRq long_uid = good_request();
  long_uid.contexts[0].abstract_syntax = std::string(10'000, '1');
  for (const AssociateRq& rq : {twice, even, none, long_uid}) {
    RawPeer peer(port.port());
    peer.send(Pdu{rq});
    peer.expect_abort(AbortSource::ServiceUser, AbortReason::NotSpecified);
  }
}

TEST_F(HostilePeer, ItemsThatOverrunTheirPduAreAborted) {
  const Bytes good = encode_pdu(Pdu{good_request()});
  for (const std::size_t at : {std::size_t{77}, std::size_t{103}, std::size_t{111}}) {
    Bytes bytes = good;
    bytes[at - 1] = std::byte{0xff};  // high byte of an item's length
    RawPeer peer(port.port());
    peer.send(bytes);
    peer.expect_abort(AbortSource::ServiceUser, AbortReason::NotSpecified);
  }
}

TEST_F(HostilePeer, AbsurdTitlesAreRejectedWithTheirReason) {
  for (const char* title : {"", "NOBODY", "A\\B", "\x01\x02"}) {
    AssociateRq rq = good_request();
    rq.called_ae = title;
    RawPeer peer(port.port());
    peer.send(Pdu{rq});
    EXPECT_EQ(peer.expect<AssociateRj>(), (AssociateRj{1, 1, 7})) << title;
  }
  for (const char* title : {"A\\B", "\x1b[31m"}) {
    AssociateRq rq = good_request();
    rq.calling_ae = title;
    RawPeer peer(port.port());
    peer.send(Pdu{rq});
    EXPECT_EQ(peer.expect<AssociateRj>(), (AssociateRj{1, 1, 3})) << title;
  }
}

TEST_F(HostilePeer, TheAnswerRepeatsTitlesAndReservedBytesAsTheyCame) {
  AssociateRq rq = good_request();
  rq.title_fields = hex("'TESTPORT' 0000000000000000 '  RAW'");
  rq.title_fields.resize(32, std::byte{' '});
  rq.title_fields.resize(64, std::byte{0xA5});
  RawPeer peer(port.port());
  peer.send(Pdu{rq});
  EXPECT_EQ(to_hex(peer.expect<AssociateAc>().title_fields), to_hex(rq.title_fields));
}

TEST_F(HostilePeer, ABlankCallingTitleIsServed) {
  RawPeer peer(port.port());
  AssociateRq rq = good_request();
  rq.calling_ae = "";
  peer.send(Pdu{rq});
  EXPECT_EQ(peer.expect<AssociateAc>().calling_ae, "");
}

TEST_F(HostilePeer, AnotherProtocolVersionOrApplicationContextIsRejected) {
  AssociateRq rq = good_request();
  rq.protocol_version = 0x8000;
  RawPeer version(port.port());
  version.send(Pdu{rq});
  EXPECT_EQ(version.expect<AssociateRj>(), (AssociateRj{1, 2, 2}));
  rq = good_request();
  rq.application_context = "1.2.3";
  RawPeer context(port.port());
  context.send(Pdu{rq});
  EXPECT_EQ(context.expect<AssociateRj>(), (AssociateRj{1, 1, 2}));
}

TEST_F(HostilePeer, ARejectedPeerThatStaysIsClosedAfterArtim) {
  AssociateRq rq = good_request();
  rq.called_ae = "NOBODY";
  RawPeer peer(port.port());
  peer.send(Pdu{rq});
  peer.expect<AssociateRj>();
  peer.send(Pdu{good_request()});  // AA-7: another request is too late
  peer.expect_abort(AbortSource::ServiceProvider, AbortReason::UnexpectedPdu);
  EXPECT_LT(peer.expect_close(), 5s);
}

// With an association (Sta6): AA-8 aborts as the service provider, with a reason.

TEST_F(HostilePeer, ASecondRequestIsUnexpected) {
  RawPeer peer = associated();
  peer.send(Pdu{good_request()});
  peer.expect_abort(AbortSource::ServiceProvider, AbortReason::UnexpectedPdu);
}

TEST_F(HostilePeer, PdusOfTheOtherSideAreUnexpected) {
  AssociateAc ac;
  ac.contexts = {{1, 0, kImplicitLittle}};
  for (const Pdu& pdu : {Pdu{ac}, Pdu{AssociateRj{1, 1, 1}}, Pdu{ReleaseRp{}}}) {
    RawPeer peer = associated();
    peer.send(pdu);
    peer.expect_abort(AbortSource::ServiceProvider, AbortReason::UnexpectedPdu);
  }
}

TEST_F(HostilePeer, UnknownPduTypesAreUnrecognized) {
  RawPeer peer = associated();
  peer.send(hex("09 00 00000002 0000"));
  peer.expect_abort(AbortSource::ServiceProvider, AbortReason::UnrecognizedPdu);
}

TEST_F(HostilePeer, PresentationDataThatDoesNotFitIsInvalid) {
  for (const char* bytes : {"0400 00000000", "0400 ffffffff", "0400 00000006 00000000 0000",
                            "0400 00000006 ffffffff 0101", "0400 00000006 00000002 0001",
                            "0500 00000005 0000000000", "0700 00000000"}) {
    RawPeer peer = associated();
    peer.send(hex(bytes));
    peer.expect_abort(AbortSource::ServiceProvider, AbortReason::InvalidPduParameterValue);
  }
}

TEST_F(HostilePeer, DataOnAContextThatWasNotAcceptedIsInvalid) {
  RawPeer peer = associated();
  peer.send(data_pdu(77, true, true, encode_command(echo())));
  peer.expect_abort(AbortSource::ServiceProvider, AbortReason::InvalidPduParameterValue);
}

TEST_F(HostilePeer, DataBeforeItsCommandIsUnexpected) {
  RawPeer peer = associated();
  peer.send(data_pdu(3, false, true, hex("00")));
  peer.expect_abort(AbortSource::ServiceProvider, AbortReason::UnexpectedPduParameter);
}

TEST_F(HostilePeer, ACommandInsideADataSetIsUnexpected) {
  RawPeer peer = associated();
  peer.send(data_pdu(3, true, true, encode_command(store())));
  peer.send(data_pdu(3, false, false, hex("00")));
  peer.send(data_pdu(3, true, true, encode_command(store())));
  peer.expect_abort(AbortSource::ServiceProvider, AbortReason::UnexpectedPduParameter);
}

TEST_F(HostilePeer, ACommandSetThatCannotBeReadIsAborted) {
  RawPeer peer = associated();
  peer.send(data_pdu(1, true, true, hex("deadbeef")));
  peer.expect_abort(AbortSource::ServiceUser, AbortReason::NotSpecified);
}

TEST_F(HostilePeer, ACommandThatLacksAnElementIsAnsweredWithItsTag) {
  Command nameless = store();
  nameless.sop_instance_uid.clear();
  RawPeer peer = associated();
  peer.send(data_pdu(3, true, true, encode_command(nameless)));
  const Command response = receive_response(peer);
  EXPECT_EQ(response.field, CommandField::CStoreRsp);
  EXPECT_EQ(response.status, status::kCannotUnderstand);
  EXPECT_EQ(response.offending_elements, (std::vector<Tag>{Tag{0x0000, 0x1000}}));
  EXPECT_NE(response.error_comment.find("AffectedSOPInstanceUID"), std::string::npos);
  // Its data set is passed over, and the association goes on.
  peer.send(data_pdu(3, false, true, Bytes(100)));
  peer.send(data_pdu(1, true, true, encode_command(echo())));
  EXPECT_EQ(receive_response(peer).status, status::kSuccess);
}

TEST_F(HostilePeer, ACommandSetWithoutEndIsAborted) {
  RawPeer peer = associated();
  for (int i = 0; i < 20; ++i) peer.send(data_pdu(1, true, false, Bytes(8192)));
  peer.expect_abort(AbortSource::ServiceProvider, AbortReason::NotSpecified);
}

TEST_F(HostilePeer, APduAboveTheAnnouncedMaximumIsAborted) {
  RawPeer peer = associated();
  peer.send(data_pdu(3, true, true, Bytes(131'072)));
  peer.expect_abort(AbortSource::ServiceProvider, AbortReason::InvalidPduParameterValue);
}

TEST_F(HostilePeer, HalfAPduAndSilenceInAnAssociationIsAbortedWhenIdle) {
  RawPeer peer = associated();
  peer.send(ByteView{data_pdu(1, true, true, encode_command(echo()))}.first(20));
  peer.expect_abort(AbortSource::ServiceUser, AbortReason::NotSpecified);
  EXPECT_LT(peer.expect_close(), 5s);
}

TEST_F(HostilePeer, HalfAMessageAndSilenceIsAbortedWhenIdle) {
  RawPeer peer = associated();
  peer.send(data_pdu(3, true, true, encode_command(store())));
  peer.send(data_pdu(3, false, false, Bytes(100)));
  peer.expect_abort(AbortSource::ServiceUser, AbortReason::NotSpecified);
  EXPECT_TRUE(port.seen().wait([&] { return !port.seen().ends.empty(); }));
  EXPECT_EQ(port.seen().ends.back().kind, ErrorKind::Timeout);
}

TEST_F(HostilePeer, AReleaseInsideAMessageIsAnsweredButTheMessageIsLost) {
  RawPeer peer = associated();
  peer.send(data_pdu(3, true, true, encode_command(store())));
  peer.send(Pdu{ReleaseRq{}});
  peer.expect<ReleaseRp>();
  EXPECT_TRUE(port.seen().wait([&] { return !port.seen().ends.empty(); }));
  EXPECT_EQ(port.seen().ends.back().kind, ErrorKind::ConnectionClosed);
  EXPECT_EQ(port.seen().messages, 0U);
}

TEST_F(HostilePeer, AConnectionThatEndsInsideAMessageIsNoMessage) {
  RawPeer peer = associated();
  peer.send(data_pdu(3, true, true, encode_command(store())));
  peer.send(data_pdu(3, false, false, Bytes(100)));
  peer.close();
  EXPECT_TRUE(port.seen().wait([&] { return !port.seen().ends.empty(); }));
  EXPECT_EQ(port.seen().ends.back().kind, ErrorKind::ConnectionClosed);
  EXPECT_EQ(port.seen().messages, 0U);
}

TEST_F(HostilePeer, EmptyFragmentsWithoutEndCostNothing) {
  RawPeer peer = associated();
  peer.send(data_pdu(3, true, true, encode_command(store())));
  Bytes empty = data_pdu(3, false, false, {});
  Bytes many;
  for (int i = 0; i < 10'000; ++i) append(many, empty);
  peer.send(many);
  peer.send(data_pdu(3, false, true, Bytes(10)));
  EXPECT_EQ(receive_response(peer).status, status::kSuccess);
  EXPECT_EQ(port.seen().data_bytes, 10U);
}

TEST_F(HostilePeer, ARequestByteByByteIsUnderstood) {
  RawPeer peer(port.port());
  Bytes all = encode_pdu(Pdu{good_request()});
  append(all, data_pdu(1, true, true, encode_command(echo())));
  append(all, encode_pdu(Pdu{ReleaseRq{}}));
  for (const std::byte& b : all) peer.send(ByteView{&b, 1});
  peer.expect<AssociateAc>();
  EXPECT_EQ(receive_response(peer).status, status::kSuccess);
  peer.expect<ReleaseRp>();
}

TEST_F(HostilePeer, EverythingInOnePacketIsUnderstood) {
  RawPeer peer(port.port());
  Bytes all = encode_pdu(Pdu{good_request()});
  for (int i = 0; i < 3; ++i) append(all, data_pdu(1, true, true, encode_command(echo())));
  append(all, encode_pdu(Pdu{ReleaseRq{}}));
  peer.send(all);
  peer.expect<AssociateAc>();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(receive_response(peer).status, status::kSuccess);
  peer.expect<ReleaseRp>();
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

TEST_F(HostilePeer, AThousandOfThemLeaveMemoryFlat) {
  const std::vector<Bytes> attacks = {
      hex("0100 ffffffff"),         hex("0400 ffffffff"),     hex("99"),
      encode_pdu(Pdu{ReleaseRp{}}), encode_pdu(Pdu{Abort{}}), Bytes(3000, std::byte{1})};
  const auto attack = [&](int count) {
    for (int i = 0; i < count; ++i) {
      RawPeer peer(port.port());
      if (i % 2 == 0) {
        peer.send(Pdu{good_request()});
        peer.expect<AssociateAc>();
      }
      peer.send(attacks[static_cast<std::size_t>(i) % attacks.size()]);
    }
  };
  attack(300);  // what is allocated once
  const std::size_t before = resident_bytes();
  attack(1000);
  // Under a sanitizer freed memory waits in quarantine.
  EXPECT_LT(resident_bytes(), before + (kSanitized ? 256U << 20 : 8U << 20));
}

}  // namespace
}  // namespace pacs::network
