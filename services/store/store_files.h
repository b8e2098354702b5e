// store_files: sends DICOM files to a peer over several associations at once. What `pacs store`
// does, as a call.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "integration/logging.h"
#include "network/association.h"
#include "services/store/send_queue.h"
#include "services/store/storable_file.h"
#include "services/store/store_plan.h"

namespace pacs::services {

struct StoreOptions {
  network::RequestOptions peer;  ///< its contexts are filled in
  std::size_t associations = 1;  ///< at once
  /// Transfer syntaxes to transcode to when the peer does not take an object's own; none: never.
  std::vector<std::string> conversions = usual_conversions();
  std::size_t retries = 2;                     ///< of one file, when the association broke under it
  std::chrono::milliseconds retry_delay{500};  ///< doubled each time
};

using FileOutcome = SendOutcome;

struct FileResult : SendResult {
  std::size_t file = 0;             ///< index into the files given
  std::string transfer_syntax_uid;  ///< as sent
  Departures departures;            ///< of its pixel data, where that was decoded
};

/// Blocks until every file has a result. `on_result` is called once for each file, one call at a
/// time, from several threads.
void store_files(std::span<const StorableFile> files, const StoreOptions& options,
                 const integration::Logger& log,
                 const std::function<void(const FileResult&)>& on_result);

}  // namespace pacs::services
