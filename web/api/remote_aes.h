// `/api/remote-aes`: where an administrator manages the AEs that we may send to.
#pragma once

#include <functional>
#include <string_view>

#include "web/http/router.h"

namespace pacs::integration {
class WorkPool;
}
namespace pacs::services {
class RemoteAes;
}

namespace pacs::web {

/// Adds, all with JSON:
///   GET    /api/remote-aes               lists all
///   POST   /api/remote-aes               enters or replaces the one that the body names
///   GET    /api/remote-aes/{title}
///   PUT    /api/remote-aes/{title}       enters or replaces
///   DELETE /api/remote-aes/{title}
///   POST   /api/remote-aes/{title}/echo  tests it by C-ECHO
/// Wrong fields are answered 400 with the reason, changes to AEs of the configuration 409.
/// `remotes` outlives the server.
/// `entered` is called with the title of each AE that is entered or replaced.
void add_remote_aes(Router& router, services::RemoteAes& remotes, integration::WorkPool& workers,
                    std::function<void(std::string_view title)> entered = {});

}  // namespace pacs::web
