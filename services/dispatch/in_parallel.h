// in_parallel: the same work several times at once, on one strand.
#pragma once

#include <cstddef>
#include <functional>

#include "network/association.h"

namespace pacs::services {

/// Runs so many coroutines that `make` gives, on the caller's strand, and waits until all have
/// ended.
network::Task<void> in_parallel(std::size_t count, std::function<network::Task<void>()> make);

}  // namespace pacs::services
