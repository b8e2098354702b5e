#include "storage/foreign_element.h"

namespace pacs::storage {

std::string_view why_foreign(const Element& element) {
  const Tag tag = element.tag();
  // PS3.7 §6.3.1, PS3.10 §7.1: groups 0000 and 0002; PS3.5 §7.1 has no group 0001 at all.
  if (tag.group() <= 2) return "is of a command or a file";
  if (tag.is_private() || tag.is_group_length()) return {};
  const bool pixels = element.form() == Element::Form::Fragments ||
                      element.form() == Element::Form::Bulk || tag.group() == 0x7FE0;
  return pixels ? "is pixel data" : std::string_view{};
}

}  // namespace pacs::storage
