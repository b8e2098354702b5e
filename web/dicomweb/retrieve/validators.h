// By what a client knows whether it has already what is stored: an entity tag of its contents, and
// when it was received.
#pragma once

#include <string>

#include "storage/archive.h"
#include "web/http/conditional.h"

namespace pacs::web {

/// Of something that is made of one stored object.
[[nodiscard]] Validators validators_of(const storage::InstanceRecord& record, std::string etag);

}  // namespace pacs::web
