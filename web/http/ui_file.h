// The page's files as answers.
#pragma once

#include <string_view>

#include "web/http/http_message.h"

namespace pacs::web {

/// A file of web/ui by its name; 404 for another one.
[[nodiscard]] Response ui_file(std::string_view name);

/// By the end of a file's name: "text/html; charset=utf-8".
[[nodiscard]] std::string_view content_type_of(std::string_view name);

}  // namespace pacs::web
