// `/api/remote-aes`: the administrator's view of whom we may send to.
#pragma once

#include <functional>
#include <string_view>

#include "web/http/router.h"

namespace pacs::services {
class RemoteAes;
}

namespace pacs::web {

/// Adds, all with JSON:
///   GET    /api/remote-aes               all of them
///   POST   /api/remote-aes               enters or replaces the one that the body names
///   GET    /api/remote-aes/{title}
///   PUT    /api/remote-aes/{title}       enters or replaces
///   DELETE /api/remote-aes/{title}
///   POST   /api/remote-aes/{title}/echo  asks it by C-ECHO whether it is there
/// Wrong fields are answered 400 with what is wrong, changes of what the configuration names 409.
/// `remotes` outlives the server.
/// `entered` is called with the title of an AE that can be reached now, or elsewhere than before.
void add_remote_aes(Router& router, services::RemoteAes& remotes,
                    std::function<void(std::string_view title)> entered = {});

}  // namespace pacs::web
