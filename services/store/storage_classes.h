// Which SOP classes and transfer syntaxes Storage takes and which proposal it prefers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pacs::services {

/// Storage SOP classes: those of the UID registry, retired ones included, and private ones.
class StorageClasses {
 public:
  explicit StorageClasses(std::vector<std::string> private_sop_classes = {});
  [[nodiscard]] bool contains(std::string_view sop_class_uid) const;

 private:
  std::vector<std::string> private_sop_classes_;  ///< sorted
};

/// Whether a data set in this transfer syntax can be stored as it comes.
[[nodiscard]] bool is_storable_transfer_syntax(std::string_view uid);

/// Which of the transfer syntaxes proposed for one context Storage takes; nullopt when none.
[[nodiscard]] std::optional<std::size_t> choose_storage_transfer_syntax(
    const std::vector<std::string>& proposed);

}  // namespace pacs::services
