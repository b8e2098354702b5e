// Where our resources lie as a client sees them, behind a proxy or not: Forwarded (RFC 7239) and
// X-Forwarded-Proto, -Host and -Prefix, which count only when a listed proxy sends them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "web/http/http_message.h"

namespace pacs::web {

/// Addresses ("10.0.0.7", "::1") and networks ("10.0.0.0/8").
class TrustedProxies {
 public:
  TrustedProxies() = default;
  /// InvalidArgument names the text that is neither.
  [[nodiscard]] static Result<TrustedProxies> create(const std::vector<std::string>& listed);
  [[nodiscard]] bool contains(std::string_view address) const;

 private:
  struct Networks;
  std::shared_ptr<const Networks> networks_;  ///< null: none
};

/// Whether somebody says to forward for another: such a request is not from this machine, whatever
/// its address.
[[nodiscard]] bool is_forwarded(const Fields& headers);

/// How a request reached us.
struct Arrival {
  const Fields& headers;
  std::string_view peer_address;
  bool tls = false;
};

/// "https://pacs.example/dicom", without a slash at its end: what stands before the paths of our
/// routes. Without a proxy in the list it is our scheme and the Host of the request. Of a chain of
/// proxies the word of the last one that is listed counts. Malformed names the field whose value
/// cannot be part of a URL.
[[nodiscard]] Result<std::string> base_url(const Arrival& arrival, const TrustedProxies& proxies);

}  // namespace pacs::web
