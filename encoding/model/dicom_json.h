// The DICOM JSON model (PS3.18 §F) of data sets.
#pragma once

#include <string>
#include <string_view>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/model/model_options.h"

namespace pacs {

/// Appends the JSON object of a data set; text is decoded to UTF-8 by Specific Character Set.
[[nodiscard]] Result<> write_json(const DataSet& data_set, std::string& to,
                                  const ModelOptions& options = {});

/// Reads one JSON object; the data set's text is UTF-8 with Specific Character Set ISO_IR 192.
/// Numbers keep their digits: a DS or FD comes back as it was written.
[[nodiscard]] Result<DataSet> read_json(std::string_view json,
                                        const ModelReadOptions& options = {});

}  // namespace pacs
