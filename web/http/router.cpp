#include "web/http/router.h"

#include <algorithm>

namespace pacs::web {
namespace {

bool is_placeholder(std::string_view segment) {
  return segment.starts_with('{');
}

std::vector<std::string> split(std::string_view pattern) {
  std::vector<std::string> segments;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // the slash
    const auto end = std::min(pattern.find('/'), pattern.size());
    if (end != 0) segments.emplace_back(pattern.substr(0, end));
    pattern.remove_prefix(end);
  }
  return segments;
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
  return std::equal(
      pattern.begin(), pattern.end(), segments.begin(), segments.end(),
      [](const std::string& p, const std::string& s) { return is_placeholder(p) || p == s; });
}

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, Handler handler) {
  Route route{std::string(method), std::string(pattern), split(pattern), std::move(handler)};
  // Sorted so that at the first segment where two patterns differ in kind the literal comes first.
  const auto more_literal = [](const Route& a, const Route& b) {
    return std::lexicographical_compare(a.segments.begin(), a.segments.end(), b.segments.begin(),
                                        b.segments.end(),
                                        [](const std::string& x, const std::string& y) {
                                          return !is_placeholder(x) && is_placeholder(y);
                                        });
  };
  routes_.insert(std::upper_bound(routes_.begin(), routes_.end(), route, more_literal),
                 std::move(route));
}

Router::Match Router::match(std::string_view method,
                            const std::vector<std::string>& segments) const {
  if (method == "HEAD") method = "GET";
  Match match;
  std::vector<std::string_view> allowed;
  for (const Route& route : routes_) {
    if (!fits(route.segments, segments)) continue;
    allowed.push_back(route.method);
    match.pattern = route.pattern;
    if (route.method != method) continue;
    match.handler = &route.handler;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const std::string& name = route.segments[i];
      if (is_placeholder(name))
        match.parameters.emplace_back(name.substr(1, name.size() - 2), segments[i]);
    }
    break;
  }
  if (match.handler == nullptr && !allowed.empty()) {
    for (const auto name : allowed)
      match.allow += std::string(name) + (name == "GET" ? ", HEAD, " : ", ");
    match.allow += "OPTIONS";
  }
  return match;
}

}  // namespace pacs::web
