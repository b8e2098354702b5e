// transcode: gives a stored data set in another transfer syntax, a piece at a time: frames are
// decoded and coded as they are asked for, and nothing is held whole (PS3.5 §8.2, Annex A).
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "core/result.h"
#include "encoding/codecs/frame_codec.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/data_sets/streamed_data_set.h"

namespace pacs {

/// Whether objects in one transfer syntax (by UIDs) can be given in the other without losing
/// anything; single ones may still have a form that their codec does not take.
[[nodiscard]] bool can_transcode(std::string_view from, std::string_view to);

struct TranscodeOptions {
  EncodeOptions encode{};
  /// Frames that are worked on at once, each on a thread of `for_each`.
  std::size_t frames_at_once = 1;
  /// Calls a function for 0 to count - 1, in any order and on any threads, and returns when all
  /// calls have. Empty: one after the other.
  std::function<void(std::size_t count, const std::function<void(std::size_t)>&)> for_each{};
};

/// The data set that `header` was read from, and `stored` reads (of a deflated one the deflated
/// bytes), as it is written conforming in another transfer syntax or the same. The first frames are
/// coded at once, as the attributes before them depend on them. Errors: Unsupported where the one
/// cannot be given in the other; what is wrong with the pixel data, naming the attribute.
[[nodiscard]] Result<Pieces> transcode(Header header, std::string_view from, std::string_view to,
                                       ReadStored stored, TranscodeOptions options = {});

}  // namespace pacs
