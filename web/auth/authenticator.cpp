#include "web/auth/authenticator.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include "core/text.h"
#include "web/http/forwarded.h"

namespace pacs::web {
namespace {

constexpr std::string_view kCookie = "pacs_token=";

/// "Bearer ..." (RFC 6750 §2.1) or our cookie (RFC 6265 §4.2).
std::string_view token_of(const Request& request) {
  const std::string_view sent = request.header("Authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (equal_without_case(sent.substr(0, kBearer.size()), kBearer)) {
    return without_white_space(sent.substr(kBearer.size()));
  }
  for (std::string_view cookies = request.header("Cookie"); !cookies.empty();) {
    const std::size_t end = std::min(cookies.find(';'), cookies.size());
    const std::string_view cookie = without_white_space(cookies.substr(0, end));
    if (cookie.starts_with(kCookie)) return cookie.substr(kCookie.size());
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
  }
  return {};
}

bool is_this_machine(const Request& request) {
  boost::system::error_code not_one;
  const auto address = boost::asio::ip::make_address(request.peer_address, not_one);
  if (not_one) return false;
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  const bool loopback =
      mapped ? boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6())
                   .is_loopback()
             : address.is_loopback();
  return loopback && !is_forwarded(request.headers);
}

}  // namespace

Principal Authenticator::operator()(const Request& request) const {
  if (const std::string_view secret = token_of(request); !secret.empty()) {
    const std::optional<Token> token = tokens_.find(secret);
    if (!token) return {"an unknown token", Role::Anybody};
    return {fmt::format("token {} ({})", token->id, token->name), token->role};
  }
  const auto client = options_.clients.find(request.peer_subject);
  if (!request.peer_subject.empty() && client != options_.clients.end()) {
    return {client->first, client->second};
  }
  if (is_this_machine(request) && !options_.proxies.contains(request.peer_address))
    return {"this machine", Role::Administrator};
  if (options_.open) return {"anybody", Role::Administrator};
  return {"anybody", Role::Anybody};
}

}  // namespace pacs::web
