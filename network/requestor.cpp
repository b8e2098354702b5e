// request_association: connects, and proposes.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include "integration/trace_id.h"
#include "network/connection.h"
#include "network/tls_context.h"

namespace pacs::network {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

std::string place(const RequestOptions& options) {
  return fmt::format("{} at {}:{}", options.called_ae, options.host, options.port);
}

// Name resolution and connection share one deadline.
Task<Result<tcp::socket>> connect(const RequestOptions& options) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  tcp::socket socket(executor);
  bool expired = false;
  Deadline deadline(executor, [&] {
    expired = true;
    resolver.cancel();
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  deadline.set(options.limits.connect);

  const auto [resolve_code, endpoints] =
      co_await resolver.async_resolve(options.host, std::to_string(options.port), kAwait);
  boost::system::error_code code = resolve_code;
  if (!code) {
    const auto [connect_code, endpoint] = co_await asio::async_connect(socket, endpoints, kAwait);
    code = connect_code;
  }
  if (expired) {
    co_return fail(Error{ErrorKind::Timeout,
                         fmt::format("no connection within {} ms", options.limits.connect.count())}
                       .in(place(options)));
  }
  if (code) {
    co_return fail(Error{ErrorKind::Io, "cannot connect: " + code.message()}.in(place(options)));
  }
  co_return socket;
}

AssociationRequest describe_request(const RequestOptions& options) {
  AssociationRequest request;
  request.calling_ae = options.calling_ae;
  request.called_ae = options.called_ae;
  request.peer_address = fmt::format("{}:{}", options.host, options.port);
  request.contexts = options.contexts;
  std::uint8_t id = 1;
  for (PresentationContext& context : request.contexts) {
    if (context.id == 0) context.id = id;
    id = static_cast<std::uint8_t>(context.id + 2);
  }
  request.max_pdu_bytes = options.limits.pdu_bytes_max;
  if (options.window_invoked != 1 || options.window_performed != 1) {
    request.operations_window.emplace(options.window_invoked, options.window_performed);
  }
  request.extended = options.extended;
  request.user_identity = options.user_identity;
  return request;
}

Result<std::unique_ptr<Transport>> make_transport(tcp::socket socket,
                                                  const RequestOptions& options) {
  if (!options.tls) return make_tcp_transport(std::move(socket));
  auto context = make_requestor_tls(*options.tls);
  if (!context) return fail(std::move(context).error());
  return make_tls_requestor(std::move(socket), *context,
                            options.tls->verify_peer ? options.host : std::string{});
}

}  // namespace

Task<Result<std::shared_ptr<Association>>> request_association(RequestOptions options,
                                                               integration::Logger log) {
  const auto began = std::chrono::steady_clock::now();
  const AssociationRequest request = describe_request(options);
  Result<AssociateRq> rq = make_request(request);
  if (!rq) co_return fail(std::move(rq).error().in(place(options)));
  Result<tcp::socket> socket = co_await connect(options);
  if (!socket) co_return fail(std::move(socket).error());
  Result<std::unique_ptr<Transport>> transport = make_transport(*std::move(socket), options);
  if (!transport) co_return fail(std::move(transport).error().in(place(options)));

  const auto connection =
      std::make_shared<Connection>(*std::move(transport), UpperLayer::Side::Requestor,
                                   options.limits, integration::next_trace_id(), Traffic{});
  const Result<> opened = co_await connection->request(request, *std::move(rq), began);
  if (!opened) {
    const auto to_its_end = connection->hand_out();  // dropped: our A-ABORT, if any, arrives first
    co_return fail(Error{opened.error()}.in(place(options)));
  }
  log.debug(connection->id(), "association opened",
            {{"called_ae", options.called_ae}, {"peer", request.peer_address}});
  co_return connection->hand_out();
}

}  // namespace pacs::network
