// The viewer: OHIF's ready build (scripts/viewer.sh), mounted at /viewer/ with a configuration of
// ours.
#pragma once

#include <filesystem>

#include "web/http/router.h"

namespace pacs::web {

/// Adds `/viewer/` and what lies below it. `folder` holds the site's files as gzip, "name.gz", and
/// VERSION; they are looked for once. Where there are none every path is 404, and the problem says
/// how to get them. A path that is no file is one of the viewer's own, and gets its page. Whoever
/// may read nothing is led to /login first.
void add_viewer(Router& router, const std::filesystem::path& folder);

}  // namespace pacs::web
