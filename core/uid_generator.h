// New UIDs from UUIDs (PS3.5 §B.2): no registered root needed, no coordination.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace pacs {

using Uuid = std::array<std::uint8_t, 16>;

/// "2.25." and the UUID as one decimal number without leading zeros.
[[nodiscard]] std::string uid_from_uuid(const Uuid& uuid);
/// A random (version 4) UUID from the system's entropy.
[[nodiscard]] Uuid random_uuid();
/// A UID nobody has used; at most 44 characters.
[[nodiscard]] std::string generate_uid();
/// The UID of a name, the same each time: of the version 5 UUID of the name among OIDs (RFC 9562
/// §5.5).
[[nodiscard]] std::string uid_from_name(std::string_view name);

}  // namespace pacs
