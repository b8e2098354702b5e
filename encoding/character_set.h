// Specific Character Set (PS3.3 §C.12.1.1.2, PS3.5 §6.1): stored text -> UTF-8.
#pragma once

#include <string>
#include <string_view>

#include "core/dicom_dataset.h"
#include "core/vr_types.h"

namespace pacs {

/// The decoder for one value of Specific Character Set (0008,0005), code extensions included.
/// Bytes that are not text in it become U+FFFD; nothing is refused.
class CharacterSet {
 public:
  CharacterSet() = default;  ///< ISO IR 6, the default repertoire
  explicit CharacterSet(
      std::string_view specific_character_set);     ///< "ISO 2022 IR 6\\ISO 2022 IR 87"
  static CharacterSet of(const DataSet& data_set);  ///< by its (0008,0005)

  /// UTF-8 of a value of a charset-dependent VR (PN resets at ^ and =, multi-valued text at \).
  [[nodiscard]] std::string to_utf8(std::string_view stored, VR vr) const;
  [[nodiscard]] const std::vector<std::string>& defined_terms() const { return terms_; }

 private:
  std::vector<std::string> terms_;
};

}  // namespace pacs
