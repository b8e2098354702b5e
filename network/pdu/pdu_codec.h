// Bytes <-> PDUs (PS3.8 §9.3). A decoder reads the front of a span and answers a value, how much
// more it needs, or what is wrong and what to abort with. It never blocks and never guesses.
#pragma once

#include <cstdint>
#include <variant>

#include "core/bytes.h"
#include "core/result.h"
#include "network/pdu/pdu.h"

namespace pacs::network {

/// How long a PDU may claim to be. Checked as soon as its six header bytes are there.
struct PduLimits {
  std::uint32_t data_pdu_bytes_max = 131'072;  ///< P-DATA-TF: what we announced (PS3.8 §D.1)
  std::uint32_t association_pdu_bytes_max = 1U << 20;  ///< A-ASSOCIATE-RQ and -AC
};

/// A whole PDU. P-DATA-TF views the bytes given; all others own theirs.
struct DecodedPdu {
  Pdu pdu;
  std::size_t length_bytes = 0;  ///< header included: what the front of the span held of it
};

/// The front is the start of a PDU of which `total_bytes` (header included) are needed; while the
/// header is incomplete that is the header's own length.
struct NeedMore {
  std::size_t total_bytes = kPduHeaderBytes;
};

/// The bytes follow no PDU of the standard: what was wrong, and the reason for the A-ABORT.
struct PduFault {
  Error error;
  AbortReason reason = AbortReason::NotSpecified;
};

using DecodeResult = std::variant<DecodedPdu, NeedMore, PduFault>;

[[nodiscard]] DecodeResult decode_pdu(ByteView front, const PduLimits& limits);

/// Appends a PDU. Strings longer than their field are cut (AE titles) and are the caller's fault.
/// LimitExceeded, and nothing appended, when an item of an A-ASSOCIATE PDU passes the 65,535 bytes
/// that its length can tell.
[[nodiscard]] Result<> encode_pdu(const Pdu& pdu, Bytes& to);
/// For a PDU that is known to fit; empty when it does not.
[[nodiscard]] inline Bytes encode_pdu(const Pdu& pdu) {
  Bytes bytes;
  if (!encode_pdu(pdu, bytes)) bytes.clear();
  return bytes;
}

/// Header of a P-DATA-TF PDU that holds one PDV whose fragment of `fragment_bytes` follows.
using DataTfHeader = std::array<std::byte, kPduHeaderBytes + kPdvHeaderBytes>;
[[nodiscard]] DataTfHeader encode_data_header(std::uint8_t context_id, bool command, bool last,
                                              std::uint32_t fragment_bytes);

}  // namespace pacs::network
