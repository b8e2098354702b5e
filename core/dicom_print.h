// Data sets for people, line by line as dcmdump prints them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "core/dicom_dataset.h"

namespace pacs {

/// UTF-8 of a stored text value.
using TextDecoder = std::function<std::string(std::string_view stored, VR vr)>;

struct PrintOptions {
  /// Gives the decoder for a value of Specific Character Set; asked at the top level and for each
  /// item that has its own. Character sets live in encoding/, hence the hook. Without it, bytes
  /// that are not ASCII are shown as \xHH.
  std::function<TextDecoder(std::string_view specific_character_set)> decoder_for{};
  std::size_t value_columns_max = 64;  ///< longer values are cut and end in "..."; 0 = whole
  bool uid_names = true;               ///< "=CTImageStorage" for UIDs of the registry
};

/// Hands each line to `sink`, without newline. Nothing from the data set reaches the terminal
/// unescaped: control characters are shown as \n, \t or \xHH.
void print(const DataSet& data_set, const std::function<void(std::string_view line)>& sink,
           const PrintOptions& options = {});
[[nodiscard]] std::string print(const DataSet& data_set, const PrintOptions& options = {});

}  // namespace pacs
