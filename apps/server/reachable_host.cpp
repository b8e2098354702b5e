#include "apps/server/reachable_host.h"

#include <memory>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <boost/asio/ip/address.hpp>

namespace pacs::apps {
namespace {

namespace ip = boost::asio::ip;

ip::address parse(const std::string& text) {
  boost::system::error_code error;
  return ip::make_address(text, error);  // of checked configuration; 0.0.0.0 otherwise
}

/// First IPv4 address of a network interface that is up and not loopback, from the system
/// (getifaddrs): the resolver may not know this machine.
std::string first_address() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    const bool usable = (each->ifa_flags & IFF_UP) != 0 && (each->ifa_flags & IFF_LOOPBACK) == 0;
    if (!usable || each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    char text[INET_ADDRSTRLEN];
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    if (inet_ntop(AF_INET, &address->sin_addr, text, sizeof text) != nullptr) return text;
  }
  return {};
}

}  // namespace

bool is_loopback(const std::string& listen) {
  return parse(listen).is_loopback();
}

std::string reachable_host(const std::string& listen) {
  if (!parse(listen).is_unspecified()) return listen;
  const std::string address = first_address();
  return address.empty() ? "127.0.0.1" : address;
}

std::string browser_url(std::string_view scheme, const std::string& host, unsigned short port) {
  const bool brackets = host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(brackets ? "{}://[{}]:{}/" : "{}://{}:{}/"), scheme, host, port);
}

}  // namespace pacs::apps
