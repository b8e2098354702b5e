// Letters of ASCII in one case: how names that are written in either are compared.
#pragma once

#include <string>
#include <string_view>

namespace pacs {

/// Letters of ASCII as capitals.
[[nodiscard]] inline std::string upper_case(std::string_view text) {
  std::string upper{text};
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

}  // namespace pacs
