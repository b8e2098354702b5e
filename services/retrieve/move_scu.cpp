#include "services/retrieve/move_scu.h"

#include <utility>

namespace pacs::services {

Task<Result<RetrieveResult>> move(network::Association& association,
                                  const network::PresentationContext& context,
                                  RetrieveRequest request, OnProgress on_progress) {
  RetrieveDialogue dialogue{association, context, on_progress};
  Result<> begun = co_await dialogue.begin(network::CommandField::CMoveRq, std::move(request));
  if (!begun) co_return fail(std::move(begun.error()));
  for (;;) {
    Result<std::optional<network::Message>> received = co_await association.receive();
    if (!received) co_return fail(std::move(received.error()));
    if (!received->has_value()) {
      co_return fail(ErrorKind::ConnectionClosed, "the peer released before it had answered");
    }
    network::Command response = std::move((*received)->command);
    Result<bool> final = co_await dialogue.take(std::move(response));
    if (!final) {
      association.abort();
      co_return fail(std::move(final.error()));
    }
    if (*final) co_return dialogue.result();
  }
}

}  // namespace pacs::services
