#include "web/api/api_text.h"

#include <charconv>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "web/http/http_message.h"

namespace pacs::web {

Result<std::int64_t> read_number(std::string_view name, std::string_view text, std::int64_t min,
                                 std::int64_t max) {
  std::int64_t number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || end != last || number < min || number > max) {
    return bad_request(fmt::format("{} must be a number from {} to {}", name, min, max));
  }
  return number;
}

std::string instant(std::int64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), milliseconds % 1000);
}

}  // namespace pacs::web
