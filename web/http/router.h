// Router: which handler answers a method and path.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "web/http/http_message.h"

namespace pacs::web {

/// Runs on a handler thread and may block; several run at once.
using Handler = std::function<Response(const Request&)>;

/// Routes are added before the server starts; matching is then thread-safe.
class Router {
 public:
  /// `pattern` is "/studies/{study}/metadata": a {name} takes one segment, which the handler finds
  /// in Request::parameter. Literal segments win over placeholders.
  void add(std::string_view method, std::string_view pattern, Handler handler);

  struct Match {
    const Handler* handler = nullptr;  ///< null: no such path, or (allow not empty) not this method
    std::string_view pattern;          ///< for metric labels: a closed set
    Fields parameters;
    std::string allow;  ///< methods of the path, for Allow (RFC 9110 §10.2.1)
  };
  /// HEAD is answered by the handler of GET.
  [[nodiscard]] Match match(std::string_view method,
                            const std::vector<std::string>& segments) const;

 private:
  struct Route {
    std::string method, pattern;
    std::vector<std::string> segments;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace pacs::web
