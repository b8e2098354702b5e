// Remote application entities that an administrator has entered: whom we may send to.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace pacs::storage {

struct RemoteAe {
  std::string ae_title, host;
  std::uint16_t port = 0;
  bool tls = false;
  std::string comment{};

  friend bool operator==(const RemoteAe&, const RemoteAe&) = default;
};

/// Entered at most, so that nobody fills the index with them.
inline constexpr std::size_t kRemoteAesMax = 10'000;

/// InvalidArgument, naming the field: an AE title is 1 to 16 characters of the default repertoire
/// without backslash and not only spaces (PS3.5 Table 6.2-1), a host 1 to 253 characters without
/// spaces, a port not 0, a comment at most 1024 bytes of UTF-8.
[[nodiscard]] Result<> check(const RemoteAe& remote);

}  // namespace pacs::storage
