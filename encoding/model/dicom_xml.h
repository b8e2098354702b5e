// The Native DICOM Model (PS3.19 §A.1): data sets as XML.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/dicom_dataset.h"
#include "core/result.h"

namespace pacs {

struct XmlOptions {
  /// As in JsonOptions.
  std::function<std::string(const Element&)> bulk_data_uri{};
  std::size_t inline_bytes_max = SIZE_MAX;  ///< in bytes before base64
};

/// Appends the XML document of a data set in UTF-8. Control characters, which XML 1.0 cannot hold,
/// become U+FFFD.
[[nodiscard]] Result<> write_xml(const DataSet& data_set, std::string& to,
                                 const XmlOptions& options = {});

struct XmlReadOptions {
  std::uint32_t nesting_depth_max = 512;  ///< sequences in sequences, as in Limits
  /// As in JsonReadOptions.
  std::function<Result<Bytes>(std::string_view uri, Tag tag, VR vr)> resolve_bulk{};
};

/// Reads one document; the data set's text is UTF-8 with Specific Character Set ISO_IR 192.
[[nodiscard]] Result<DataSet> read_xml(std::string_view xml, const XmlReadOptions& options = {});

}  // namespace pacs
