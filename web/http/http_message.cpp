#include "web/http/http_message.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/beast/http/status.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "encoding/character_sets/code_sets.h"

namespace pacs::web {
bool equal_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equal_without_case(key, name)) return value;
  }
  return {};
}

std::string_view Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return {};
}

std::string Request::path() const {
  std::string path;
  for (const auto& segment : segments) path += "/" + segment;
  return path.empty() ? "/" : path;
}

Response Response::of(std::string_view content_type, std::string body) {
  Response response;
  response.headers.emplace_back("Content-Type", content_type);
  response.body = std::move(body);
  return response;
}

Response Response::text(unsigned status, std::string body) {
  Response response = of("text/plain; charset=utf-8", std::move(body));
  response.status = status;
  return response;
}

Response Response::json(unsigned status, std::string body) {
  Response response = of("application/json", std::move(body));
  response.status = status;
  return response;
}

Response Response::problem(unsigned status, std::string_view detail) {
  const std::string_view title =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  Response response =
      of("application/problem+json", fmt::format(R"({{"status":{},"title":{},"detail":{}}})",
                                                 status, json_string(title), json_string(detail)));
  response.status = status;
  return response;
}

Response Response::problem(const Error& error) {
  return problem(http_status(error.kind), error.to_string());
}

unsigned http_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::InvalidArgument:
      return 400;
    case ErrorKind::Malformed:
      return 400;
    case ErrorKind::Truncated:
      return 400;
    case ErrorKind::LimitExceeded:
      return 413;
    case ErrorKind::Unsupported:
      return 415;
    case ErrorKind::Mismatch:
      return 409;
    case ErrorKind::NotFound:
      return 404;
    case ErrorKind::Duplicate:
      return 409;
    case ErrorKind::OutOfResources:
      return 507;
    case ErrorKind::Corrupt:
      return 500;
    case ErrorKind::Io:
      return 500;
    case ErrorKind::Timeout:
      return 504;
    case ErrorKind::Cancelled:
      return 503;
    case ErrorKind::ConnectionClosed:
      return 502;
    case ErrorKind::Rejected:
      return 502;
    case ErrorKind::Internal:
      return 500;
  }
  return 500;
}

std::string json_string(std::string_view text) {
  return boost::json::serialize(boost::json::string(code_sets::checked_utf8(text)));
}

}  // namespace pacs::web
