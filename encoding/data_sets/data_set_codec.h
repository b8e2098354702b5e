// Whole data sets in memory: bytes -> DataSet, DataSet -> bytes, in every transfer syntax.
#pragma once

#include <optional>

#include "core/result.h"
#include "encoding/data_sets/pixel_data_end.h"
#include "encoding/limits.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

class DataSet;

struct ReadOptions {
  Limits limits{};
  /// Stop before this tag at the top level (kPixelData to read a header only); no tag: read all.
  std::optional<Tag> stop_before{};
  DataSetEnd end = DataSetEnd::MaybeCut;
};

/// Reads a data set; elements view `input`, which the data set keeps alive. Errors carry tag and
/// offset. A deflated data set is inflated first.
[[nodiscard]] Result<DataSet> read_data_set(SharedBytes input, const TransferSyntax& syntax,
                                            const ReadOptions& options = {});

struct WriteOptions {
  /// Writes what PS3.5 §7.1 and §7.2 have: elements in the order of their tags, of each tag the
  /// first, none of commands and files, and no (gggg,0000), which would be wrong where elements
  /// have changed or change length in another transfer syntax.
  bool conforming = false;
  /// Pads values and fragments of odd length, which some devices send, as PS3.5 §6.2 says.
  bool even_lengths = false;
};

/// Writes a data set. One that was read and not changed gives the same bytes in the same transfer
/// syntax (of a deflated one the inflated bytes are the same; compressors differ). Between byte
/// orders and VR forms values are converted. InvalidArgument: bulk references (the bytes are not
/// here), encapsulated pixel data in a transfer syntax without (it must be decoded first), and
/// native one where a conforming transfer syntax encapsulates it (PS3.5 §A.4).
[[nodiscard]] Result<Bytes> write_data_set(const DataSet& data_set, const TransferSyntax& syntax,
                                           const WriteOptions& options = {});
/// The same behind what `to` holds already; on an error `to` is as it was.
[[nodiscard]] Result<> append_data_set(Bytes& to, const DataSet& data_set,
                                       const TransferSyntax& syntax,
                                       const WriteOptions& options = {});

}  // namespace pacs
