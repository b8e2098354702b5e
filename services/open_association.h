// open_association: network::request_association for work that may have to end while it waits.
#pragma once

#include <memory>
#include <stop_token>

#include "integration/logging.h"
#include "network/association.h"

namespace pacs::services {

using Opened = Result<std::shared_ptr<network::Association>>;

/// Opens an association. Cancelled as soon as `stop` is asked for, whose callbacks must come on the
/// caller's executor; an association that is established only then is aborted.
network::Task<Opened> open_association(network::RequestOptions peer, integration::Logger log,
                                       std::stop_token stop);

}  // namespace pacs::services
