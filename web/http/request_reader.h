// RequestReader: requests as they come over a transport: head, then body (RFC 9112). Internal to
// HttpServer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "network/deadline.h"
#include "network/transport.h"
#include "web/http/http_server.h"

namespace pacs::web {

/// Used on the executor of the transport.
class RequestReader {
 public:
  RequestReader(network::Transport& transport, const HttpLimits& limits);

  /// The first byte of the next request. False: there is none.
  network::Task<bool> wait();
  enum class Outcome : std::uint8_t { Read, Refused, Gone };
  /// The head of the next request; for it, and a body that is held in memory, there is
  /// limits.request.
  network::Task<Outcome> read_head();
  /// The rest of a request that is held in memory.
  network::Task<Outcome> read_body(std::string& body);
  /// The next piece of a body, kPieceBytes or the end of it; for each the client has limits.write.
  network::Task<Result<ByteView>> next_piece();

  /// After Outcome::Refused.
  [[nodiscard]] Response take_refusal() { return std::move(*refusal_); }
  [[nodiscard]] const boost::beast::http::request_header<>& head() const { return parser_->get(); }
  [[nodiscard]] bool keep_alive() const { return parser_->keep_alive(); }
  /// It went away in the middle of a body.
  [[nodiscard]] bool client_is_gone() const { return client_is_gone_; }
  /// Nothing of the request is left to be read.
  [[nodiscard]] bool is_done() const { return parser_->is_done(); }
  /// The body is on its way, and so small that reading it costs less than a new connection.
  [[nodiscard]] bool has_small_body() const;

  /// Bytes that come while a request is being answered: the start of the next one. False: the
  /// client closed. Ends early when the transport's read is cancelled.
  network::Task<bool> watch();
  /// After the last answer: drops what still comes, for a moment, so that the client gets the
  /// answer and not a reset.
  network::Task<void> linger();

  static constexpr std::size_t kPieceBytes = 64 << 10;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

  [[nodiscard]] bool expects_continue() const;
  network::Task<boost::system::error_code> read_more();
  network::Task<boost::system::error_code> fill_piece();
  network::Task<boost::system::error_code> ask_for_body();
  Outcome refuse(boost::system::error_code error);

  network::Transport& transport_;
  const HttpLimits& limits_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<Response> refusal_;
  std::unique_ptr<std::byte[]> piece_;  // of kPieceBytes, from the first body on
  std::size_t piece_bytes_ = 0;
  bool asked_for_body_ = false;
  bool timed_out_ = false;
  bool client_is_gone_ = false;
  network::Deadline deadline_;
};

}  // namespace pacs::web
