// request_association: connects, and proposes.
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>

#include <fmt/format.h>

#include "integration/trace_id.h"
#include "network/await.h"
#include "network/connection.h"
#include "network/tls_context.h"

namespace pacs::network {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

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

Result<std::unique_ptr<Transport>> make_transport(tcp::socket socket,
                                                  const RequestOptions& options) {
  if (!options.tls) return make_tcp_transport(std::move(socket));
  PACS_TRY(const TlsContext context, make_requestor_tls(*options.tls));
  return make_tls_requestor(std::move(socket), context,
                            options.tls->verify_peer ? options.host : std::string{});
}

}  // namespace

Task<Result<std::shared_ptr<Association>>> request_association(RequestOptions options,
                                                               integration::Logger log) {
  const auto began = std::chrono::steady_clock::now();
  const AssociateRq& asked = options;
  Result<AssociateRq> rq = make_request(asked, options.limits);
  if (!rq) co_return fail(std::move(rq).error().in(place(options)));
  PACS_CO_TRY(tcp::socket socket, co_await connect(options));
  Result<std::unique_ptr<Transport>> transport = make_transport(std::move(socket), options);
  if (!transport) co_return fail(std::move(transport).error().in(place(options)));

  Negotiated identity{.id = integration::next_trace_id(),
                      .peer_address = fmt::format("{}:{}", options.host, options.port),
                      .side = Side::Requestor};
  const auto connection = std::make_shared<Connection>(*std::move(transport), std::move(identity),
                                                       options.limits, Traffic{});
  const Result<> opened = co_await connection->request(*std::move(rq), began);
  if (!opened) {
    const auto to_its_end = connection->hand_out();  // dropped here, it lets our A-ABORT arrive
    co_return fail(Error{opened.error()}.in(place(options)));
  }
  log.debug(connection->id(), "association opened",
            {{"called_ae", options.called_ae}, {"peer", connection->negotiated().peer_address}});
  co_return connection->hand_out();
}

}  // namespace pacs::network
