#include "services/dispatch/request.h"

#include "services/dispatch/data_source.h"

namespace pacs::services {

namespace {
constexpr std::size_t kResponseBytesMax = 32U << 20;  // N-GET of a large instance stays far below
}  // namespace

Task<Result<Response>> request(network::Association& association, std::uint8_t context_id,
                               network::Command command, network::DataSource data_set) {
  const std::uint16_t message_id = command.message_id;
  Result<> sent = co_await association.send(context_id, std::move(command), std::move(data_set));
  if (!sent) co_return fail(std::move(sent.error()));
  for (;;) {
    Result<std::optional<network::Message>> received = co_await association.receive();
    if (!received) co_return fail(std::move(received.error()));
    if (!received->has_value()) {
      co_return fail(ErrorKind::ConnectionClosed, "the peer released before it answered");
    }
    Response response{.command = std::move((*received)->command), .data_set = {}};
    if (response.command.has_data_set) {
      Result<Bytes> whole =
          co_await read_whole([&] { return association.read_data_set(); }, kResponseBytesMax);
      if (!whole) co_return fail(std::move(whole.error()));
      response.data_set = std::move(*whole);
    }
    if (!network::is_response(response.command.field) ||
        response.command.message_id != message_id) {
      association.abort();
      co_return fail(ErrorKind::Malformed, "the peer answered a request that was not made");
    }
    if (network::status_class(response.command.status.value_or(0)) !=
        network::StatusClass::Pending) {
      co_return response;
    }
  }
}

}  // namespace pacs::services
