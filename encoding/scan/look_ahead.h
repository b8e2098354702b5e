// Looking ahead: which way an element is meant that can be read in more than one, by what follows
// it. Only elements that are no good as the transfer syntax reads them cost this.
#pragma once

#include <cstdint>

#include "core/bytes.h"

namespace pacs {

/// How an element and those behind it are read (PS3.5 §7.1.2, §7.1.3).
enum class Reading : std::uint8_t {
  Explicit,
  Implicit,
  ShortForm,  ///< explicit, two bytes that name no VR before a 16-bit length
};

enum class Sight : std::uint8_t {
  Fits,  ///< to the end of what they stand in, or a number of elements in the order of their tags
  MeetsVr,  ///< read without VR, until one that has a VR follows in order
  Fails,    ///< a length passes the end, or what follows is no element in order
  TooFar,   ///< the value is too long to look past it
};

/// Bytes that are looked at: past the longest value of the short form.
inline constexpr std::size_t kLookAheadBytes = 8 + 0xFFFF + 8 + 1;

struct Surroundings {
  std::uint64_t room;    ///< bytes to the end of the item, if that is known
  bool ends_with_input;  ///< a data set itself; an item ends by delimiter or length
};

/// `input` begins with an element's tag and holds kLookAheadBytes or all there is.
[[nodiscard]] Sight look_ahead(ByteView input, Reading reading, ByteOrder order,
                               const Surroundings& around);

}  // namespace pacs
