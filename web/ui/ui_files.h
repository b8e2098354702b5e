// The files of web/ui, compiled into the program (cmake/embed.cmake writes the source).
#pragma once

#include <span>
#include <string_view>

namespace pacs::web {

struct UiFile {
  std::string_view name;  ///< "style.css"
  std::string_view content;
};

[[nodiscard]] std::span<const UiFile> ui_files();

}  // namespace pacs::web
