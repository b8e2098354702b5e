// The Native DICOM Model (PS3.19 §A.1): data sets as XML.
#pragma once

#include <string>
#include <string_view>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/model/model_options.h"

namespace pacs {

/// Appends the XML document of a data set in UTF-8. Control characters, which XML 1.0 cannot hold,
/// become U+FFFD.
[[nodiscard]] Result<> write_xml(const DataSet& data_set, std::string& to,
                                 const ModelOptions& options = {});

/// Reads one document; the data set's text is UTF-8 with Specific Character Set ISO_IR 192.
[[nodiscard]] Result<DataSet> read_xml(std::string_view xml, const ModelReadOptions& options = {});

}  // namespace pacs
