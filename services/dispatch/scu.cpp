#include "services/dispatch/scu.h"

#include <optional>
#include <utility>

#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "services/dispatch/data_pieces.h"

namespace pacs::services {
network::PresentationContextProposal proposal(std::string_view sop_class_uid,
                                              std::vector<std::string> transfer_syntaxes) {
  if (transfer_syntaxes.empty()) {
    transfer_syntaxes = {std::string{uids::ExplicitVRLittleEndian},
                         std::string{uids::ImplicitVRLittleEndian}};
  }
  return {.abstract_syntax = std::string{sop_class_uid},
          .transfer_syntaxes = std::move(transfer_syntaxes)};
}

Result<network::DataSource> encode(const DataSet& data_set,
                                   const network::PresentationContext& context) {
  PACS_TRY(const TransferSyntax* syntax, syntax_of(context));
  PACS_TRY(Bytes bytes, write_data_set(data_set, *syntax));
  return data_source(share(std::move(bytes)));
}

network::Command cancel_request(std::uint16_t message_id) {
  network::Command command;
  command.field = network::CommandField::CCancelRq;
  command.message_id = message_id;
  return command;
}

network::Task<Result<network::Message>> receive_message(network::Association& association) {
  PACS_CO_TRY(std::optional<network::Message> message, co_await association.receive());
  if (message) co_return std::move(*message);
  co_return fail(ErrorKind::ConnectionClosed,
                 "the peer released the association before it answered");
}

Error unasked_answer(network::Association& association) {
  association.abort();
  return {ErrorKind::Malformed, "the peer answered a request that was not made"};
}

network::Task<Result<DataSet>> receive_data_set(network::Association& association,
                                                const network::PresentationContext& context,
                                                std::size_t bytes_max) {
  PACS_CO_TRY(const TransferSyntax* syntax, syntax_of(context));
  PACS_CO_TRY(Bytes bytes,
              co_await read_whole([&] { return association.read_data_set(); }, bytes_max));
  co_return read_data_set(share(std::move(bytes)), *syntax);
}

}  // namespace pacs::services
