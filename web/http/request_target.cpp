#include "web/http/request_target.h"

#include <algorithm>

#include <fmt/format.h>
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

/// Browsers (WHATWG URL, "query percent-encode set") and people leave characters in a query as they
/// are that RFC 3986 §3.4 wants encoded: "PatientName=Doe^Jane".
std::string with_encoded_query(std::string_view target) {
  constexpr std::string_view kOften = "\"<>[\\]^`{|}";
  const std::size_t query = std::min(target.find('?'), target.size());
  std::string encoded(target.substr(0, query));
  for (const char c : target.substr(query)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || kOften.find(c) != kOften.npos) {
      encoded += fmt::format("%{:02X}", byte);
    } else {
      encoded += c;
    }
  }
  return encoded;
}

}  // namespace

Result<RequestTarget> parse_target(std::string_view as_sent) {
  const std::string target = with_encoded_query(as_sent);
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
