// ServedAssociation: what the loop that serves an association, its operations, and our own requests
// on it share. Internal to services/dispatch.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "encoding/default_character_set.h"
#include "network/association.h"
#include "services/dispatch/event.h"

namespace pacs::services {

struct ResponderLimits {
  /// Bytes of an identifier or an N-service data set, which is read whole: real ones are below
  /// 64 KiB, a commitment request for 100,000 instances is 14 MiB.
  std::size_t identifier_bytes_max = 32U << 20;
  /// Bytes of a data set that comes with a response.
  std::size_t response_bytes_max = 1U << 20;
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
                    const ResponderLimits& within)
      : association(std::move(with)), strand(std::move(on)), limits(within), changed(strand) {}

  const std::shared_ptr<network::Association> association;
  const boost::asio::any_io_executor strand;
  const ResponderLimits limits;
  /// An operation has consumed its data set or ended, or a request of ours has ended.
  Event changed;
};

}  // namespace pacs::services
