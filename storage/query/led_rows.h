// The numbers of the rows that drivers (query_drivers.h) lead to, at the level asked for, without a
// look at anything but indexes: 8 bytes each.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "storage/query/query_drivers.h"

namespace pacs::storage {

/// Sorted, each once; nullopt when there are more than `most`.
[[nodiscard]] Result<std::optional<std::vector<std::int64_t>>> rows_led_to(
    std::span<const Driver> drivers, QueryLevel level, std::size_t most, SqlReader& reader,
    const std::stop_token& stop);

}  // namespace pacs::storage
