// What the targets of both models want of the bytes of a data set.
#pragma once

#include "core/dicom_dataset.h"
#include "encoding/data_sets/data_set_codec.h"
#include "tests/fuzz/require.h"

/// In Explicit VR Little Endian a data set can be written, read and written again, and from then on
/// gives the same bytes: read first, an attribute of the dictionary as UN gets its VR.
inline void require_steady_bytes(const pacs::DataSet& data_set) {
  const pacs::TransferSyntax& syntax = pacs::explicit_vr_little_endian();
  const auto again = [&syntax](const pacs::Bytes& bytes) {
    const auto read = pacs::read_data_set(pacs::share(bytes), syntax);
    require(read.has_value());
    const auto written = pacs::write_data_set(*read, syntax);
    require(written.has_value());
    return *written;
  };
  const auto first = pacs::write_data_set(data_set, syntax);
  require(first.has_value());
  const pacs::Bytes second = again(*first);
  require(again(second) == second);
}
