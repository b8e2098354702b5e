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

void Router::add(Route route) {
  std::vector<std::string> segments = split(route.pattern);
  // Sorted so that at the first segment where two patterns differ in kind the literal comes first.
  const auto more_literal = [](const std::vector<std::string>& a,
                               const std::vector<std::string>& b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](const std::string& x, const std::string& y) {
                                          return !is_placeholder(x) && is_placeholder(y);
                                        });
  };
  const auto at = std::upper_bound(segments_.begin(), segments_.end(), segments, more_literal);
  routes_.insert(routes_.begin() + (at - segments_.begin()), std::move(route));
  segments_.insert(at, std::move(segments));
}

Router::Match Router::match(std::string_view method,
                            const std::vector<std::string>& segments) const {
  if (method == "HEAD") method = "GET";
  Match match;
  std::vector<std::string_view> allowed;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const Route& route = routes_[i];
    const std::vector<std::string>& pattern = segments_[i];
    if (!fits(pattern, segments)) continue;
    allowed.push_back(route.method);
    match.pattern = route.pattern;
    if (route.method != method) continue;
    match.route = &route;
    for (std::size_t s = 0; s < segments.size(); ++s) {
      const std::string& name = pattern[s];
      if (is_placeholder(name))
        match.parameters.emplace_back(name.substr(1, name.size() - 2), segments[s]);
    }
    break;
  }
  if ((match.route == nullptr || method == "OPTIONS") && !allowed.empty()) {
    for (const auto name : allowed) {
      if (name == "OPTIONS") continue;
      match.allow += std::string(name) + (name == "GET" ? ", HEAD, " : ", ");
    }
    match.allow += "OPTIONS";
  }
  return match;
}

}  // namespace pacs::web
