// LossyCopy: the new instance that an image is once it was compressed with loss (PS3.3
// §C.7.6.1.1.5, PS3.4 §B.4.1.2).
#pragma once

#include <string>
#include <string_view>

#include "core/dicom_dataset.h"
#include "encoding/data_sets/header_reader.h"

namespace pacs {

struct LossyCopy {
  std::string sop_instance_uid{};
  int jpeg_quality = 0;  ///< EncodeOptions
  double ratio = 1;      ///< of the bytes of the native pixels to those of the codestreams
};

/// Whether an image is one to be compressed with loss: JPEG Baseline takes its pixels as they are
/// (grey or colour of 8 unsigned bits), they are to be looked at (no palette's entries, no
/// segments), and the transfer syntax in which they are stored has not cost anything yet.
[[nodiscard]] bool has_lossy_copy(const Header& header, std::string_view transfer_syntax_uid);

/// The same each time for the same image and quality.
[[nodiscard]] std::string lossy_copy_uid(std::string_view sop_instance_uid, int jpeg_quality);

/// Makes a data set that of the copy: what it is derived from and how, and what was lost. Its
/// pixels are described by describe_pixels.
void describe_lossy_copy(DataSet& data_set, const LossyCopy& copy);

}  // namespace pacs
