// The PDU header, and the five PDUs that carry no items: PS3.8 §9.3.1 and §9.3.4 to §9.3.8.
#include "network/pdu/pdu_codec.h"

#include <fmt/format.h>

#include "network/pdu/items.h"

namespace pacs::network {
namespace {

constexpr std::uint32_t kFixedBodyBytes = 4;  // A-ASSOCIATE-RJ, A-RELEASE-RQ and -RP, A-ABORT

PduFault limit_fault(std::string message) {
  return {Error{ErrorKind::LimitExceeded, std::move(message), {}, 2, {}},
          AbortReason::InvalidPduParameterValue};
}

// What the header alone tells: is this a PDU at all, and may it be so long?
Parsed check_header(std::uint8_t type, std::uint32_t length, const PduLimits& limits) {
  switch (static_cast<PduType>(type)) {
    case PduType::AssociateRq:
    case PduType::AssociateAc:
      if (length <= limits.association_pdu_bytes_max) return {};
      return tl::unexpected(
          limit_fault(fmt::format("A-ASSOCIATE PDU of {} bytes, above association_pdu_bytes_max {}",
                                  length, limits.association_pdu_bytes_max)));
    case PduType::DataTf:
      if (length <= limits.data_pdu_bytes_max) return {};
      return tl::unexpected(limit_fault(
          fmt::format("P-DATA-TF PDU of {} bytes, above the maximum length {} that was announced",
                      length, limits.data_pdu_bytes_max)));
    case PduType::AssociateRj:
    case PduType::ReleaseRq:
    case PduType::ReleaseRp:
    case PduType::Abort:
      if (length == kFixedBodyBytes) return {};
      return fault(
          AbortReason::InvalidPduParameterValue, 2,
          fmt::format("PDU of type {:02x}H with length {}, which must be 4", type, length));
  }
  return fault(AbortReason::UnrecognizedPdu, 0, fmt::format("PDU of unknown type {:02x}H", type));
}

// PS3.8 §9.3.5: "The variable data field shall contain one or more Presentation-Data-Value Items";
// Table 9-23: each with a context id, and (Annex E) at least the message control header.
tl::expected<Pdu, PduFault> decode_data(ByteView body) {
  FieldReader from(body, kPduHeaderBytes);
  if (from.at_end()) {
    return fault(AbortReason::InvalidPduParameterValue, kPduHeaderBytes,
                 "P-DATA-TF PDU without a presentation data value");
  }
  while (!from.at_end()) {
    const std::uint64_t offset = from.offset();
    const std::uint32_t length = from.u32();
    const ByteView value = from.take(length);
    if (from.failed()) {
      return fault(AbortReason::InvalidPduParameterValue, offset,
                   fmt::format("presentation data value of {} bytes passes the end", length));
    }
    if (value.size() < 2) {
      return fault(AbortReason::InvalidPduParameterValue, offset,
                   "presentation data value without context id or message control header");
    }
    if (std::to_integer<unsigned>(value[0]) % 2 == 0) {
      return fault(AbortReason::InvalidPduParameterValue, offset + 4,
                   fmt::format("presentation data value with the even context id {}",
                               std::to_integer<unsigned>(value[0])));
    }
  }
  return Pdu{DataTf{PdvList{body}}};
}

tl::expected<Pdu, PduFault> decode_body(PduType type, ByteView body) {
  FieldReader from(body, kPduHeaderBytes);
  switch (type) {
    case PduType::AssociateRq:
      return decode_associate_rq(body);
    case PduType::AssociateAc:
      return decode_associate_ac(body);
    case PduType::AssociateRj: {  // PS3.8 Table 9-21
      from.u8();                  // reserved
      AssociateRj rejection;
      rejection.result = from.u8();
      rejection.source = from.u8();
      rejection.reason = from.u8();
      return Pdu{rejection};
    }
    case PduType::DataTf:
      return decode_data(body);
    case PduType::ReleaseRq:
      return Pdu{ReleaseRq{}};  // PS3.8 Table 9-24: four reserved bytes
    case PduType::ReleaseRp:
      return Pdu{ReleaseRp{}};  // PS3.8 Table 9-25
    case PduType::Abort: {      // PS3.8 Table 9-26
      from.u16();               // reserved
      Abort abort;
      abort.source = static_cast<AbortSource>(from.u8());
      abort.reason = static_cast<AbortReason>(from.u8());
      return Pdu{abort};
    }
  }
  return fault(AbortReason::UnrecognizedPdu, 0, "PDU of unknown type");
}

struct BodyEncoder {
  Bytes& to;
  Result<PduType> operator()(const AssociateRq& rq) const {
    PACS_TRY(encode_associate_rq(rq, to));
    return PduType::AssociateRq;
  }
  Result<PduType> operator()(const AssociateAc& ac) const {
    PACS_TRY(encode_associate_ac(ac, to));
    return PduType::AssociateAc;
  }
  Result<PduType> operator()(const AssociateRj& rejection) const {
    for (const std::uint8_t field :
         {std::uint8_t{0}, rejection.result, rejection.source, rejection.reason}) {
      to.push_back(std::byte{field});
    }
    return PduType::AssociateRj;
  }
  Result<PduType> operator()(const DataTf& data) const {
    append(to, data.values.bytes());
    return PduType::DataTf;
  }
  Result<PduType> operator()(const ReleaseRq&) const {
    append(to, std::uint32_t{0}, ByteOrder::Big);
    return PduType::ReleaseRq;
  }
  Result<PduType> operator()(const ReleaseRp&) const {
    append(to, std::uint32_t{0}, ByteOrder::Big);
    return PduType::ReleaseRp;
  }
  Result<PduType> operator()(const Abort& abort) const {
    append(to, std::uint16_t{0}, ByteOrder::Big);
    to.push_back(static_cast<std::byte>(abort.source));
    to.push_back(static_cast<std::byte>(abort.reason));
    return PduType::Abort;
  }
};

}  // namespace

DecodeResult decode_pdu(ByteView front, const PduLimits& limits) {
  if (front.empty()) return NeedMore{};
  const auto type = std::to_integer<std::uint8_t>(front[0]);
  if (type < 0x01 || type > 0x07) {  // told at once: no length makes it better
    return PduFault{
        Error{ErrorKind::Malformed, fmt::format("PDU of unknown type {:02x}H", type), {}, 0, {}},
        AbortReason::UnrecognizedPdu};
  }
  if (front.size() < kPduHeaderBytes) return NeedMore{};
  const auto length = load<std::uint32_t>(front.data() + 2, ByteOrder::Big);
  if (auto checked = check_header(type, length, limits); !checked) {
    return std::move(checked).error();
  }
  const std::size_t total = kPduHeaderBytes + length;
  if (front.size() < total) return NeedMore{total};
  auto pdu = decode_body(static_cast<PduType>(type), front.subspan(kPduHeaderBytes, length));
  if (!pdu) return std::move(pdu).error();
  return DecodedPdu{*std::move(pdu), total};
}

Result<> encode_pdu(const Pdu& pdu, Bytes& to) {
  const std::size_t start = to.size();
  to.resize(start + kPduHeaderBytes);
  Result<PduType> type = std::visit(BodyEncoder{to}, pdu);
  if (!type) {
    to.resize(start);
    return fail(std::move(type.error()));
  }
  to[start] = static_cast<std::byte>(*type);
  store(to.data() + start + 2, static_cast<std::uint32_t>(to.size() - start - kPduHeaderBytes),
        ByteOrder::Big);
  return {};
}

DataTfHeader encode_data_header(std::uint8_t context_id, bool command, bool last,
                                std::uint32_t fragment_bytes) {
  DataTfHeader header{};
  header[0] = static_cast<std::byte>(PduType::DataTf);
  store(header.data() + 2, static_cast<std::uint32_t>(fragment_bytes + kPdvHeaderBytes),
        ByteOrder::Big);
  store(header.data() + 6, fragment_bytes + 2, ByteOrder::Big);
  header[10] = std::byte{context_id};
  header[11] = static_cast<std::byte>((command ? 1U : 0U) | (last ? 2U : 0U));  // PS3.8 §E.2
  return header;
}

}  // namespace pacs::network
