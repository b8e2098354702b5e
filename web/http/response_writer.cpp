#include "web/http/response_writer.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <exception>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/beast/http/status.hpp>

#include "integration/on_worker.h"
#include "web/http/http_date.h"

namespace pacs::web {
namespace {

using network::Task;

/// Sent at once: each has limits.write, so that a client on a thin line is a client too.
constexpr std::size_t kSendBytesMax = 256 << 10;

/// Set on every response unless the handler set its own. Only our own files run in the page.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kSecurityHeaders{{
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Cache-Control", "no-store"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
}};

bool has_field(const Fields& fields, std::string_view name) {
  return std::ranges::any_of(
      fields, [name](const auto& field) { return equal_without_case(field.first, name); });
}

/// A value can come from a request: a line break in it would begin a field of its own.
void add_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  for (const char c : value) head += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  head += "\r\n";
}

struct BodyLength {
  bool chunked = false;
  bool is_known = false;
  std::uint64_t bytes = 0;
};

std::string head_of(const Response& response, BodyLength length, Framing framing) {
  std::string head =
      fmt::format("HTTP/1.{} {} {}\r\n", framing.version == 10 ? 0 : 1, response.status,
                  boost::beast::http::obsolete_reason(
                      static_cast<boost::beast::http::status>(response.status)));
  add_field(head, "Date", http_date(std::time(nullptr)));
  for (const auto& [name, value] : kSecurityHeaders) {
    if (has_field(response.headers, name)) continue;
    // What can be asked for again may be kept by whoever asked, who asks before using it again.
    const bool is_kept = name == "Cache-Control" && has_field(response.headers, "ETag");
    add_field(head, name, is_kept ? "private, no-cache" : value);
  }
  for (const auto& [name, value] : response.headers) add_field(head, name, value);
  if (length.chunked) add_field(head, "Transfer-Encoding", "chunked");
  if (length.is_known) add_field(head, "Content-Length", fmt::format_int(length.bytes).c_str());
  if (!framing.keep_alive) {
    add_field(head, "Connection", "close");
  } else if (framing.version == 10) {
    add_field(head, "Connection", "keep-alive");
  }
  head += "\r\n";
  return head;
}

/// What a body gives next. A throw is a bug of the handler's and ends this response only.
Result<ByteView> next_piece(StreamedBody& body) {
  try {
    return body.next();
  } catch (const std::exception& error) {
    return fail(ErrorKind::Internal, fmt::format("its body threw: {}", error.what()));
  }
}

}  // namespace

ResponseWriter::ResponseWriter(network::Transport& transport, const HttpLimits& limits,
                               BodyWorkers workers)
    : transport_(transport),
      limits_(limits),
      workers_(workers),
      deadline_(transport.executor(), [this] { transport_.close(); }) {}

Task<bool> ResponseWriter::send(std::span<const ByteView> pieces) {
  std::vector<ByteView> left(pieces.begin(), pieces.end());
  while (!left.empty()) {
    // As many as fit, the last of them cut.
    std::vector<ByteView> now;
    std::size_t room = kSendBytesMax;
    while (!left.empty() && room != 0) {
      ByteView& piece = left.front();
      now.push_back(piece.first(std::min(room, piece.size())));
      room -= now.back().size();
      piece = piece.subspan(now.back().size());
      if (piece.empty()) left.erase(left.begin());
    }
    deadline_.set(limits_.write);
    Result<> written = co_await transport_.write(now);
    deadline_.clear();
    if (!written) co_return false;
  }
  co_return true;
}

Task<Result<bool>> ResponseWriter::write(Response response, Framing framing) {
  auto* streamed = std::get_if<StreamedBody>(&response.body);
  const std::string* text = std::get_if<std::string>(&response.body);
  const bool has_body = response.status != 204 && response.status != 304;
  BodyLength length;
  length.is_known = has_body && (text != nullptr || streamed->length.has_value());
  if (length.is_known) length.bytes = text != nullptr ? text->size() : *streamed->length;
  // RFC 9112 §7.1: chunked is for 1.1; to 1.0 the end of the connection ends the body.
  length.chunked = has_body && !length.is_known && framing.version >= 11;
  framing.keep_alive = framing.keep_alive && (!has_body || length.is_known || length.chunked);

  const std::string head = head_of(response, length, framing);
  const bool with_text = text != nullptr && has_body && !framing.head_only;
  const std::array<ByteView, 2> pieces{as_bytes(head), with_text ? as_bytes(*text) : ByteView{}};
  const bool sent = co_await send(std::span(pieces).first(with_text ? 2 : 1));
  if (!sent) co_return false;
  if (streamed != nullptr && has_body && !framing.head_only) {
    Result<bool> all = co_await stream(*streamed, length.chunked);
    if (!all || !*all) co_return all;
  }
  co_return framing.keep_alive;
}

Task<Result<bool>> ResponseWriter::stream(StreamedBody& body, bool chunked) {
  integration::WorkPool& workers = body.is_costly ? workers_.costly : workers_.plain;
  std::uint64_t left = body.length.value_or(0);
  for (;;) {
    Result<ByteView> piece =
        co_await integration::on_worker(workers, [&body] { return next_piece(body); });
    if (!piece) co_return fail(std::move(piece).error());
    if (piece->empty()) break;
    if (body.length && piece->size() > left) {
      co_return fail(ErrorKind::Internal, "its body is longer than announced");
    }
    left -= body.length ? piece->size() : 0;
    const std::string size = chunked ? fmt::format("{:x}\r\n", piece->size()) : std::string{};
    const std::array<ByteView, 3> framed{as_bytes(size), *piece,
                                         as_bytes(std::string_view("\r\n"))};
    const bool sent = co_await send(chunked ? std::span(framed) : std::span(framed).subspan(1, 1));
    if (!sent) co_return false;
  }
  if (left != 0) co_return fail(ErrorKind::Internal, "its body is shorter than announced");
  static constexpr std::string_view kLastChunk = "0\r\n\r\n";
  const std::array last{as_bytes(kLastChunk)};
  if (!chunked) co_return true;
  const bool sent = co_await send(last);
  co_return sent;
}

}  // namespace pacs::web
