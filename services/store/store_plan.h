// store_plan: which presentation contexts a set of objects needs, split over associations of at
// most 128 contexts.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "network/association.h"
#include "services/store/storable_file.h"
#include "services/store/storage_scu.h"

namespace pacs::services {

/// Contexts to propose, and the objects (indices) that go through them.
struct StoreBatch {
  std::vector<network::PresentationContextProposal> contexts;
  std::vector<std::size_t> objects;
};

/// A context carries one transfer syntax only: with several the acceptor chooses one, and objects
/// in the others could not be sent. With `offer_conversion` one more context for each SOP class
/// that has uncompressed objects offers Explicit and Implicit VR Little Endian. `kind_of` is asked
/// for 0 to count - 1; what it names must live until the plan is made.
[[nodiscard]] std::vector<StoreBatch> plan_store(
    std::size_t count, const std::function<ObjectKind(std::size_t)>& kind_of,
    bool offer_conversion);
[[nodiscard]] std::vector<StoreBatch> plan_store(std::span<const StorableFile> files,
                                                 bool offer_conversion);

}  // namespace pacs::services
