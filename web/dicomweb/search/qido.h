// QIDO-RS: the search transaction of the Studies service (PS3.18 §10.6).
#pragma once

#include "web/dicomweb/search/qido_search.h"

namespace pacs::storage {
class Archive;
}

namespace pacs::web {

/// Adds GET on the six resources of PS3.18 Table 10.6.1-1. The archive outlives the router.
void add_qido(Resources& resources, storage::Archive& archive, const QidoOptions& options = {});

}  // namespace pacs::web
