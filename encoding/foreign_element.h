// Elements that do not belong where they come: those of commands and files in any data set, and
// pixel data in an order or a performed procedure step.
#pragma once

#include <string_view>

#include "core/dicom_element.h"

namespace pacs {

/// Groups 0000 (commands, PS3.7 §6.3.1) and 0002 (files, PS3.10 §7.1). Group 0001, which PS3.5
/// §7.8.1 does not have, is private where it is used all the same.
[[nodiscard]] constexpr bool is_of_command_or_file(Tag tag) {
  return tag.group() == 0x0000 || tag.group() == 0x0002;
}

/// What is said of an element that no order and no performed procedure step can hold ("is pixel
/// data"); empty when it may be there. The items of a sequence are not looked at.
[[nodiscard]] std::string_view why_foreign(const Element& element);

}  // namespace pacs
