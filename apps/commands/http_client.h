// A small HTTP client, for subcommands that work through the API of a running server.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "apps/config/config.h"
#include "core/result.h"

namespace pacs::apps {

struct HttpReply {
  unsigned status = 0;
  std::string body;

  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

/// One request over a connection of its own; blocks. `url` is "http://host:port/path?query", a body
/// is sent as JSON. Errors: InvalidArgument (the URL), ConnectionClosed (nobody listens there),
/// Timeout, Io, Malformed (the answer is not HTTP), LimitExceeded.
[[nodiscard]] Result<HttpReply> http_request(
    std::string_view method, std::string_view url, std::string_view body = {},
    std::chrono::milliseconds timeout = std::chrono::seconds{60});

/// Where a server with this configuration answers, without a slash at the end.
[[nodiscard]] std::string api_url(const Config& config);

/// The reason that a failed answer gives: the detail of its problem (RFC 9457), or its status.
[[nodiscard]] std::string reason_of(const HttpReply& reply);

}  // namespace pacs::apps
