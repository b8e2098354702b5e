#include "web/http/request_reader.h"

#include <array>
#include <chrono>
#include <utility>

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include "web/http/http_refusal.h"

namespace pacs::web {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using network::Task;

/// How long and how much is still read from a client whose request was refused before its end, so
/// that it receives our answer instead of a reset (RFC 9112 §9.6).
constexpr std::chrono::seconds kLinger{2};
constexpr std::size_t kLingerBytesMax = 4 << 20;
/// Bytes of a request read at once.
constexpr std::size_t kReadBytes = 64 << 10;

Error error_of(error_code code) {
  if (code == beast::error::timeout) return {ErrorKind::Timeout, "the body does not go on"};
  if (code == http::error::partial_message || code == http::error::end_of_stream) {
    return {ErrorKind::ConnectionClosed, "the client went away in the middle of the body"};
  }
  return {ErrorKind::Malformed, "the body is not HTTP: " + code.message()};
}

}  // namespace

RequestReader::RequestReader(network::Transport& transport, const HttpLimits& limits)
    : transport_(transport),
      limits_(limits),
      buffer_(limits.header_bytes_max + kReadBytes),
      deadline_(transport.executor(), [this] {
        timed_out_ = true;
        transport_.cancel_read();
      }) {}

Task<bool> RequestReader::wait() {
  if (buffer_.size() != 0) co_return true;  // pipelined
  timed_out_ = false;
  deadline_.set(limits_.idle);
  const error_code error = co_await read_more();
  deadline_.clear();
  co_return !error;
}

Task<error_code> RequestReader::read_more() {
  const std::size_t room = std::min(kReadBytes, buffer_.max_size() - buffer_.size());
  if (room == 0) co_return http::error::buffer_overflow;
  const auto to = buffer_.prepare(room);
  Result<std::size_t> count =
      co_await transport_.read_some({static_cast<std::byte*>(to.data()), to.size()}, 1);
  if (timed_out_) co_return beast::error::timeout;
  if (!count || *count == 0) co_return http::error::partial_message;
  buffer_.commit(*count);
  co_return error_code{};
}

RequestReader::Outcome RequestReader::refuse(error_code error) {
  refusal_ = answer_to(error, limits_);
  return refusal_ ? Outcome::Refused : Outcome::Gone;
}

Task<RequestReader::Outcome> RequestReader::read_head() {
  parser_.emplace();
  parser_->header_limit(limits_.header_bytes_max);
  parser_->body_limit(boost::none);
  asked_for_body_ = false;
  timed_out_ = false;
  deadline_.set(limits_.request);
  while (!parser_->is_header_done()) {
    error_code error;
    if (buffer_.size() != 0) {
      buffer_.consume(parser_->put(buffer_.data(), error));
      if (!error) continue;
      if (error != http::error::need_more) co_return refuse(error);
    }
    error = co_await read_more();
    if (error) co_return refuse(error);
  }
  co_return Outcome::Read;
}

bool RequestReader::has_small_body() const {
  const auto announced = parser_->content_length();
  return parser_->is_done() ||
         (!expects_continue() && announced && *announced <= limits_.body_bytes_max);
}

bool RequestReader::expects_continue() const {
  return !asked_for_body_ && !parser_->is_done() && !parser_->get()[http::field::expect].empty();
}

Task<error_code> RequestReader::ask_for_body() {
  if (!expects_continue()) co_return error_code{};
  asked_for_body_ = true;
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::array pieces{as_bytes(kContinue)};
  Result<> written = co_await transport_.write(pieces);
  co_return written ? error_code{} : make_error_code(http::error::end_of_stream);
}

// Until the piece is full, the body ends, or its time is over.
Task<error_code> RequestReader::fill_piece() {
  if (!piece_) piece_ = std::make_unique<std::byte[]>(kPieceBytes);
  error_code error = co_await ask_for_body();
  auto& body = parser_->get().body();
  body.data = piece_.get();
  body.size = kPieceBytes;
  body.more = true;
  while (!error && !parser_->is_done() && body.size != 0) {
    const std::size_t room_before = body.size;
    std::size_t consumed = 0;
    if (buffer_.size() != 0) {
      consumed = parser_->put(buffer_.data(), error);
      buffer_.consume(consumed);
      if (error == http::error::need_buffer || error == http::error::need_more) error = {};
    }
    if (error || parser_->is_done() || consumed != 0 || body.size != room_before) continue;
    error = co_await read_more();
  }
  piece_bytes_ = kPieceBytes - body.size;
  body.data = nullptr;
  body.size = 0;
  co_return error;
}

Task<RequestReader::Outcome> RequestReader::read_body(std::string& body) {
  const auto announced = parser_->content_length();
  if (announced && *announced > limits_.body_bytes_max) co_return refuse(http::error::body_limit);
  while (!parser_->is_done()) {
    const error_code error = co_await fill_piece();
    if (error) co_return refuse(error);
    if (body.size() + piece_bytes_ > limits_.body_bytes_max)
      co_return refuse(http::error::body_limit);
    body.append(reinterpret_cast<const char*>(piece_.get()), piece_bytes_);
  }
  deadline_.clear();
  co_return Outcome::Read;
}

Task<Result<ByteView>> RequestReader::next_piece() {
  if (parser_->is_done()) co_return ByteView{};
  timed_out_ = false;
  deadline_.set(limits_.write);
  const error_code error = co_await fill_piece();
  deadline_.clear();
  if (error) {
    Error why = error_of(error);
    client_is_gone_ = why.kind == ErrorKind::ConnectionClosed;
    co_return fail(std::move(why));
  }
  co_return ByteView{piece_.get(), piece_bytes_};
}

Task<bool> RequestReader::watch() {
  if (buffer_.size() != 0) co_return true;
  const auto to = buffer_.prepare(4096);
  Result<std::size_t> count =
      co_await transport_.read_some({static_cast<std::byte*>(to.data()), to.size()}, 1);
  if (!count) co_return count.error().kind == ErrorKind::Cancelled;
  buffer_.commit(*count);
  co_return *count != 0;
}

Task<void> RequestReader::linger() {
  transport_.end_sending();
  timed_out_ = false;
  deadline_.set(kLinger);
  for (std::size_t total = 0; total < kLingerBytesMax;) {
    buffer_.clear();
    const error_code error = co_await read_more();
    if (error) break;
    total += buffer_.size();
  }
  buffer_.clear();
  deadline_.clear();
}

}  // namespace pacs::web
