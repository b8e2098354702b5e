// ByteSource: the bytes of an answer, read straight into the memory that they are sent from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/data_sets/streamed_data_set.h"
#include "web/http/http_message.h"

namespace pacs::web {

/// Fills memory from its begin with what comes next and says how many bytes that were: 0 at the
/// end. An error is final.
using ByteSource = std::function<Result<std::size_t>(std::span<std::byte>)>;

[[nodiscard]] ByteSource bytes_source(SharedBytes bytes);
[[nodiscard]] ByteSource pieces_source(Pieces pieces);
/// So many bytes that `stored` gives from an offset on.
[[nodiscard]] ByteSource range_source(ReadStored stored, BulkReference where);
/// What lies in several places, one behind another.
[[nodiscard]] ByteSource places_source(const ReadStored& stored,
                                       const std::vector<BulkReference>& places);
/// One after the other.
[[nodiscard]] ByteSource joined_source(std::vector<ByteSource> sources);

/// What an answer gives.
struct Content {
  ByteSource source;
  std::optional<std::uint64_t> bytes{};  ///< none where only the end will tell
  /// Gives a part of it; empty where there is no way but from the front.
  std::function<ByteSource(std::uint64_t offset, std::uint64_t length)> part{};
};

[[nodiscard]] Content bytes_content(SharedBytes shared);
[[nodiscard]] inline Content bytes_content(Bytes bytes) {
  return bytes_content(share(std::move(bytes)));
}
[[nodiscard]] Content places_content(ReadStored stored, std::vector<BulkReference> places);

/// As the body of a response: a short one at once, so that it leaves with its head, a longer one
/// while it is sent. Errors: what reading a short one says.
[[nodiscard]] Result<std::variant<std::string, StreamedBody>> body_of(Content content);

}  // namespace pacs::web
