// Who asks, and what that lets them do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pacs::web {

/// Each may what those before it may.
enum class Role : std::uint8_t {
  Anybody,        ///< knows nothing but the address: health, and how to log in
  Viewer,         ///< reads
  Uploader,       ///< stores
  Administrator,  ///< changes what the server does
};

/// "viewer", "uploader", "administrator"; nullopt for another name.
[[nodiscard]] std::optional<Role> parse_role(std::string_view name);
[[nodiscard]] std::string_view to_string(Role role);

struct Principal {
  std::string name;  ///< for logs
  Role role = Role::Anybody;
};

}  // namespace pacs::web
