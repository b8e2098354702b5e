// store_plan: which presentation contexts a set of files needs, split over associations of at most
// 128 contexts.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "network/association.h"
#include "services/storable_file.h"

namespace pacs::services {

/// Contexts to propose, and the files (indices) that go through them.
struct StoreBatch {
  std::vector<network::PresentationContext> contexts;
  std::vector<std::size_t> files;
};

/// A context carries one transfer syntax only: with several the acceptor chooses one, and files in
/// the others could not be sent. With `offer_conversion` one more context for each SOP class that
/// has uncompressed files offers Explicit and Implicit VR Little Endian.
[[nodiscard]] std::vector<StoreBatch> plan_store(std::span<const StorableFile> files,
                                                 bool offer_conversion);

inline constexpr std::size_t kContextsMax = 128;  // odd ids 1..255 (PS3.8 §9.3.2.2)

}  // namespace pacs::services
