// Transport: a connected byte stream, TCP or TLS over TCP. The only place that touches a socket.
#pragma once

#include <memory>
#include <span>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "core/bytes.h"
#include "core/result.h"
#include "network/association.h"
#include "network/tls_context.h"

namespace pacs::network {

/// All calls on the executor of the socket it was made from.
class Transport {
 public:
  virtual ~Transport() = default;
  /// TLS: agrees with the peer; TCP: nothing to do.
  virtual Task<Result<>> handshake() = 0;
  /// At least one byte; 0 when the peer closed in order. Received bytes are acknowledged at once.
  /// `useful` is how many the caller needs before it can go on: it may be given fewer.
  virtual Task<Result<std::size_t>> read_some(std::span<std::byte> to, std::size_t useful) = 0;
  /// All of the pieces, in as few sends as can be.
  virtual Task<Result<>> write(std::span<const ByteView> pieces) = 0;
  /// Ends a pending read_some with Cancelled; the connection stays usable.
  virtual void cancel_read() = 0;
  /// TLS: tells the peer that this is the end, and waits for the same; TCP: nothing to do. Not
  /// while a read is pending.
  virtual Task<void> say_goodbye() = 0;
  /// Tells the peer at once that nothing more comes, while what it still sends can be read. TLS:
  /// only say_goodbye tells it.
  virtual void end_sending() = 0;
  /// Now. Pending reads and writes end with an error.
  virtual void close() = 0;
  [[nodiscard]] virtual boost::asio::any_io_executor executor() = 0;
  [[nodiscard]] virtual bool is_tls() const = 0;
  /// The subject of the peer's certificate, once it is verified, as RFC 4514 writes it:
  /// "CN=viewer,O=Hospital". Empty without one.
  [[nodiscard]] virtual std::string peer_subject() const = 0;
};

[[nodiscard]] std::unique_ptr<Transport> make_tcp_transport(boost::asio::ip::tcp::socket socket);
[[nodiscard]] std::unique_ptr<Transport> make_tls_acceptor(boost::asio::ip::tcp::socket socket,
                                                           const TlsContext& context);
/// `host` is what the peer's certificate must name, unless empty.
[[nodiscard]] std::unique_ptr<Transport> make_tls_requestor(boost::asio::ip::tcp::socket socket,
                                                            const TlsContext& context,
                                                            const std::string& host);

}  // namespace pacs::network
