// AssociationLimits: what one association may cost. Every number from outside is held against one
// of these.
#pragma once

#include <chrono>
#include <cstdint>

namespace pacs::network {

struct AssociationLimits {
  std::uint32_t pdu_bytes_max = 131'072;  ///< what we announce: bytes of P-DATA we take at once
  std::uint32_t association_pdu_bytes_max =
      256U << 10;  ///< an A-ASSOCIATE-RQ of 128 contexts stays below 64 KiB; kept while it is open
  std::uint32_t command_bytes_max = 64U << 10;  ///< one command set; real ones are below 1 KiB
  std::chrono::milliseconds artim{
      30'000};  ///< PS3.8 §9.1.5: to A-ASSOCIATE-RQ or A-RELEASE-RP, and to close
  std::chrono::milliseconds idle{600'000};  ///< without a byte from the peer while it is its turn
  std::chrono::milliseconds dimse_response{300'000};  ///< SCU: to the response of a request
  std::chrono::milliseconds connect{30'000};          ///< TCP, TLS, A-ASSOCIATE-AC
  std::chrono::milliseconds send{
      60'000};  ///< one send (at most some MiB) that the peer does not take
  std::uint16_t operations_window_max =
      16;  ///< asynchronous operations we take at once (PS3.7 §D.3.3.3)
};

}  // namespace pacs::network
