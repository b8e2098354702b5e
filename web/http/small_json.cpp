#include "web/http/small_json.h"

#include <cstddef>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "web/http/http_message.h"

namespace pacs::web {

Result<boost::json::value> parse_small_json(std::string_view body) {
  constexpr std::size_t kBodyBytesMax = 16U << 10;
  if (body.size() > kBodyBytesMax) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("the body has {} bytes; {} at most", body.size(), kBodyBytesMax));
  }
  boost::system::error_code malformed;
  boost::json::value value = boost::json::parse({body.data(), body.size()}, malformed);
  if (malformed) return bad_request("the body is not JSON: " + malformed.message());
  return value;
}

}  // namespace pacs::web
