// An answer of several parts (PS3.18 §8.6.1.2): each is opened when its turn comes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "web/dicomweb/retrieve/byte_source.h"
#include "web/http/http_message.h"

namespace pacs::web {

struct AnswerPart {
  Fields fields;
  ByteSource source;
};
/// The next part; none at the end. An error ends the connection.
using NextPart = std::function<Result<std::optional<AnswerPart>>()>;

/// How long all parts are, header fields and contents: calls `each` with those of every part.
using EachPart = std::function<void(const Fields& fields, std::uint64_t content_bytes)>;
using ForEachPart = std::function<void(const EachPart& each)>;

/// multipart/related with parts of this media type. With `for_each` the length is known beforehand.
[[nodiscard]] Result<Response> multipart_answer(std::string_view media_type, NextPart next,
                                                const ForEachPart& for_each = {});
/// The same as multipart/byteranges.
[[nodiscard]] Result<Response> byte_ranges_answer(NextPart next, const ForEachPart& for_each);

}  // namespace pacs::web
