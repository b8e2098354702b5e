// Conditional requests (RFC 9110 §13): whether a client has already what it asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "web/http/http_message.h"

namespace pacs::web {

/// What a representation is known by.
struct Validators {
  std::string etag{};                             ///< strong, with its quotes; empty: none
  std::optional<std::int64_t> last_modified_s{};  ///< seconds since 1970

  /// ETag and Last-Modified, which is never later than now (RFC 9110 §8.8.2.1).
  [[nodiscard]] Fields fields() const;
};

/// A strong entity tag: `content` names exactly one sequence of bytes, and is visible ASCII.
[[nodiscard]] std::string strong_etag(std::string_view content);

enum class Precondition : std::uint8_t {
  Met,          ///< answer as if there were none
  NotModified,  ///< 304, with the validators' fields and no body
  Failed,       ///< 412
};

/// Of a GET or HEAD of a representation that exists, in the order of RFC 9110 §13.2.2: If-Match,
/// If-Unmodified-Since, If-None-Match, If-Modified-Since. Dates that are none do not count.
[[nodiscard]] Precondition check_preconditions(const Fields& headers, const Validators& validators);

/// Whether Range counts: without If-Range, or when If-Range names this very representation
/// (RFC 9110 §13.1.5).
[[nodiscard]] bool range_applies(const Fields& headers, const Validators& validators);

}  // namespace pacs::web
