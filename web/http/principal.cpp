#include "web/http/principal.h"

#include <array>
#include <utility>

namespace pacs::web {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 4> kRoleNames{{
    {Role::Anybody, "anybody"},
    {Role::Viewer, "viewer"},
    {Role::Uploader, "uploader"},
    {Role::Administrator, "administrator"},
}};

}  // namespace

std::optional<Role> parse_role(std::string_view name) {
  for (const auto& [role, word] : kRoleNames) {
    if (word == name && role != Role::Anybody) return role;
  }
  return std::nullopt;
}

std::string_view to_string(Role role) {
  return kRoleNames[static_cast<std::size_t>(role)].second;
}

}  // namespace pacs::web
