// An answer of one part: to conditional requests and to those for ranges of it (RFC 9110 §13, §14).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "web/dicomweb/retrieve/byte_source.h"
#include "web/http/conditional.h"
#include "web/http/http_message.h"

namespace pacs::web {

/// 304 or 412 where the request's conditions say so; else the answer is to be made.
[[nodiscard]] std::optional<Response> settled_by_preconditions(const Request& request,
                                                               const Validators& validators);

struct Representation {
  std::string content_type;
  Content content;
  Validators validators{};
};

/// To a HEAD where making the content would cost: all of a GET's fields but its length where that
/// is not known (RFC 9110 §9.3.2).
[[nodiscard]] Response head_answer(std::string content_type, const Validators& validators,
                                   std::optional<std::uint64_t> bytes = {});

/// 200, or 206 or 416 where a range is asked for and its content can be read from anywhere.
[[nodiscard]] Result<Response> ranged_answer(Representation representation, const Request& request);

}  // namespace pacs::web
