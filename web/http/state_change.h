// Guards requests that change something: browsers send what pages of other sites make them send.
#pragma once

#include "web/http/router.h"

namespace pacs::web {

/// The handler behind two guards against requests that a page of another site makes a visitor's
/// browser send: 403 when Origin (RFC 6454) is present and differs from Host, and, where a body is
/// possible (all but DELETE), 415 unless it is application/json, which no form can send.
[[nodiscard]] Handler guarded(Handler handler);

}  // namespace pacs::web
