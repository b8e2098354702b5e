// LossyCopies: which objects of a retrieve its destination is to get as lossy copies.
#pragma once

#include <cstddef>
#include <stop_token>
#include <vector>

#include "services/retrieve/retrieve_list.h"

namespace pacs::services {

/// None unless it was chosen otherwise.
struct LossyCopies {
  int jpeg_quality = 0;      ///< 1 to 100
  std::vector<bool> copied;  ///< by their numbers in the list; as long as that, or empty

  /// What decides the presentation context of an object of the list.
  [[nodiscard]] ObjectKind kind(const RetrieveList& list, std::size_t index) const;
};

/// Those that have lossy copies (encoding/pixels/lossy_copy.h), for which it reads their headers.
/// Objects that cannot be read are not among them. Waits for the database.
[[nodiscard]] LossyCopies choose_lossy(storage::Archive& archive, const RetrieveList& list,
                                       int jpeg_quality, const std::stop_token& stop);

}  // namespace pacs::services
