// MessageAssembler: PDVs in, command sets and data set fragments out (PS3.7 §6.3, PS3.8 Annex E).
// Pure; views pass through, only a command set cut into several fragments is copied together.
#pragma once

#include <bitset>
#include <cstdint>
#include <variant>

#include "core/bytes.h"
#include "network/pdu/pdu.h"
#include "network/pdu/pdu_codec.h"

namespace pacs::network {

using ContextSet = std::bitset<256>;  ///< by presentation context id

class MessageAssembler {
 public:
  struct Incomplete {};  ///< more fragments of the command set are to come
  struct CommandSet {
    std::uint8_t context_id = 0;
    ByteView bytes;  ///< valid until the next call, or as long as the PDV
  };
  struct DataFragment {
    ByteView bytes;
    bool last = false;
  };
  using Step = std::variant<Incomplete, CommandSet, DataFragment, PduFault>;

  MessageAssembler(ContextSet accepted, std::uint32_t command_bytes_max)
      : accepted_(accepted), command_bytes_max_(command_bytes_max) {}

  /// A fault means that the association must be aborted; nothing further may be taken.
  [[nodiscard]] Step take(const Pdv& pdv);
  /// To be called after each CommandSet: whether a data set follows (Command Data Set Type).
  void command_was_read(bool data_set_follows);
  /// Between two messages: nothing of a next one has come.
  [[nodiscard]] bool between_messages() const { return expecting_ == Expecting::Command; }
  [[nodiscard]] bool in_data_set() const { return expecting_ == Expecting::DataSet; }

 private:
  enum class Expecting : std::uint8_t { Command, RestOfCommand, DataSet };
  [[nodiscard]] Step take_command(const Pdv& pdv);

  ContextSet accepted_;
  std::uint32_t command_bytes_max_;
  Expecting expecting_ = Expecting::Command;
  std::uint8_t context_id_ = 0;
  Bytes command_;
};

}  // namespace pacs::network
