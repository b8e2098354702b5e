#include "web/http/request_target.h"

#include <algorithm>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace pacs::web {
namespace {

/// More would only serve an attacker; the longest DICOMweb path has 11 segments.
constexpr std::size_t kSegmentsMax = 32;
constexpr std::size_t kQueryParametersMax = 256;

bool is_safe_segment(std::string_view segment) {
  return std::none_of(segment.begin(), segment.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '/' || c == '\\';
  });
}

}  // namespace

Result<RequestTarget> parse_target(std::string_view target) {
  // "*" (server-wide OPTIONS) and authority-form (CONNECT) do not name a resource of ours.
  const auto parsed = target.starts_with('/') ? boost::urls::parse_origin_form(target)
                                              : boost::urls::parse_absolute_uri(target);
  const bool names_a_resource = parsed && (target.starts_with('/') || parsed->has_authority());
  if (!names_a_resource) return fail(ErrorKind::Malformed, "the request target is not a URL path");

  RequestTarget result;
  for (const auto segment : parsed->segments()) {
    std::string text = segment;
    if (text == "." || text == "..") {  // clients remove them, which makes another path
      return fail(ErrorKind::Malformed,
                  "the path has a segment . or ..: write an identifier . as ~2 and .. as ~2.");
    }
    if (!is_safe_segment(text)) {
      return fail(ErrorKind::Malformed, "the path has a segment that is not allowed");
    }
    if (text.empty()) continue;
    if (result.segments.size() == kSegmentsMax) {
      return fail(ErrorKind::LimitExceeded, "the path has more segments than segments_max");
    }
    result.segments.push_back(std::move(text));
  }
  for (const auto parameter : parsed->params()) {
    if (result.query.size() == kQueryParametersMax) {
      return fail(ErrorKind::LimitExceeded,
                  "the query has more parameters than query_parameters_max");
    }
    result.query.emplace_back(parameter.key, parameter.value);
  }
  return result;
}

}  // namespace pacs::web
