// What the JSON and the XML model of data sets let their callers choose.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/dicom_element.h"
#include "core/result.h"

namespace pacs {

struct ModelOptions {
  /// URI for a bulk value (Form::Bulk, pixel data, or binary values above inline_bytes_max);
  /// without it such values are given as InlineBinary when their bytes are here, else left out.
  /// `path` is where the element stands: its tag, "7FE00010", behind the sequences and numbers of
  /// the items it lies in, "00880200.1.7FE00010".
  std::function<std::string(const Element&, std::string_view path)> bulk_data_uri{};
  std::size_t inline_bytes_max = SIZE_MAX;  ///< in bytes before base64
  bool pretty = false;                      ///< JSON indented, for people
  bool file_meta = false;  ///< group 0002 is a file's meta group, and no stray of a data set
};

struct ModelReadOptions {
  std::uint32_t nesting_depth_max = 512;  ///< sequences in sequences, as in Limits
  /// Values, arrays and objects of JSON, of which "0," makes one and each takes 100 bytes of memory
  /// before it is a value of an element.
  std::uint32_t nodes_max = 1'000'000;
  /// The bytes behind the URI of bulk data, little endian. Without it such an element is
  /// Unsupported.
  std::function<Result<Bytes>(std::string_view uri, Tag tag, VR vr)> resolve_bulk{};
  /// Instead of its bytes, where they lie, for who writes the data set with stream_data_set.
  struct Reference {
    BulkReference where;
    bool encapsulated = false;  ///< items with their headers and the delimiter
  };
  std::function<Result<Reference>(std::string_view uri, Tag tag, VR vr)> refer_to_bulk{};
};

}  // namespace pacs
