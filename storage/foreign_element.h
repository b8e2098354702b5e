// Elements that no order and no performed procedure step can hold: those of commands and files, and
// pixel data.
#pragma once

#include <string_view>

#include "core/dicom_element.h"

namespace pacs::storage {

/// What is said of such an element ("is pixel data"); empty when it may be there. The items of a
/// sequence are not looked at.
[[nodiscard]] std::string_view why_foreign(const Element& element);

}  // namespace pacs::storage
