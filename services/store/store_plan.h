// store_plan: which presentation contexts a set of objects needs, split over associations of at
// most 128 contexts.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
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

/// What every receiver takes (PS3.5 §10.1): offered besides the transfer syntax of each object.
[[nodiscard]] std::vector<std::string> usual_conversions();

/// A context carries one transfer syntax only: with several the acceptor chooses one, and objects
/// in the others could not be sent. More contexts offer `conversions` (none: objects go as they
/// are) for each SOP class that has objects which can be transcoded to them: one for each that is
/// compressed, one for the uncompressed ones together. One more is for what goes lossy. `kind_of`
/// is asked for 0 to count - 1; what it names must live until the plan is made.
[[nodiscard]] std::vector<StoreBatch> plan_store(
    std::size_t count, const std::function<ObjectKind(std::size_t)>& kind_of,
    std::span<const std::string> conversions);
[[nodiscard]] std::vector<StoreBatch> plan_store(std::span<const StorableFile> files,
                                                 std::span<const std::string> conversions);

}  // namespace pacs::services
