// The DICOM JSON model (PS3.18 §F) of data sets.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/dicom_dataset.h"
#include "core/result.h"

namespace pacs {

struct JsonOptions {
  /// URI for a bulk value (Form::Bulk, pixel data, or binary values above inline_bytes_max);
  /// without it such values are given as InlineBinary when their bytes are here, else left out.
  std::function<std::string(const Element&)> bulk_data_uri{};
  std::size_t inline_bytes_max = SIZE_MAX;  ///< in bytes before base64
  bool pretty = false;                      ///< indented, for people
};

/// Appends the JSON object of a data set; text is decoded to UTF-8 by Specific Character Set.
[[nodiscard]] Result<> write_json(const DataSet& data_set, std::string& to,
                                  const JsonOptions& options = {});

struct JsonReadOptions {
  std::uint32_t nesting_depth_max = 512;  ///< sequences in sequences, as in Limits
  /// The bytes behind a BulkDataURI, little endian. Without it such an element is Unsupported.
  std::function<Result<Bytes>(std::string_view uri, Tag tag, VR vr)> resolve_bulk{};
};

/// Reads one JSON object; the data set's text is UTF-8 with Specific Character Set ISO_IR 192.
/// Numbers keep their digits: a DS or FD comes back as it was written.
[[nodiscard]] Result<DataSet> read_json(std::string_view json, const JsonReadOptions& options = {});

}  // namespace pacs
