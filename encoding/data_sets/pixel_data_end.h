// Encapsulated Pixel Data that ends with the data set instead of its delimiter (PS3.5 §A.4):
// whether it is all there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/bytes.h"
#include "core/dicom_element.h"

namespace pacs {

struct PixelDataLayout;

/// Who says where a data set ends.
enum class DataSetEnd : std::uint8_t {
  Certain,   ///< its sender (the last PDV, a Content-Length), or the archive that stored it whole
  MaybeCut,  ///< nobody: a file may have been cut there
};

/// The entries of an offset table, of `unit` bytes each.
[[nodiscard]] std::vector<std::uint64_t> offsets_in(ByteView table, std::size_t unit,
                                                    ByteOrder order);

/// Whether the fragments are as many as Number of Frames and the offset tables want: one for each
/// frame, or some for a single one, or as the tables divide them. False where that is not sure.
[[nodiscard]] bool fragments_are_all(const DataSet& data_set, const PixelDataLayout& layout);
[[nodiscard]] bool fragments_are_all(const DataSet& data_set, const Fragments& fragments);

}  // namespace pacs
