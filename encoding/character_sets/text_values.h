// The values of a text element one by one, for the JSON and XML models and for matching.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "core/dicom_dataset.h"
#include "core/dicom_element.h"
#include "core/text.h"
#include "encoding/character_sets/character_set.h"

namespace pacs {

/// Calls `each` for every value of a text element in UTF-8, empty ones between others included; not
/// at all when there is nothing but padding.
template <typename Each>
void for_each_text(const Element& element, const CharacterSet& charset, Each each) {
  const VR vr = element.vr();
  const std::string decoded = charset.to_utf8(as_text(element.value()), vr);
  const std::string_view all = trimmed_end(decoded);
  if (all.empty()) return;
  // PS3.5 Table 6.2-1: LT, ST, UT and UR have one value, in which a backslash is a letter.
  const bool multi = info(vr).multi_valued;
  for (std::size_t start = 0; start <= all.size();) {
    const std::size_t end = multi ? std::min(all.find('\\', start), all.size()) : all.size();
    const std::string_view value = all.substr(start, end - start);
    each(multi && vr != VR::UC ? trimmed(value) : trimmed_end(value));
    start = end + 1;
  }
}

}  // namespace pacs
