// What a data set says of its pixel data once that was written anew (PS3.5 §8.2, PS3.3 §C.7.6.3).
#pragma once

#include <cstdint>

#include "core/dicom_dataset.h"
#include "encoding/codecs/frame_format.h"

namespace pacs {

/// Pixels as they are written.
struct WrittenPixels {
  FrameFormat format;
  unsigned high_bit = 0;  ///< where the highest bit of a pixel lies in its cell
  bool encapsulated = false;
  std::uint64_t value_bytes = 0;  ///< of native ones, all frames together, without padding
};

/// Makes the image's attributes say so. Pixel Data becomes a bulk reference to offset 0, which is
/// no place of a data set; `is_written_anew` knows it. Offset tables go.
void describe_pixels(DataSet& data_set, const WrittenPixels& written);

[[nodiscard]] inline bool is_written_anew(const Element& bulk) {
  return bulk.tag() == kPixelData && bulk.bulk() != nullptr && bulk.bulk()->offset == 0;
}

}  // namespace pacs
