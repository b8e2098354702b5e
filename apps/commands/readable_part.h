// What of a file can be read, up to where it is broken: for people who look at damaged files.
#pragma once

#include <filesystem>
#include <optional>

#include "core/result.h"
#include "encoding/dicom_file.h"

namespace pacs::apps {

struct ReadablePart {
  DicomFile file;
  std::optional<Error> error;  ///< why there is no more; none when the file is whole
};

/// An error when not even the front is DICOM. Sequences that were open where the file broke hold
/// the items read so far. Of a damaged deflated data set nothing is readable.
[[nodiscard]] Result<ReadablePart> read_readable_part(const std::filesystem::path& path);

}  // namespace pacs::apps
