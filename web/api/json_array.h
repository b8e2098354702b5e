// The elements of a JSON array as they were written: parsing each from its text keeps the digits
// of its numbers.
#pragma once

#include <string_view>
#include <vector>

#include "core/result.h"

namespace pacs::web {

/// The text itself when it is not an array. Only the array is checked, not its elements. Malformed
/// for an array that does not end or is followed by something.
[[nodiscard]] Result<std::vector<std::string_view>> split_json_array(std::string_view text);

}  // namespace pacs::web
