// Why a request is refused before any handler sees it. Internal to HttpServer.
#pragma once

#include <optional>
#include <string_view>

#include <boost/beast/http/fields.hpp>
#include <boost/system/error_code.hpp>

#include "web/http/http_server.h"

namespace pacs::web {

/// The answer to a request that cannot be read; none when its client is gone.
[[nodiscard]] std::optional<Response> answer_to(boost::system::error_code error,
                                                const HttpLimits& limits);

/// The refusal of a request whose head alone is reason enough; else none.
[[nodiscard]] std::optional<Response> refusal_of(const boost::beast::http::fields& head,
                                                 unsigned version, const HttpOptions& options);

/// 421 for an address of ours, as the client knows it, whose name is none of ours; else none.
[[nodiscard]] std::optional<Response> refusal_of_name(std::string_view base_url,
                                                      const HttpOptions& options);

}  // namespace pacs::web
