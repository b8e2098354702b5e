// The two streams behind Transport.
#include "network/transport.h"

#include <bit>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include "network/await.h"
#include "network/certificate_names.h"
#include "network/socket_options.h"

namespace pacs::network {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using TlsStream = asio::ssl::stream<tcp::socket>;

Error io_error(const boost::system::error_code& code) {
  if (code == asio::error::operation_aborted) return {ErrorKind::Cancelled, "cancelled"};
  if (code == asio::error::eof || code == asio::error::connection_reset ||
      code == asio::error::broken_pipe || code == asio::error::connection_aborted ||
      code == asio::ssl::error::stream_truncated) {
    return {ErrorKind::ConnectionClosed, "the peer closed the connection: " + code.message()};
  }
  return {ErrorKind::Io, code.message()};
}

/// The views given to `write` as Asio wants them; the array of views stays the caller's.
class Gathered {
 public:
  class Iterator {
   public:
    using value_type = asio::const_buffer;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::bidirectional_iterator_tag;
    using pointer = const asio::const_buffer*;
    using reference = asio::const_buffer;
    Iterator() = default;
    explicit Iterator(const ByteView* at) : at_(at) {}
    asio::const_buffer operator*() const { return {at_->data(), at_->size()}; }
    Iterator& operator++() { return ++at_, *this; }
    Iterator operator++(int) { return Iterator{at_++}; }
    Iterator& operator--() { return --at_, *this; }
    Iterator operator--(int) { return Iterator{at_--}; }
    bool operator==(const Iterator&) const = default;

   private:
    const ByteView* at_ = nullptr;
  };
  using value_type = asio::const_buffer;
  using const_iterator = Iterator;
  explicit Gathered(std::span<const ByteView> pieces) : pieces_(pieces) {}
  [[nodiscard]] Iterator begin() const { return Iterator{pieces_.data()}; }
  [[nodiscard]] Iterator end() const { return Iterator{pieces_.data() + pieces_.size()}; }

 private:
  std::span<const ByteView> pieces_;
};

/// What TCP and TLS have in common: Stream reads and writes, socket() is what lies below.
template <typename Stream>
class StreamTransport : public Transport {
 public:
  template <typename... Args>
  explicit StreamTransport(Args&&... args) : stream_(std::forward<Args>(args)...) {
    boost::system::error_code ignored;  // that the peer is gone already shows at the first read
    socket().set_option(tcp::no_delay(true), ignored);
    // A peer that lost power sends nothing: the kernel asks from time to time.
    socket().set_option(asio::socket_base::keep_alive(true), ignored);
  }

  Task<Result<std::size_t>> read_some(std::span<std::byte> to, std::size_t) override {
    const auto [code, count] =
        co_await stream_.async_read_some(asio::buffer(to.data(), to.size()),
                                         asio::bind_cancellation_slot(cancel_read_.slot(), kAwait));
    if (code == asio::error::eof) co_return std::size_t{0};
    if (code) co_return fail(io_error(code));
    received(count, to.size());
    co_return count;
  }

  Task<Result<>> write(std::span<const ByteView> pieces) override {
    const auto [code, count] = co_await asio::async_write(stream_, Gathered{pieces}, kAwait);
    if (code) co_return fail(io_error(code));
    co_return Result<>{};
  }

  void cancel_read() override { cancel_read_.emit(asio::cancellation_type::all); }
  void close() override {
    boost::system::error_code ignored;
    socket().close(ignored);
  }
  asio::any_io_executor executor() override { return socket().get_executor(); }

 protected:
  /// Less than asked for: nothing more is there, and the peer may wait for our acknowledgement.
  void received(std::size_t count, std::size_t asked) {
    if (count < asked) acknowledge_at_once(static_cast<int>(socket().native_handle()));
  }
  tcp::socket& socket() {
    if constexpr (std::is_same_v<Stream, tcp::socket>) {
      return stream_;
    } else {
      return stream_.next_layer();
    }
  }

  Stream stream_;
  asio::cancellation_signal cancel_read_;
};

/// Takes what has come and sends what there is room for without going through the reactor, which
/// would look at all sockets again for each piece.
class TcpTransport final : public StreamTransport<tcp::socket> {
 public:
  explicit TcpTransport(tcp::socket socket) : StreamTransport(std::move(socket)) {
    boost::system::error_code ignored;  // then every read and write waits for the reactor
    stream_.non_blocking(true, ignored);
  }

  Task<Result<std::size_t>> read_some(std::span<std::byte> to, std::size_t useful) override {
    if (stream_.non_blocking() && ++reads_at_once_ < kReadsAtOnceMax) {
      boost::system::error_code code;
      const std::size_t count = stream_.read_some(asio::buffer(to.data(), to.size()), code);
      if (!code) {
        received(count, to.size());
        co_return count;
      }  // else nothing has come yet, or the next read gives the same error
    }
    reads_at_once_ = 0;
    wait_for(useful);
    Result<std::size_t> count = co_await StreamTransport::read_some(to, useful);
    co_return count;
  }

  Task<Result<>> write(std::span<const ByteView> pieces) override {
    boost::system::error_code code;
    std::size_t sent = 0;
    if (stream_.non_blocking()) sent = stream_.write_some(Gathered{pieces}, code);
    std::vector<ByteView> rest;
    for (const ByteView piece : pieces) {
      const std::size_t gone = std::min(sent, piece.size());
      if (gone < piece.size()) rest.push_back(piece.subspan(gone));
      sent -= gone;
    }
    if (rest.empty()) co_return Result<>{};
    Result<> written = co_await StreamTransport::write(rest);
    co_return written;
  }

  Task<Result<>> handshake() override { co_return Result<>{}; }
  Task<void> say_goodbye() override { co_return; }
  void end_sending() override {
    boost::system::error_code ignored;  // the peer is gone
    stream_.shutdown(tcp::socket::shutdown_send, ignored);
  }
  [[nodiscard]] bool is_tls() const override { return false; }
  [[nodiscard]] std::string peer_subject() const override { return {}; }

 private:
  /// Sleeps through the parts of a large PDU: rounded, so that the kernel is told rarely.
  void wait_for(std::size_t useful) {
    const std::size_t bytes = useful < kSleepBytesMin ? 1 : std::bit_floor(useful);
    if (bytes == std::exchange(waited_for_, bytes)) return;
    wait_for_bytes(static_cast<int>(stream_.native_handle()), static_cast<int>(bytes));
  }

  static constexpr std::size_t kSleepBytesMin = 8 * 1024;
  std::size_t waited_for_ = 1;
  /// Then other connections on this thread get their turn, however fast the peer sends.
  static constexpr int kReadsAtOnceMax = 32;
  int reads_at_once_ = 0;
};

class TlsTransport final : public StreamTransport<TlsStream> {
 public:
  TlsTransport(tcp::socket socket, TlsContext context, TlsStream::handshake_type type)
      : StreamTransport(std::move(socket), *context), context_(std::move(context)), type_(type) {}

  void expect_host(const std::string& host) {
    boost::system::error_code ignored;
    const auto verify = [this, host, is_for_host = asio::ssl::host_name_verification(host)](
                            bool trusted, asio::ssl::verify_context& context) {
      if (is_for_host(trusted, context)) return true;
      // OpenSSL has no reason code for what a callback refuses, and frees the certificate.
      if (trusted) {
        mismatch_ =
            fmt::format("the certificate is for {} and not for {}",
                        names_of(X509_STORE_CTX_get_current_cert(context.native_handle())), host);
      }
      return false;
    };
    stream_.set_verify_callback(verify, ignored);
    // An address is not a server name (RFC 6066 §3).
    asio::ip::make_address(host, ignored);
    if (ignored) SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str());
  }

  Task<Result<>> handshake() override {
    const auto [code] = co_await stream_.async_handshake(type_, kAwait);
    if (!code) co_return Result<>{};
    if (code == asio::error::operation_aborted) co_return fail(io_error(code));
    // A probe that only connects has not refused anything.
    if (type_ == TlsStream::server && BIO_number_read(SSL_get_rbio(stream_.native_handle())) == 0) {
      co_return fail(io_error(code));
    }
    std::string reason = code.message();
    if (!mismatch_.empty()) {
      reason = mismatch_;
    } else if (const long verified = SSL_get_verify_result(stream_.native_handle());
               verified != X509_V_OK) {
      reason += std::string{": "} + X509_verify_cert_error_string(verified);
    }
    co_return fail(ErrorKind::Rejected, "TLS could not be agreed on: " + reason);
  }
  Task<void> say_goodbye() override { co_await stream_.async_shutdown(kAwait); }
  void end_sending() override {}
  [[nodiscard]] bool is_tls() const override { return true; }
  [[nodiscard]] std::string peer_subject() const override {
    // Boost's accessor is not const.
    SSL* native = const_cast<TlsStream&>(stream_).native_handle();
    if (SSL_get_verify_result(native) != X509_V_OK) return {};
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(native),
                                                                  X509_free);
    return certificate ? subject_of(certificate.get()) : std::string{};
  }

 private:
  TlsContext context_;
  TlsStream::handshake_type type_;
  std::string mismatch_;  ///< which names the certificate has instead of the expected one
};

}  // namespace

std::unique_ptr<Transport> make_tcp_transport(tcp::socket socket) {
  return std::make_unique<TcpTransport>(std::move(socket));
}

std::unique_ptr<Transport> make_tls_acceptor(tcp::socket socket, const TlsContext& context) {
  return std::make_unique<TlsTransport>(std::move(socket), context, TlsStream::server);
}

std::unique_ptr<Transport> make_tls_requestor(tcp::socket socket, const TlsContext& context,
                                              const std::string& host) {
  auto transport = std::make_unique<TlsTransport>(std::move(socket), context, TlsStream::client);
  if (!host.empty()) transport->expect_host(host);
  return transport;
}

}  // namespace pacs::network
