// The order of fragments: PS3.8 Annex E. All fragments of a command set come before those of its
// data set, on one presentation context, and messages do not interleave.
#include "network/dimse/message_assembler.h"

#include <fmt/format.h>

namespace pacs::network {
namespace {

PduFault fault(AbortReason reason, std::string message, ErrorKind kind = ErrorKind::Malformed) {
  return {Error{kind, std::move(message), {}, {}, {}}, reason};
}

}  // namespace

MessageAssembler::Step MessageAssembler::take(const Pdv& pdv) {
  if (!accepted_[pdv.context_id]) {
    return fault(
        AbortReason::InvalidPduParameterValue,
        fmt::format("data on presentation context {}, which was not accepted", pdv.context_id));
  }
  if (expecting_ != Expecting::Command && pdv.context_id != context_id_) {
    return fault(AbortReason::UnexpectedPduParameter,
                 fmt::format("a message on presentation context {} continues on context {}",
                             context_id_, pdv.context_id));
  }
  if (expecting_ == Expecting::DataSet) {
    if (pdv.command) {
      return fault(AbortReason::UnexpectedPduParameter,
                   "a command came in the middle of a data set");
    }
    if (pdv.last) expecting_ = Expecting::Command;
    return DataFragment{pdv.fragment, pdv.last};
  }
  if (!pdv.command) {
    return fault(AbortReason::UnexpectedPduParameter, "a data set came that no command announced");
  }
  return take_command(pdv);
}

MessageAssembler::Step MessageAssembler::take_command(const Pdv& pdv) {
  if (expecting_ == Expecting::Command) command_.clear();
  if (command_.size() + pdv.fragment.size() > command_bytes_max_) {
    return fault(
        AbortReason::NotSpecified,
        fmt::format("the command set is longer than command_bytes_max, {}", command_bytes_max_),
        ErrorKind::LimitExceeded);
  }
  context_id_ = pdv.context_id;
  if (pdv.last && expecting_ == Expecting::Command) return CommandSet{context_id_, pdv.fragment};
  append(command_, pdv.fragment);
  expecting_ = Expecting::RestOfCommand;
  if (!pdv.last) return Incomplete{};
  return CommandSet{context_id_, command_};
}

void MessageAssembler::command_was_read(bool data_set_follows) {
  expecting_ = data_set_follows ? Expecting::DataSet : Expecting::Command;
}

}  // namespace pacs::network
