#include "web/http/state_change.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.h"

namespace pacs::web {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// "https://name:port" without the scheme; a proxy in front of us may use another scheme.
std::string_view authority(std::string_view origin) {
  const std::size_t scheme_end = origin.find("://");
  return scheme_end == origin.npos ? std::string_view{} : origin.substr(scheme_end + 3);
}

/// "application/json; charset=utf-8" without parameters.
std::string_view media_type(std::string_view content_type) {
  return without_white_space(content_type.substr(0, content_type.find(';')));
}

std::optional<Response> refusal(const Request& request) {
  const std::string_view origin = request.header("Origin");
  if (!origin.empty() && !equal_without_case(authority(origin), request.header("Host"))) {
    return Response::problem(403, "Pages of other origins may not change anything here.");
  }
  if (request.method != "DELETE" &&
      !equal_without_case(media_type(request.header("Content-Type")), "application/json")) {
    return Response::problem(415, "Content-Type must be application/json.");
  }
  return std::nullopt;
}

}  // namespace

Handler guarded(Handler handler) {
  return [handler = std::move(handler)](const Request& request) {
    std::optional<Response> refused = refusal(request);
    return refused ? std::move(*refused) : handler(request);
  };
}

}  // namespace pacs::web
