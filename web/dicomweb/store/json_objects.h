// The objects of a JSON array, each as it stands, so that they can be read one after the other.
#pragma once

#include <string_view>
#include <vector>

#include "core/result.h"

namespace pacs::web {

/// Of an array of objects, or of one object alone. What is between the braces is not checked.
/// Malformed when it is neither.
[[nodiscard]] Result<std::vector<std::string_view>> json_objects(std::string_view json);

}  // namespace pacs::web
