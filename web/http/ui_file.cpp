#include "web/http/ui_file.h"

#include <array>
#include <string>
#include <utility>

#include "web/ui/ui_files.h"

namespace pacs::web {

std::string_view content_type_of(std::string_view name) {
  using Row = std::pair<std::string_view, std::string_view>;
  static constexpr std::array<Row, 10> kByEnding{{{".html", "text/html; charset=utf-8"},
                                                  {".css", "text/css; charset=utf-8"},
                                                  {".js", "text/javascript; charset=utf-8"},
                                                  {".json", "application/json"},
                                                  {".txt", "text/plain; charset=utf-8"},
                                                  {".svg", "image/svg+xml"},
                                                  {".png", "image/png"},
                                                  {".ico", "image/vnd.microsoft.icon"},
                                                  {".wasm", "application/wasm"},
                                                  {".woff2", "font/woff2"}}};
  for (const auto& [ending, type] : kByEnding) {
    if (name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

Response ui_file(std::string_view name) {
  for (const UiFile& file : ui_files()) {
    if (file.name == name) {
      return Response::of(content_type_of(name), std::string(file.content))
          .with("Cache-Control", "no-cache");
    }
  }
  return Response::problem(404, "There is no such file.");
}

}  // namespace pacs::web
