// open_association: network::request_association for work that may have to end while it waits.
#pragma once

#include <functional>
#include <memory>

#include "integration/logging.h"
#include "network/association.h"

namespace pacs::services {

using Opened = Result<std::shared_ptr<network::Association>>;

/// Opens an association. Cancelled when it is `unwanted`, which is asked ten times a second; an
/// association that opens after that is aborted. On the caller's executor, which runs one
/// thing at a time.
network::Task<Opened> open_association(network::RequestOptions peer, integration::Logger log,
                                       std::function<bool()> unwanted);

}  // namespace pacs::services
