// Golden PDUs, written by hand from PS3.8 §9.3 and captured from DCMTK 3.6.7; then everything cut,
// fed in pieces, and broken.
#include "network/pdu/pdu_codec.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "../hex.h"

namespace pacs::network {
namespace {

constexpr PduLimits kLimits{16384, 65536};

// echoscu -aet MODALITY -aec ARCHIVE. DCMTK sends FFH in the reserved byte of a context item.
const Bytes kDcmtkEchoRq =
    hex("0100 000000cd 0001 0000 'ARCHIVE         ' 'MODALITY        '"
        "0000000000000000000000000000000000000000000000000000000000000000"
        "1000 0015 '1.2.840.10008.3.1.1.1'"
        "2000 002e 01 00 ff 00 3000 0011 '1.2.840.10008.1.1' 4000 0011 '1.2.840.10008.1.2'"
        "5000 003a 5100 0004 00004000 5200 001b '1.2.276.0.7230010.3.0.3.6.7'"
        "          5500 000f 'OFFIS_DCMTK_367'");

// storescp's answer to it.
const Bytes kDcmtkEchoAc =
    hex("0200 000000b8 0001 0000 'ARCHIVE         ' 'MODALITY        '"
        "0000000000000000000000000000000000000000000000000000000000000000"
        "1000 0015 '1.2.840.10008.3.1.1.1'"
        "2100 0019 01 00 00 00 4000 0011 '1.2.840.10008.1.2'"
        "5000 003a 5100 0004 00004000 5200 001b '1.2.276.0.7230010.3.0.3.6.7'"
        "          5500 000f 'OFFIS_DCMTK_367'");

const std::string kFixed =
    "0001 0000 'CALLED          ' 'CALLING         '"
    "0000000000000000000000000000000000000000000000000000000000000000";
const std::string kContext =
    "2000 002e 01 00 00 00 3000 0011 '1.2.840.10008.1.1' 4000 0011 '1.2.840.10008.1.2'";
const std::string kApplication = "1000 0015 '1.2.840.10008.3.1.1.1'";

/// A PDU of a type around a body.
Bytes pdu(unsigned type, const Bytes& body) {
  Bytes bytes;
  bytes.reserve(kPduHeaderBytes + body.size());
  bytes.push_back(static_cast<std::byte>(type));
  bytes.push_back(std::byte{0});
  append(bytes, static_cast<std::uint32_t>(body.size()), ByteOrder::Big);
  append(bytes, body);
  return bytes;
}
Bytes request(const std::string& items) {
  return pdu(1, hex(kFixed + items));
}

/// An A-ASSOCIATE-RQ with every sub-item there is.
AssociateRq full_request() {
  AssociateRq rq;
  rq.called_ae = "CALLED";
  rq.calling_ae = "CALLING";
  rq.contexts = {{1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}},
                 {255, "1.2.840.10008.5.1.4.1.1.2", {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2"}}};
  rq.user.max_pdu_bytes = 131072;
  rq.user.implementation_class_uid = "1.2.3";
  rq.user.implementation_version_name = "V1";
  rq.user.operations_window = OperationsWindow{5, 0};
  rq.user.roles = {{"1.2.840.10008.5.1.4.1.1.2", false, true}};
  rq.user.extended = {{"1.2.840.10008.5.1.4.1.2.2.1", hex("0101")}};
  rq.user.common_extended = {{"1.2.4", "1.2.840.10008.4.2", {"1.2.5", "1.2.6"}}};
  rq.user.user_identity = UserIdentity{2, true, "doctor", "secret"};
  return rq;
}

template <typename T>
T decoded(ByteView bytes) {
  DecodeResult result = decode_pdu(bytes, kLimits);
  if (const auto* fault = std::get_if<PduFault>(&result)) {
    ADD_FAILURE() << fault->error.to_string();
    return {};
  }
  if (std::holds_alternative<NeedMore>(result)) {
    ADD_FAILURE() << "incomplete";
    return {};
  }
  EXPECT_EQ(std::get<DecodedPdu>(result).length_bytes, bytes.size());
  auto* value = std::get_if<T>(&std::get<DecodedPdu>(result).pdu);
  if (value == nullptr) {
    ADD_FAILURE() << "another PDU";
    return {};
  }
  return std::move(*value);
}

/// Expects the bytes to be refused for `reason` with `words` in the message.
void expect_fault(const Bytes& bytes, AbortReason reason, std::string_view words) {
  const DecodeResult result = decode_pdu(bytes, kLimits);
  const auto* fault = std::get_if<PduFault>(&result);
  ASSERT_NE(fault, nullptr) << to_hex(bytes);
  EXPECT_EQ(fault->reason, reason) << fault->error.message;
  EXPECT_NE(fault->error.message.find(words), std::string::npos) << fault->error.message;
}

TEST(PduCodec, ReadsTheRequestOfEchoscu) {
  const auto rq = decoded<AssociateRq>(kDcmtkEchoRq);
  EXPECT_EQ(rq.protocol_version, 1);
  EXPECT_EQ(rq.called_ae, "ARCHIVE");
  EXPECT_EQ(rq.calling_ae, "MODALITY");
  EXPECT_EQ(rq.application_context, kDicomApplicationContext);
  ASSERT_EQ(rq.contexts.size(), 1U);
  EXPECT_EQ(rq.contexts[0],
            (PresentationContextProposal{1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}}));
  EXPECT_EQ(rq.user.max_pdu_bytes, 16384U);
  EXPECT_EQ(rq.user.implementation_class_uid, "1.2.276.0.7230010.3.0.3.6.7");
  EXPECT_EQ(rq.user.implementation_version_name, "OFFIS_DCMTK_367");
  EXPECT_FALSE(rq.user.operations_window);
}

TEST(PduCodec, WritesTheRequestOfEchoscuExceptForItsReservedByte) {
  Bytes expected = kDcmtkEchoRq;
  const auto reserved = std::ranges::find(expected, std::byte{0xff});
  ASSERT_NE(reserved, expected.end());
  *reserved = std::byte{0};
  EXPECT_EQ(to_hex(encode_pdu(Pdu{decoded<AssociateRq>(kDcmtkEchoRq)})), to_hex(expected));
}

TEST(PduCodec, ReadsAndWritesTheAnswerOfStorescp) {
  const auto ac = decoded<AssociateAc>(kDcmtkEchoAc);
  ASSERT_EQ(ac.contexts.size(), 1U);
  EXPECT_EQ(ac.contexts[0], (PresentationContextAnswer{1, 0, "1.2.840.10008.1.2"}));
  EXPECT_EQ(ac.user.max_pdu_bytes, 16384U);
  EXPECT_EQ(to_hex(encode_pdu(Pdu{ac})), to_hex(kDcmtkEchoAc));
}

TEST(PduCodec, WritesEverySubItemAsTheStandardsTablesSay) {
  const Bytes expected = request(
      kApplication + kContext +
      "2000 004d ff 00 00 00 3000 0019 '1.2.840.10008.5.1.4.1.1.2'"
      "          4000 0013 '1.2.840.10008.1.2.1' 4000 0011 '1.2.840.10008.1.2'"
      "5000 00a7"
      "  5100 0004 00020000"                                 // PS3.8 Table D.1-1
      "  5200 0005 '1.2.3'"                                  // PS3.7 Table D.3-1
      "  5300 0004 0005 0000"                                // PS3.7 Table D.3-7
      "  5400 001d 0019 '1.2.840.10008.5.1.4.1.1.2' 00 01"   // PS3.7 Table D.3-9
      "  5500 0002 'V1'"                                     // PS3.7 Table D.3-3
      "  5600 001f 001b '1.2.840.10008.5.1.4.1.2.2.1' 0101"  // PS3.7 Table D.3-11
      "  5700 002a 0005 '1.2.4' 0011 '1.2.840.10008.4.2' 000e 0005 '1.2.5' 0005 '1.2.6'"  // D.3-12
      "  5800 0012 02 01 0006 'doctor' 0006 'secret'");  // PS3.7 Table D.3-14
  const Bytes written = encode_pdu(Pdu{full_request()});
  EXPECT_EQ(to_hex(written), to_hex(expected));
  EXPECT_EQ(decoded<AssociateRq>(written), full_request());
}

TEST(PduCodec, AnItemThatIsTooLongForItsLengthIsAnErrorAndNotWritten) {
  Bytes written = hex("ff");
  AssociateRq rq = full_request();
  // 21 bytes each: the last item that fits, then one more.
  rq.user = {};
  rq.user.roles.assign(65'535 / 21, {"1.2.840.10008", true, false});
  ASSERT_TRUE(encode_pdu(Pdu{rq}, written));
  written.resize(1);
  rq.user.roles.push_back(rq.user.roles.front());
  const Result<> user = encode_pdu(Pdu{rq}, written);
  ASSERT_FALSE(user);
  EXPECT_EQ(user.error().kind, ErrorKind::LimitExceeded);
  EXPECT_NE(user.error().message.find("user information"), std::string::npos);
  EXPECT_EQ(to_hex(written), "ff");

  rq = full_request();
  rq.contexts.front().transfer_syntaxes.assign(4'000, "1.2.840.10008.1.2");
  const Result<> context = encode_pdu(Pdu{rq}, written);
  ASSERT_FALSE(context);
  EXPECT_NE(context.error().message.find("presentation context"), std::string::npos);

  AssociateAc ac;
  ac.contexts = {{1, 0, "1.2.840.10008.1.2"}};
  ac.user.user_identity_response = std::string(70'000, 'x');
  EXPECT_FALSE(encode_pdu(Pdu{ac}, written));
  EXPECT_TRUE(encode_pdu(Pdu{ac}).empty());
}

TEST(PduCodec, WritesTheServersResponseToAUserIdentity) {
  AssociateAc ac;
  ac.called_ae = "CALLED";
  ac.calling_ae = "CALLING";
  ac.contexts = {{1, 0, "1.2.840.10008.1.2"}, {3, 4, ""}};
  ac.user.user_identity_response = "ticket";
  const Bytes expected = pdu(2, hex(kFixed + kApplication +
                                    "2100 0019 01 00 00 00 4000 0011 '1.2.840.10008.1.2'"
                                    "2100 0008 03 00 04 00 4000 0000"
                                    "5000 000c 5900 0008 0006 'ticket'"));  // PS3.7 Table D.3-15
  EXPECT_EQ(to_hex(encode_pdu(Pdu{ac})), to_hex(expected));
  EXPECT_EQ(decoded<AssociateAc>(expected), ac);
}

TEST(PduCodec, ReadsAndWritesThePdusOfFixedLength) {
  EXPECT_EQ(decoded<AssociateRj>(hex("0300 00000004 00 01 02 03")), (AssociateRj{1, 2, 3}));
  EXPECT_EQ(to_hex(encode_pdu(Pdu{AssociateRj{2, 3, 2}})),
            to_hex(hex("0300 00000004 00 02 03 02")));
  decoded<ReleaseRq>(hex("0500 00000004 00000000"));
  EXPECT_EQ(to_hex(encode_pdu(Pdu{ReleaseRq{}})), to_hex(hex("0500 00000004 00000000")));
  decoded<ReleaseRp>(hex("0600 00000004 00000000"));
  EXPECT_EQ(to_hex(encode_pdu(Pdu{ReleaseRp{}})), to_hex(hex("0600 00000004 00000000")));
  EXPECT_EQ(decoded<Abort>(hex("0700 00000004 0000 02 06")),
            (Abort{AbortSource::ServiceProvider, AbortReason::InvalidPduParameterValue}));
  EXPECT_EQ(
      to_hex(encode_pdu(Pdu{Abort{AbortSource::ServiceProvider, AbortReason::UnexpectedPdu}})),
      to_hex(hex("0700 00000004 0000 02 02")));
}

TEST(PduCodec, DoesNotTestReservedBytes) {
  decoded<ReleaseRq>(hex("05ff 00000004 ffffffff"));
  EXPECT_EQ(decoded<AssociateRj>(hex("03ff 00000004 ff 01 02 03")), (AssociateRj{1, 2, 3}));
  EXPECT_EQ(decoded<Abort>(hex("07ff 00000004 ffff 00 00")), Abort{});
}

TEST(PduCodec, HandsOutPresentationDataValuesAsViews) {
  const Bytes bytes = hex("0400 00000011 00000005 01 03 aabbcc 00000004 03 00 ddee");
  const auto data = decoded<DataTf>(bytes);
  std::vector<Pdv> pdvs(data.values.begin(), data.values.end());
  ASSERT_EQ(pdvs.size(), 2U);
  EXPECT_EQ(pdvs[0].context_id, 1);
  EXPECT_TRUE(pdvs[0].command);
  EXPECT_TRUE(pdvs[0].last);
  EXPECT_EQ(pdvs[0].fragment.data(), bytes.data() + 12);
  EXPECT_EQ(pdvs[0].fragment.size(), 3U);
  EXPECT_EQ(pdvs[1].context_id, 3);
  EXPECT_FALSE(pdvs[1].command);
  EXPECT_FALSE(pdvs[1].last);
  EXPECT_EQ(to_hex(pdvs[1].fragment), "ddee");
  EXPECT_EQ(encode_pdu(Pdu{data}), bytes);
}

TEST(PduCodec, WritesTheHeaderOfAPduWithOneValue) {
  EXPECT_EQ(to_hex(encode_data_header(5, true, true, 0x1234)),
            to_hex(hex("0400 0000123a 00001236 05 03")));
  EXPECT_EQ(to_hex(encode_data_header(255, false, true, 1)),
            to_hex(hex("0400 00000007 00000003 ff 02")));
}

TEST(PduCodec, AsksForMoreUntilTheLastByteIsThere) {
  for (const Bytes& bytes : {kDcmtkEchoRq, kDcmtkEchoAc, encode_pdu(Pdu{full_request()}),
                             hex("0400 00000006 00000002 01 00"), hex("0500 00000004 00000000")}) {
    for (std::size_t count = 0; count < bytes.size(); ++count) {
      const DecodeResult result = decode_pdu(ByteView{bytes}.first(count), kLimits);
      const auto* more = std::get_if<NeedMore>(&result);
      ASSERT_NE(more, nullptr) << count;
      EXPECT_EQ(more->total_bytes, count < kPduHeaderBytes ? kPduHeaderBytes : bytes.size());
    }
  }
}

TEST(PduCodec, LeavesWhatFollowsAPduAlone) {
  Bytes bytes = kDcmtkEchoRq;
  append(bytes, kDcmtkEchoAc);
  const DecodeResult result = decode_pdu(bytes, kLimits);
  ASSERT_TRUE(std::holds_alternative<DecodedPdu>(result));
  EXPECT_EQ(std::get<DecodedPdu>(result).length_bytes, kDcmtkEchoRq.size());
}

TEST(PduCodec, SkipsItemsOfUnknownType) {
  const auto rq = decoded<AssociateRq>(request("7f00 0003 aabbcc" + kApplication +
                                               "2000 0036 01 00 00 00 9900 0004 00000000 3000 0011 "
                                               "'1.2.840.10008.1.1' 4000 0011 '1.2.840.10008.1.2'"
                                               "5000 000e 6a00 0002 0000 5100 0004 00001000"));
  EXPECT_EQ(rq.contexts.size(), 1U);
  EXPECT_EQ(rq.user.max_pdu_bytes, 4096U);
}

TEST(PduCodec, DropsThePaddingOfUidsAndTitles) {
  Bytes bytes = request("1000 0016 '1.2.840.10008.3.1.1.1' 00" + kContext);
  const std::string_view nul_padded{"\0\0\0\0\0\0\0\0\0\0", 10};
  std::ranges::copy(as_bytes(nul_padded), bytes.begin() + 10 + 6);  // behind "CALLED"
  const auto rq = decoded<AssociateRq>(bytes);
  EXPECT_EQ(rq.application_context, kDicomApplicationContext);
  EXPECT_EQ(rq.called_ae, "CALLED");
}

TEST(PduCodec, TakesARequestWithoutUserInformation) {
  EXPECT_EQ(decoded<AssociateRq>(request(kApplication + kContext)).user, UserInformation{});
}

TEST(PduCodec, TakesARefusedContextWithoutTransferSyntax) {
  const auto ac =
      decoded<AssociateAc>(pdu(2, hex(kFixed + kApplication + "2100 0004 01 00 03 00 5000 0000")));
  EXPECT_EQ(ac.contexts[0], (PresentationContextAnswer{1, 3, ""}));
}

TEST(PduCodec, RefusesUnknownPduTypesAtTheirFirstByte) {
  for (const unsigned type : {0x00U, 0x08U, 0x16U, 0x47U, 0xffU}) {
    expect_fault(Bytes{static_cast<std::byte>(type)}, AbortReason::UnrecognizedPdu, "unknown type");
  }
}

TEST(PduCodec, RefusesLengthsAboveTheLimitsAtTheHeader) {
  for (const char* header :
       {"0100 ffffffff", "0100 00010001", "0200 ffffffff", "0400 ffffffff", "0400 00004001"}) {
    const DecodeResult result = decode_pdu(hex(header), kLimits);
    ASSERT_TRUE(std::holds_alternative<PduFault>(result)) << header;
    EXPECT_EQ(std::get<PduFault>(result).error.kind, ErrorKind::LimitExceeded);
    EXPECT_EQ(std::get<PduFault>(result).reason, AbortReason::InvalidPduParameterValue);
  }
  EXPECT_TRUE(std::holds_alternative<NeedMore>(decode_pdu(hex("0400 00004000"), kLimits)));
}

TEST(PduCodec, RefusesPdusOfFixedLengthWithAnother) {
  for (const char* header : {"0300 00000003", "0500 00000000", "0600 00000005", "0700 ffffffff"}) {
    expect_fault(hex(header), AbortReason::InvalidPduParameterValue, "must be 4");
  }
}

TEST(PduCodec, RefusesPresentationDataThatDoesNotFit) {
  using enum AbortReason;
  expect_fault(hex("0400 00000000"), InvalidPduParameterValue, "without a presentation data value");
  expect_fault(hex("0400 00000004 00000000"), InvalidPduParameterValue, "without context id");
  expect_fault(hex("0400 00000005 00000001 01"), InvalidPduParameterValue, "without context id");
  expect_fault(hex("0400 00000006 00000003 0100"), InvalidPduParameterValue, "passes the end");
  expect_fault(hex("0400 00000006 ffffffff 0100"), InvalidPduParameterValue, "passes the end");
  expect_fault(hex("0400 00000003 000000"), InvalidPduParameterValue, "passes the end");
  expect_fault(hex("0400 00000006 00000002 0200"), InvalidPduParameterValue, "even context id");
  expect_fault(hex("0400 00000008 00000002 0100 0000"), InvalidPduParameterValue, "passes the end");
}

TEST(PduCodec, RefusesRequestsWhoseItemsDoNotFit) {
  using enum AbortReason;
  expect_fault(pdu(1, hex("0001 0000 'CALLED'")), InvalidPduParameterValue, "fixed fields");
  expect_fault(request("1000 ffff '1.2'"), InvalidPduParameterValue, "passes the end");
  expect_fault(request("10"), InvalidPduParameterValue, "passes the end");
  expect_fault(request(kApplication + "2000 0002 0100"), InvalidPduParameterValue, "fixed fields");
  expect_fault(request(kApplication + "2000 0008 01 00 00 00 3000 0011"), InvalidPduParameterValue,
               "passes the end");
  expect_fault(request(kApplication + kContext + "5000 0004 5100 0004"), InvalidPduParameterValue,
               "passes the end");
  for (const char* sub_item :
       {"5100 0003 000000", "5300 0002 0001", "5400 0004 0010 0101", "5400 0003 0001 31",
        "5600 0002 0005", "5700 0004 0001 31 00", "5700 0007 0001 31 0001 31 00",
        "5700 000a 0001 31 0001 31 0002 0005", "5800 0003 010000", "5800 0006 01 00 0009 4142",
        "5900 0001 00"}) {
    Bytes user = hex(sub_item);
    Bytes body = hex(kFixed + kApplication + kContext + "5000");
    append(body, static_cast<std::uint16_t>(user.size()), ByteOrder::Big);
    append(body, user);
    expect_fault(pdu(1, body), InvalidPduParameterValue, "its fields pass its end");
  }
}

TEST(PduCodec, RefusesRequestsThatContradictThemselves) {
  using enum AbortReason;
  expect_fault(request(kContext), InvalidPduParameterValue, "without application context");
  expect_fault(request(kApplication), InvalidPduParameterValue, "or presentation context");
  expect_fault(request(kApplication + kApplication + kContext), UnexpectedPduParameter,
               "second application");
  expect_fault(request(kApplication + kContext + "5000 0000 5000 0000"), UnexpectedPduParameter,
               "second user");
  expect_fault(request(kApplication + kContext + kContext), InvalidPduParameterValue, "used twice");
  for (const char* id : {"00", "02", "fe"}) {
    expect_fault(request(kApplication + "2000 002e " + id +
                         "000000 3000 0011 '1.2.840.10008.1.1' 4000 0011 '1.2.840.10008.1.2'"),
                 InvalidPduParameterValue, "is even");
  }
  expect_fault(request(kApplication + "2000 0019 01000000 3000 0011 '1.2.840.10008.1.1'"),
               InvalidPduParameterValue, "without abstract syntax or transfer syntax");
  expect_fault(request(kApplication + "2000 0019 01000000 4000 0011 '1.2.840.10008.1.2'"),
               InvalidPduParameterValue, "without abstract syntax or transfer syntax");
  expect_fault(
      request(kApplication + "2000 0013 01000000 3000 0001 '1' 3000 0001 '2' 4000 0001 '3'"),
      UnexpectedPduParameter, "second abstract syntax");
}

TEST(PduCodec, RefusesUidsAbove64Characters) {
  Bytes body = hex(kFixed + kApplication + kContext + "1000 2710");
  body.insert(body.end(), 10'000, std::byte{'1'});
  expect_fault(
      pdu(1, hex(kFixed +
                 "1000 0041 '12345678901234567890123456789012345678901234567890123456789012345'")),
      AbortReason::InvalidPduParameterValue, "UID of 65 characters");
  expect_fault(pdu(1, body), AbortReason::UnexpectedPduParameter, "second application");
}

TEST(PduCodec, RefusesAcceptedContextsWithoutExactlyOneTransferSyntax) {
  expect_fault(pdu(2, hex(kFixed + kApplication + "2100 0004 01 00 00 00")),
               AbortReason::InvalidPduParameterValue, "without transfer syntax");
  expect_fault(
      pdu(2, hex(kFixed + kApplication + "2100 000e 01 00 00 00 4000 0001 '1' 4000 0001 '2'")),
      AbortReason::UnexpectedPduParameter, "second transfer syntax");
}

// Whatever single byte is changed in a request: an answer, never a crash; run with sanitizers.
TEST(PduCodec, AnswersEveryRequestWithOneByteChanged) {
  Bytes bytes = encode_pdu(Pdu{full_request()});
  std::size_t understood = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::byte before = bytes[i];
    for (const unsigned value : {0x00U, 0x01U, 0x7fU, 0x80U, 0xffU}) {
      bytes[i] = static_cast<std::byte>(value);
      const DecodeResult result = decode_pdu(bytes, kLimits);
      if (const auto* whole = std::get_if<DecodedPdu>(&result)) {
        ++understood;
        const Bytes again = encode_pdu(whole->pdu);
        EXPECT_TRUE(std::holds_alternative<DecodedPdu>(decode_pdu(again, kLimits)));
      }
    }
    bytes[i] = before;
  }
  EXPECT_GT(understood, 0U);
}

TEST(Pdu, SaysRejectionsAndAbortsInWords) {
  EXPECT_EQ(describe(AssociateRj{1, 1, 7}),
            "called AE title not recognized (permanent; result 1, source 1, reason 7)");
  EXPECT_EQ(describe(AssociateRj{2, 3, 2}),
            "local limit exceeded (transient; result 2, source 3, reason 2)");
  EXPECT_EQ(describe(AssociateRj{9, 9, 9}),
            "reserved reason (unknown result; result 9, source 9, reason 9)");
  EXPECT_EQ(describe(Abort{}), "by the service user (source 0)");
  EXPECT_EQ(describe(Abort{AbortSource::ServiceProvider, AbortReason::UnexpectedPdu}),
            "by the service provider: unexpected PDU (source 2, reason 2)");
  EXPECT_EQ(describe(Abort{AbortSource{1}, AbortReason{77}}),
            "by the peer with a reserved source: unknown reason (source 1, reason 77)");
}

}  // namespace
}  // namespace pacs::network
