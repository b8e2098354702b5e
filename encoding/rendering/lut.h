// Lookup tables: a descriptor of three numbers and the entries (PS3.3 §C.11.1.1, §C.11.2.1.1,
// §C.7.6.3.1.5).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"

namespace pacs {

struct LookupTable {
  std::int32_t first = 0;              ///< the input that the first entry is of
  unsigned bits = 16;                  ///< of an entry, 1 to 16
  std::vector<std::uint16_t> entries;  ///< at least one

  /// Inputs below the first get the first entry, those above the last one the last.
  [[nodiscard]] std::uint16_t at(std::int64_t input) const {
    const auto last = static_cast<std::int64_t>(entries.size()) - 1;
    return entries[static_cast<std::size_t>(std::clamp<std::int64_t>(input - first, 0, last))];
  }
  [[nodiscard]] std::uint16_t highest() const {
    return static_cast<std::uint16_t>((1U << bits) - 1);
  }
};

/// The descriptor alone: a table with as many entries as it says, all 0. `signed_input` says how
/// the first input is to be read, whatever its VR.
[[nodiscard]] Result<LookupTable> read_lut_descriptor(const DataSet& data_set, Tag descriptor,
                                                      bool signed_input);
/// Errors name the attribute: descriptors that cannot be, data shorter than the descriptor says.
[[nodiscard]] Result<LookupTable> read_lut(const DataSet& data_set, Tag descriptor, Tag data,
                                           bool signed_input);
/// The first `count` entries of LUT data, or as many as there are for 0.
[[nodiscard]] Result<std::vector<std::uint16_t>> read_lut_words(const DataSet& data_set, Tag data,
                                                                unsigned bits, std::size_t count);

}  // namespace pacs
