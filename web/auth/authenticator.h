// Authenticator: whom a request comes from: a token, a client certificate, or this machine.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "web/auth/tokens.h"
#include "web/http/forwarded.h"
#include "web/http/router.h"

namespace pacs::web {

struct AuthOptions {
  /// By the subject of a verified client certificate, "CN=viewer,O=Hospital".
  std::map<std::string, Role, std::less<>> clients{};
  /// What comes from one of them is somebody else's, whatever it says.
  TrustedProxies proxies{};
  /// Whoever proves nothing is an administrator, from wherever he asks.
  bool open = false;
};

/// Thread-safe. `tokens` outlives it.
class Authenticator {
 public:
  Authenticator(Tokens& tokens, AuthOptions options)
      : tokens_(tokens), options_(std::move(options)) {}

  /// A token that is sent counts, also a wrong one: then the request is nobody's. Else a
  /// certificate that is known. Else this machine, unless a proxy says that it asks for somebody.
  [[nodiscard]] Principal operator()(const Request& request) const;

 private:
  Tokens& tokens_;
  const AuthOptions options_;
};

/// Adds, for browsers, which cannot be told to send a token:
///   GET  /login   a page that asks for one
///   POST /login   {"token": "..."}: 204 with a cookie that holds it, 401 for a wrong one
///   POST /logout  204: the cookie goes
/// `tokens` outlives the server.
void add_login(Router& router, Tokens& tokens);

}  // namespace pacs::web
