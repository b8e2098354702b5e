// The address by which others reach one of our listeners.
#pragma once

#include <string>
#include <string_view>

namespace pacs::apps {

[[nodiscard]] bool is_loopback(const std::string& listen);

/// `listen` itself, or for "all networks" (0.0.0.0, ::) the first address of this machine that is
/// not loopback; "127.0.0.1" when it has none.
[[nodiscard]] std::string reachable_host(const std::string& listen);

/// "http://127.0.0.1:8080/", "http://[::1]:8080/".
[[nodiscard]] std::string browser_url(std::string_view scheme, const std::string& host,
                                      unsigned short port);

}  // namespace pacs::apps
