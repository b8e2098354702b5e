#include "web/api/api_text.h"

#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace pacs::web {

std::string instant(std::int64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), milliseconds % 1000);
}

}  // namespace pacs::web
