// Capabilities descriptions (PS3.18 §8.9.1, Annex H): WADL documents, and the same as JSON.
#pragma once

#include <span>

#include "web/dicomweb/resources.h"

namespace pacs::web {

/// The answer to OPTIONS on a path of the service ("/" is all of it): its methods and those of the
/// resources below. 406 when the client accepts neither XML nor JSON.
[[nodiscard]] Response describe_resource(std::span<const Transaction> transactions,
                                         std::string_view path, const Request& request);

}  // namespace pacs::web
