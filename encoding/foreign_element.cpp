#include "encoding/foreign_element.h"

namespace pacs {

std::string_view why_foreign(const Element& element) {
  const Tag tag = element.tag();
  if (is_of_command_or_file(tag)) return "is of a command or a file";
  if (tag.is_private() || tag.is_group_length()) return {};
  const bool pixels = element.form() == Element::Form::Fragments ||
                      element.form() == Element::Form::Bulk || tag.group() == 0x7FE0;
  return pixels ? "is pixel data" : std::string_view{};
}

}  // namespace pacs
