#include "tests/web/http/http_peer.h"

#include <algorithm>
#include <cstdlib>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace pacs::web {

TestServer::TestServer(Router router, HttpOptions options) {
  options.port = 0;
  if (!options.authenticate) {
    options.authenticate = [](const Request&) {
      return Principal{"the test", Role::Administrator};
    };
  }
  auto started = HttpServer::start(pool, std::move(options), std::move(router), {}, metrics.get());
  EXPECT_TRUE(started.has_value()) << started.error().to_string();
  server = std::move(*started);
}
TestServer::~TestServer() {
  server.reset();
}

int Answer::status() const {
  return head.size() < 12 ? 0 : std::atoi(head.c_str() + 9);
}

std::string Answer::header(std::string_view name) const {
  const std::string start = "\r\n" + std::string(name) + ": ";
  const auto at = head.find(start);
  if (at == std::string::npos) return {};
  const auto from = at + start.size();
  return head.substr(from, head.find("\r\n", from) - from);
}

Peer::Peer(const TestServer& server, const char* from)
    : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, from, &address.sin_addr);
  EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  address.sin_port = htons(server.server->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{20, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}
Peer::~Peer() {
  ::close(socket_);
}

void Peer::sends(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server may have refused and closed already
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Peer::read_more() {
  char bytes[4096];
  const auto count = ::recv(socket_, bytes, sizeof bytes, 0);
  EXPECT_FALSE(count < 0 && errno == EAGAIN) << "the server is silent";
  if (count <= 0) return false;
  buffered_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::size_t Peer::takes(std::size_t bytes) {
  std::size_t taken = 0;
  while (taken < bytes && read_more()) taken += std::exchange(buffered_, {}).size();
  return taken;
}

Answer Peer::receives(bool head_only) {
  std::size_t head_end = 0;
  while ((head_end = buffered_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return {};
  }
  Answer answer;
  answer.head = buffered_.substr(0, head_end + 4);
  buffered_.erase(0, head_end + 4);
  if (head_only) return answer;
  const auto take = [&](std::size_t count) {
    while (buffered_.size() < count && read_more()) {
    }
    std::string taken = buffered_.substr(0, count);
    buffered_.erase(0, count);
    return taken;
  };
  if (answer.header("Transfer-Encoding") == "chunked") {
    for (;;) {
      std::size_t line_end = 0;
      while ((line_end = buffered_.find("\r\n")) == std::string::npos) {
        if (!read_more()) return answer;
      }
      const auto size = std::strtoul(buffered_.c_str(), nullptr, 16);
      buffered_.erase(0, line_end + 2);
      answer.body += take(size);
      take(2);
      if (size == 0) return answer;
    }
  }
  const std::string length = answer.header("Content-Length");
  if (!length.empty()) {
    answer.body = take(std::strtoul(length.c_str(), nullptr, 10));
  } else if (answer.header("Connection") == "close") {
    while (read_more()) {
    }
    answer.body = std::exchange(buffered_, {});
  }
  return answer;
}

Answer Peer::asks(std::string_view request) {
  sends(request);
  return receives();
}

Answer Peer::gets(std::string_view target) {
  return asks("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

bool Peer::has_nothing() const {
  char byte = 0;
  return buffered_.empty() && ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

bool Peer::is_closed_by_server() {
  while (read_more()) buffered_.clear();
  return !testing::Test::HasFailure();
}

}  // namespace pacs::web
