// RawPeer: a TCP client that sends whatever bytes a test wants and reads what comes back.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "hex.h"
#include "network/pdu/pdu_codec.h"

namespace pacs::network {

class RawPeer {
 public:
  /// `from` is the client's address, one of 127.0.0.0/8.
  explicit RawPeer(std::uint16_t port, const char* from = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &address.sin_addr);
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot bind");
    }
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  ~RawPeer() { close(); }
  RawPeer(RawPeer&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  void shut_down_send() { ::shutdown(socket_, SHUT_WR); }

  /// False when the other end has closed.
  bool send(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool send(const Pdu& pdu) { return send(encode_pdu(pdu)); }

  /// The next PDU; nullopt when the other end closed. Fails the test after ten seconds.
  std::optional<Pdu> receive() {
    while (true) {
      const DecodeResult result = decode_pdu(received_, PduLimits{1U << 30, 1U << 20});
      if (const auto* whole = std::get_if<DecodedPdu>(&result)) {
        last_.assign(received_.begin(),
                     received_.begin() + static_cast<std::ptrdiff_t>(whole->length_bytes));
        received_.erase(received_.begin(),
                        received_.begin() + static_cast<std::ptrdiff_t>(whole->length_bytes));
        // Decoded again: presentation data views its bytes.
        return std::get<DecodedPdu>(decode_pdu(last_, PduLimits{1U << 30, 1U << 20})).pdu;
      }
      if (!read_more()) return std::nullopt;
    }
  }
  template <typename T>
  T expect() {
    const std::optional<Pdu> pdu = receive();
    const T* value = pdu ? std::get_if<T>(&*pdu) : nullptr;
    if (value == nullptr) {
      ADD_FAILURE() << (pdu ? "another PDU came" : "the connection was closed");
      return {};
    }
    return *value;
  }
  void expect_abort(AbortSource source, AbortReason reason) {
    EXPECT_EQ(describe(expect<Abort>()), describe(Abort{source, reason}));
  }
  /// Whether the other end has closed and nothing lies unread.
  [[nodiscard]] bool is_closed() const {
    std::byte byte{};
    const ssize_t count = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN);
  }
  /// Reads until the other end closes; how long that took.
  std::chrono::milliseconds expect_close() {
    const auto start = std::chrono::steady_clock::now();
    while (read_more()) received_.clear();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start);
  }

 private:
  bool read_more() {
    pollfd ready{socket_, POLLIN, 0};
    if (::poll(&ready, 1, 10'000) <= 0) {
      ADD_FAILURE() << "nothing came for ten seconds";
      return false;
    }
    std::byte chunk[65536];
    const ssize_t count = ::recv(socket_, chunk, sizeof chunk, 0);
    if (count <= 0) return false;
    received_.insert(received_.end(), chunk, chunk + count);
    return true;
  }

  int socket_;
  Bytes received_, last_;
};

}  // namespace pacs::network
