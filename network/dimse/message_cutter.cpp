// Cutting messages into P-DATA-TF PDUs: PS3.8 §9.3.5, §D.1 and Annex E.
#include "network/dimse/message_cutter.h"

#include <algorithm>

namespace pacs::network {
namespace {

// One PDV to a PDU: many implementations have never seen two. A larger PDU than this makes nothing
// faster, and the peer would have to hold it.
constexpr std::size_t kFragmentBytesMax = 256 * 1024;

// PS3.8 §D.1.1: the maximum length counts the variable field of the PDU: PDV headers included.
// Fragments of even length keep every peer happy; where the limit leaves one byte, it is one byte.
std::size_t fragment_bytes_max(std::uint32_t peer_max_pdu_bytes) {
  if (peer_max_pdu_bytes == 0) return kFragmentBytesMax;
  const std::size_t room =
      std::max<std::size_t>(peer_max_pdu_bytes, kPeerPduBytesMin) - kPdvHeaderBytes;
  const std::size_t bytes = std::min(room, kFragmentBytesMax);
  return bytes > 1 ? bytes & ~std::size_t{1} : bytes;
}

void append_fragments(Bytes& to, std::uint8_t context_id, bool command, ByteView bytes,
                      std::size_t fragment_bytes_max) {
  bool last = false;
  while (!last) {  // an empty data set is one empty fragment
    const ByteView fragment = bytes.first(std::min(bytes.size(), fragment_bytes_max));
    bytes = bytes.subspan(fragment.size());
    last = bytes.empty();
    append(to, encode_data_header(context_id, command, last,
                                  static_cast<std::uint32_t>(fragment.size())));
    append(to, fragment);
  }
}

}  // namespace

void append_message(Bytes& to, const WholeMessage& message, std::uint32_t peer_max_pdu_bytes) {
  const std::size_t most = fragment_bytes_max(peer_max_pdu_bytes);
  append_fragments(to, message.context_id, true, message.command_set, most);
  append_fragments(to, message.context_id, false, message.data_set, most);
}

MessageCutter::MessageCutter(std::uint8_t context_id, std::uint32_t peer_max_pdu_bytes)
    : context_id_(context_id), fragment_bytes_max_(fragment_bytes_max(peer_max_pdu_bytes)) {}

void MessageCutter::begin_fragment(bool command, bool last, std::size_t bytes) {
  headers_.push_back(
      encode_data_header(context_id_, command, last, static_cast<std::uint32_t>(bytes)));
  gathered_.emplace_back(headers_.back());
}

void MessageCutter::add_command(ByteView command_set) {
  while (!command_set.empty()) {
    const std::size_t bytes = std::min(command_set.size(), fragment_bytes_max_);
    begin_fragment(true, bytes == command_set.size(), bytes);
    gathered_.push_back(command_set.first(bytes));
    command_set = command_set.subspan(bytes);
  }
}

std::size_t MessageCutter::add_data(ByteView piece) {
  const std::size_t before = piece.size();
  // A fragment goes out only when something is left behind it: else it might be the last.
  while (held_.size() + piece.size() > fragment_bytes_max_ && gathered_.size() < kGatheredMax) {
    begin_fragment(false, false, fragment_bytes_max_);
    const std::size_t from_piece = fragment_bytes_max_ - held_.size();
    if (!held_.empty()) {
      held_sent_.swap(held_);
      held_.clear();
      gathered_.emplace_back(held_sent_);
    }
    if (from_piece > 0) gathered_.push_back(piece.first(from_piece));
    piece = piece.subspan(from_piece);
    must_send_ = true;
  }
  if (held_.size() + piece.size() <= fragment_bytes_max_) {
    append(held_, piece);
    piece = {};
  }
  return before - piece.size();
}

void MessageCutter::finish_data() {
  begin_fragment(false, true, held_.size());
  held_sent_.swap(held_);
  held_.clear();
  if (!held_sent_.empty()) gathered_.emplace_back(held_sent_);
}

void MessageCutter::sent() {
  gathered_.clear();
  headers_.clear();
  held_sent_.clear();
  must_send_ = false;
}

}  // namespace pacs::network
