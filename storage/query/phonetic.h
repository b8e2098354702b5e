// Daitch-Mokotoff Soundex: how a family name sounds, whichever of the spellings of Europe it has.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pacs::storage {

/// The codes of a word in Latin capitals, six digits each: several where letters are read in two
/// ways. None for a word without Latin letters.
[[nodiscard]] std::vector<std::string> daitch_mokotoff(std::string_view folded_word);

}  // namespace pacs::storage
