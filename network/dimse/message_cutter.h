// MessageCutter: a message in, P-DATA-TF PDUs out, cut to the peer's maximum length and gathered
// for one send. Pure; only what may be a data set's last fragment is copied.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "core/bytes.h"
#include "network/pdu/pdu_codec.h"

namespace pacs::network {

/// The smallest maximum length that lets a byte through: a PDV's header and one byte of fragment.
inline constexpr std::uint32_t kPeerPduBytesMin = kPdvHeaderBytes + 1;

class MessageCutter {
 public:
  /// `peer_max_pdu_bytes` as negotiated: 0 is no limit, else at least kPeerPduBytesMin.
  MessageCutter(std::uint8_t context_id, std::uint32_t peer_max_pdu_bytes);

  /// Adds the whole command set, which must outlive the next `sent`.
  void add_command(ByteView command_set);
  /// Adds a piece of the data set, which must outlive the next `sent`. Returns how many of its
  /// bytes were taken: fewer than all when as much is gathered as one send should carry.
  [[nodiscard]] std::size_t add_data(ByteView piece);
  /// The data set has ended: what was held back goes as its last fragment.
  void finish_data();

  /// What is to be sent, in order.
  [[nodiscard]] const std::vector<ByteView>& gathered() const { return gathered_; }
  /// Whether it must be sent before another piece is added: it looks into the last one, or is full.
  [[nodiscard]] bool must_send() const { return must_send_ || gathered_.size() >= kGatheredMax; }
  /// `gathered` is on its way: start anew.
  void sent();

 private:
  /// Buffers one gathering send takes (Asio passes 64 to writev at a time).
  static constexpr std::size_t kGatheredMax = 60;
  void begin_fragment(bool command, bool last, std::size_t bytes);

  std::uint8_t context_id_;
  std::size_t fragment_bytes_max_;
  std::deque<DataTfHeader> headers_;  ///< stable addresses for gathered_
  std::vector<ByteView> gathered_;
  bool must_send_ = false;
  Bytes held_;       ///< taken, but it may be the last fragment, which is marked
  Bytes held_sent_;  ///< was held_, looked at by gathered_ until sent
};

/// A message that is in memory whole.
struct WholeMessage {
  std::uint8_t context_id = 0;
  ByteView command_set, data_set;
};
/// Appends it cut to the peer's maximum, bytes included: for small messages, of which many go into
/// one send.
void append_message(Bytes& to, const WholeMessage& message, std::uint32_t peer_max_pdu_bytes);

}  // namespace pacs::network
