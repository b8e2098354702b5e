// Keys and attributes that a person names in a file, and the character set they are sent in.
#pragma once

#include <string>

#include "core/dicom_dataset.h"
#include "core/result.h"

namespace pacs::apps {

/// The elements of a DICOM or DICOM JSON file (an array of one too), without group lengths and file
/// meta information; text in UTF-8.
[[nodiscard]] Result<DataSet> read_key_file(const std::string& path);

/// Turns keys in UTF-8 into the form in which they are sent: ASCII as it is, else encoded in and
/// labelled with `character_set` (empty: UTF-8). InvalidArgument when there is no such set or it
/// does not have their characters.
[[nodiscard]] Result<DataSet> encode_keys(DataSet keys, const std::string& character_set);

}  // namespace pacs::apps
