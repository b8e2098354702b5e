// Ranges of bytes (RFC 9110 §14): what of a representation a client asks for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "web/http/http_message.h"

namespace pacs::web {

struct ByteRange {
  std::uint64_t offset = 0, length = 0;  ///< length is never 0
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct RangeRequest {
  enum class Kind : std::uint8_t {
    Whole,          ///< 200 with all of it
    Parts,          ///< 206: one range as it is, several as multipart/byteranges
    Unsatisfiable,  ///< 416 with unsatisfied_content_range
  };
  Kind kind = Kind::Whole;
  std::vector<ByteRange> ranges{};  ///< of Parts, in the order asked for, within the representation

  friend bool operator==(const RangeRequest&, const RangeRequest&) = default;
};

/// What the Range field of `headers` asks of `size` bytes; If-Range is looked at before
/// (range_applies). What RFC 9110 §14.2 lets a server ignore is ignored: other units, what is not
/// well-formed, more than byte_ranges_max (64) ranges, and ranges that together are longer than the
/// whole, which only cost.
[[nodiscard]] RangeRequest requested_ranges(const Fields& headers, std::uint64_t size);

/// "bytes 0-499/1234"
[[nodiscard]] std::string content_range(const ByteRange& range, std::uint64_t size);
/// "bytes */1234"
[[nodiscard]] std::string unsatisfied_content_range(std::uint64_t size);

}  // namespace pacs::web
