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
/// Runs on the connection's thread, which it must not block: for answers that wait for others, and
/// for bodies that are read as they come. The request lives until it has answered.
using WaitingHandler = std::function<boost::asio::awaitable<Response>(Request&)>;

enum class RequestBody : std::uint8_t {
  Buffered,  ///< all of it arrives before the handler is called, at most body_bytes_max
  Json,      ///< the same, and it must say that it is application/json: a form cannot
  Streamed,  ///< a WaitingHandler reads it by Request::stream, without limit
};

/// A parameter of the query, "?limit=10".
struct DescribedParameter {
  std::string_view name, meaning;
  bool is_number = false;
};

/// What a row says of itself to whoever writes a client. Schemas are names of
/// web/api/api_schemas.h.
struct RouteDescription {
  std::string_view summary{};
  std::vector<DescribedParameter> query{};
  std::string_view body{};              ///< schema of a JSON body; empty: it takes none
  std::string_view answer{};            ///< schema of what it answers; empty: nothing
  std::vector<unsigned> statuses{200};  ///< of success
};

struct Route {
  std::string method;
  /// "/studies/{study}/metadata": a {name} takes one segment, which the handler finds in
  /// Request::parameter. Literal segments win over placeholders.
  std::string pattern;
  Role role;  ///< the least that may call it
  std::variant<Handler, WaitingHandler> handler;
  RequestBody body = RequestBody::Buffered;
  RouteDescription about{};
};

/// Routes are added before the server starts; matching is then thread-safe.
class Router {
 public:
  void add(Route route);

  struct Match {
    const Route* route = nullptr;  ///< null: no such path, or (allow not empty) not this method
    std::string_view pattern;      ///< for metric labels: a closed set
    Fields parameters;
    std::string allow;  ///< methods of the path, for Allow (RFC 9110 §10.2.1)
  };
  /// HEAD is answered by the handler of GET.
  [[nodiscard]] Match match(std::string_view method,
                            const std::vector<std::string>& segments) const;

  /// In the order of matching.
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> segments_;  // of each pattern
};

}  // namespace pacs::web
