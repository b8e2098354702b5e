// The part of a file that can be read, up to where it is damaged: for people who examine it.
#pragma once

#include <filesystem>
#include <optional>

#include "core/result.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/scan/departure.h"

namespace pacs::apps {

struct ReadablePart {
  DicomFile file;
  Departures departures;       ///< of the part that is read
  std::optional<Error> error;  ///< why there is no more; none when the file is whole
};

/// An error when not even the start is DICOM. Sequences that were open where the damage begins
/// hold the items read so far. Nothing of a damaged deflated data set is readable.
[[nodiscard]] Result<ReadablePart> read_readable_part(const std::filesystem::path& path);

}  // namespace pacs::apps
