// Writes small JPEG codestreams in every form that T.81 process 14 allows, for tests.
#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.h"

namespace pacs::test {

/// A lossless codestream of T.81 Annex H, and how it is laid out.
struct LosslessJpeg {
  std::uint16_t rows = 1, columns = 1;
  std::size_t components = 1;
  unsigned precision = 8;
  unsigned predictor = 1;
  unsigned point_transform = 0;
  unsigned restart_rows = 0;  ///< of a restart interval, 0 without
  bool interleaved = true;    ///< else a scan for each component
  bool filled = false;        ///< fill bytes before markers (T.81 §B.1.1.2)

  /// Of samples by pixel. Its Huffman table has codes of 1 to 16 bits and all 17 categories.
  [[nodiscard]] Bytes write(const std::vector<std::uint16_t>& samples) const;
};

}  // namespace pacs::test
