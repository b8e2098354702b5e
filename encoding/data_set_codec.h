// Whole data sets in memory: bytes -> DataSet, DataSet -> bytes, in every transfer syntax.
#pragma once

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/limits.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

struct ReadOptions {
  Limits limits{};
  /// Stop before this tag at the top level (kPixelData to read a header only); no tag: read all.
  std::optional<Tag> stop_before{};
};

/// Reads a data set; elements view `input`, which the data set keeps alive. Errors carry tag and
/// offset. A deflated data set is inflated first.
[[nodiscard]] Result<DataSet> read_data_set(SharedBytes input, const TransferSyntax& syntax,
                                            const ReadOptions& options = {});

/// Writes a data set. One that was read and not changed gives the same bytes in the same transfer
/// syntax. Between byte orders and VR forms values are converted. Bulk references are an error
/// (InvalidArgument): the bytes are not here.
[[nodiscard]] Result<Bytes> write_data_set(const DataSet& data_set, const TransferSyntax& syntax);

}  // namespace pacs
