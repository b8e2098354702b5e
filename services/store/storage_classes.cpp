#include "services/store/storage_classes.h"

#include <algorithm>

#include "core/uid_registry.h"
#include "core/uids.h"
#include "encoding/transfer_syntax.h"
#include "services/dispatch/service.h"

namespace pacs::services {

StorageClasses::StorageClasses(std::vector<std::string> private_sop_classes)
    : private_sop_classes_(std::move(private_sop_classes)) {
  std::ranges::sort(private_sop_classes_);
}

bool StorageClasses::contains(std::string_view sop_class_uid) const {
  return is_storage_sop_class(sop_class_uid) ||
         std::ranges::binary_search(private_sop_classes_, sop_class_uid);
}

bool is_storable_transfer_syntax(std::string_view uid) {
  const TransferSyntax* syntax = find_transfer_syntax(uid);
  return syntax != nullptr && syntax->codec != Codec::NotADataSet;
}

std::optional<std::size_t> choose_storage_transfer_syntax(
    const std::vector<std::string>& proposed) {
  const auto first = std::ranges::find_if(proposed, is_storable_transfer_syntax);
  if (first == proposed.end()) return std::nullopt;
  // The standard gives the order no meaning (PS3.8 §9.3.2.2), but requestors put what they hold or
  // like best in front. A compressed syntax in front is what the object is stored in: taking it
  // keeps the object as it is and saves the sender a conversion that may lose something.
  if (!is_uncompressed(*first) || *first == uids::DeflatedExplicitVRLittleEndian)
    return static_cast<std::size_t>(first - proposed.begin());
  // Uncompressed in front, as DCMTK's "explicit little, explicit big, implicit": the sender
  // converts without loss, so the archive takes what serves it best.
  return best_uncompressed(proposed);
}

}  // namespace pacs::services
