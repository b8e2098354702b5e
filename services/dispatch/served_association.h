// ServedAssociation: what the loop that serves an association, its operations, and our own requests
// on it share. Internal to services/dispatch.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "encoding/character_sets/default_character_set.h"
#include "integration/memory_budget.h"
#include "network/association.h"
#include "services/dispatch/event.h"

namespace pacs::services {

struct ResponderLimits {
  /// Bytes of memory for identifiers and other data sets that are read whole, and for what is made
  /// of them, all associations together: hundreds of ordinary ones at once, or one request for
  /// the commitment of 200,000 instances.
  std::uint64_t data_sets_bytes_max = 256ULL << 20;
  /// Bytes of a data set that comes with a response: neither of C-STORE nor of N-EVENT-REPORT has
  /// one to speak of.
  std::size_t response_bytes_max = 64U << 10;
  /// Operations performed at once on one association when the negotiated window is unlimited.
  std::size_t operations_in_flight_max = 16;
  /// To the response of a request of ours.
  std::chrono::milliseconds invoke_timeout{300'000};
  /// Of text in requests that name none.
  DefaultCharacterSets character_sets{};
};

/// Used on the association's strand only.
struct ServedAssociation {
  ServedAssociation(std::shared_ptr<network::Association> with, boost::asio::any_io_executor on,
                    ResponderLimits within, integration::MemoryBudget& of)
      : association(std::move(with)),
        strand(std::move(on)),
        limits(std::move(within)),
        budget(of),
        changed(strand) {}

  const std::shared_ptr<network::Association> association;
  const boost::asio::any_io_executor strand;
  const ResponderLimits limits;
  integration::MemoryBudget& budget;  ///< of data_sets_bytes_max
  /// An operation has consumed its data set or ended, or a request of ours has ended.
  Event changed;
};

}  // namespace pacs::services
