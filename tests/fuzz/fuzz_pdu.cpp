// Invariant: a PDU that is understood and written again is the same PDU; fed in pieces it is the
// same as whole; what a decoder asks for is enough and never above the limits.
#include <algorithm>

#include "network/pdu/pdu_codec.h"
#include "tests/fuzz/require.h"

namespace {

using namespace pacs;
using namespace pacs::network;

constexpr PduLimits kLimits{1U << 16, 1U << 16};
// Written, a PDU may gain an empty user information item.
constexpr PduLimits kWritten{1U << 17, 1U << 17};

bool same(const Pdu& a, const Pdu& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&b](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, DataTf>) {
          return std::ranges::equal(value.values.bytes(), std::get<T>(b).values.bytes());
        } else {
          return value == std::get<T>(b);
        }
      },
      a);
}

void round_trip(const Pdu& pdu) {
  const Bytes written = encode_pdu(pdu);
  const DecodeResult again = decode_pdu(written, kWritten);
  const auto* whole = std::get_if<DecodedPdu>(&again);
  require(whole != nullptr);
  require(whole->length_bytes == written.size());
  require(same(pdu, whole->pdu));
}

void walk_values(const DataTf& data) {
  std::size_t bytes = 0;
  for (const Pdv pdv : data.values) {
    require(pdv.context_id % 2 == 1);
    bytes += pdv.fragment.size() + kPdvHeaderBytes;
  }
  require(bytes == data.values.bytes().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const ByteView input = std::as_bytes(std::span{bytes, size});
  const DecodeResult whole = decode_pdu(input, kLimits);
  // In pieces: need more until the same answer comes.
  std::size_t given = 0;
  while (true) {
    const DecodeResult part = decode_pdu(input.first(given), kLimits);
    const auto* more = std::get_if<NeedMore>(&part);
    if (more == nullptr) {
      require(part.index() == whole.index());
      break;
    }
    require(more->total_bytes > given && more->total_bytes <= kPduHeaderBytes + (1U << 16));
    if (given == size) break;
    given = std::min({size, given + 1 + size / 16, more->total_bytes});
  }
  if (const auto* decoded = std::get_if<DecodedPdu>(&whole)) {
    require(decoded->length_bytes <= size);
    if (const auto* data = std::get_if<DataTf>(&decoded->pdu)) walk_values(*data);
    round_trip(decoded->pdu);
  }
  return 0;
}
