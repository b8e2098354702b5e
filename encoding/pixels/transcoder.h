// transcode: gives a stored data set in another transfer syntax, a piece at a time: frames are
// decoded and coded as they are asked for, and nothing long is held whole (PS3.5 §8.2, Annex A).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "encoding/codecs/frame_codec.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/scan/departure.h"

namespace pacs {

/// Whether objects in one transfer syntax (by UIDs) can be given in the other without losing
/// anything; single ones may still have a form that their codec does not take.
[[nodiscard]] bool can_transcode(std::string_view from, std::string_view to);

/// Frames of one object that are worked on at once, for those who have threads: more than there
/// usually are cores, as each waits for the last of them.
inline constexpr std::size_t kFramesAtOnce = 8;

struct TranscodeOptions {
  EncodeOptions encode{};
  /// Frames that are worked on at once, each on a thread of `for_each`.
  std::size_t frames_at_once = 1;
  /// Calls a function for 0 to count - 1, in any order and on any threads, and returns when all
  /// calls have. Empty: one after the other.
  std::function<void(std::size_t count, const std::function<void(std::size_t)>&)> for_each{};
  /// Told what the pixel data departs in, as its frames are read; of the same maybe often.
  std::function<void(Departures)> departed{};
  /// Asked once, before the first frame is decoded, for the memory that coding frames takes. What
  /// it gives is kept as long as they are; its error is that of transcode. Empty: nobody counts.
  std::function<Result<std::shared_ptr<const void>>(std::uint64_t bytes)> memory{};
};

/// The data set that `header` was read from, and `stored` reads (of a deflated one the deflated
/// bytes), as it is written conforming in another transfer syntax or the same. Frames that change
/// are all looked at before the first byte: a damaged one is an error of this call, as later there
/// would be no way to take back what was sent. For that images of more than 16 MiB are decoded
/// twice. Errors: Unsupported where the one cannot be given in the other; what is wrong with the
/// pixel data, naming the attribute.
[[nodiscard]] Result<Pieces> transcode(Header header, std::string_view from, std::string_view to,
                                       ReadStored stored, TranscodeOptions options = {});

/// Gives the image as the new instance that it is once its frames are JPEG Baseline of
/// options.encode.jpeg_quality: see encoding/pixels/lossy_copy.h, which says of what. Of several
/// frames each is coded twice, as the ratio stands in front of them. Errors as transcode has them;
/// Unsupported also where nothing would be gained.
[[nodiscard]] Result<Pieces> transcode_to_lossy_copy(Header header, std::string_view from,
                                                     std::string sop_instance_uid,
                                                     ReadStored stored, TranscodeOptions options);

}  // namespace pacs
