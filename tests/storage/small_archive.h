// An archive as tests of the layers above open it: with a small journal, which is made in no time.
#pragma once

#include <memory>
#include <utility>

#include "storage/local_archive.h"

namespace pacs::storage {

inline Result<std::unique_ptr<Archive>> open_small_archive(ArchiveOptions options) {
  ArchiveTuning tuning;
  tuning.segment_bytes = 2 << 20;
  tuning.segments_min = 2;
  PACS_TRY(std::unique_ptr<Archive> archive, LocalArchive::open(std::move(options), tuning));
  return archive;
}

}  // namespace pacs::storage
