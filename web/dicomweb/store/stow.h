// STOW-RS (PS3.18 §10.5): takes instances into the archive as they arrive, each acknowledged when
// it is durable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "integration/logging.h"
#include "integration/thread_adapter.h"
#include "services/store/storage_classes.h"
#include "web/dicomweb/resources.h"

namespace pacs::storage {
class Archive;
}

namespace pacs::web {

struct StowLimits {
  /// Of the metadata parts of one request, which wait in memory for their bulk data; 10,000 CT
  /// images have 30 MB.
  std::uint64_t metadata_bytes_max = 64ULL << 20;
  /// Of the bulk data parts of one request, which wait in a temporary file.
  std::uint64_t bulk_bytes_max = 16ULL << 30;
  std::size_t parts_max = 100'000;  ///< the largest study known has 65,000 instances
};

struct StowService {
  storage::Archive& archive;       ///< it and the workers outlive the router
  integration::WorkPool& workers;  ///< where metadata is read
  services::StorageClasses classes{};
  integration::Logger logger{};
  std::string temporary_folder{};  ///< for bulk data; empty: the system's
  StowLimits limits{};
};

/// POST /studies and /studies/{study}.
void add_stow(Resources& resources, StowService service);

/// Answers one of them. What of the body was not read is left in it.
[[nodiscard]] boost::asio::awaitable<Response> store_instances(const StowService& service,
                                                               const Request& request);

}  // namespace pacs::web
