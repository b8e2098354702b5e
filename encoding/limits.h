// What one data set from outside may cost. Each limit has a unit and a reason.
#pragma once

#include <cstdint>

namespace pacs {

/// As much as limits.nesting_depth_max can be set to: readers and writers of nested data sets
/// recurse.
inline constexpr std::uint32_t kNestingDepthHighest = 4096;

/// Bytes of one frame as it is decoded: stops a few bytes that announce 65,535 by 65,535 pixels. An
/// image of 16,000 by 10,000 in RGB has 458 MiB, and codecs take up to four times as much beside.
inline constexpr std::uint64_t kFrameBytesMax = 512ULL << 20;

struct Limits {
  /// Sequences within sequences. Real objects stay below 16 (structured reports reach 30); 100,000
  /// levels are an attack. Above it: LimitExceeded.
  std::uint32_t nesting_depth_max = 512;
  /// Elements in all, items' included: bounds memory for a header of tiny elements.
  std::uint64_t elements_max = 4'000'000;
  /// Bytes of one value kept in a header; longer ones become bulk references.
  std::uint32_t header_value_bytes_max = 4096;
  /// The same for text, which is asked for and matched: LT alone has up to 10,240 characters
  /// (PS3.5 Table 6.2-1). The greater of the two counts.
  std::uint32_t header_text_bytes_max = 1U << 20;
  /// Bytes of all values kept in a header together, and of the elements and items that hold them:
  /// bounds what one object may cost in memory.
  std::uint64_t header_bytes_max = 64ULL << 20;
  /// Fragments whose offsets are kept (16 bytes each), and entries of a kept offset table.
  std::uint64_t fragments_max = 1'000'000;
  /// Inflated bytes of one deflated data set: stops deflate bombs.
  std::uint64_t inflated_bytes_max = 4ULL << 30;
  /// Inflated bytes for each deflated one; deflate itself reaches 1032. Applied above 16 MiB.
  std::uint32_t inflate_ratio_max = 1032;
};

/// For what is stored already, and was admitted by limits that may have been wider than today's:
/// none that refuses. What of an object a header keeps is as `limits` say.
[[nodiscard]] inline Limits limits_of_stored(Limits limits = {}) {
  limits.nesting_depth_max = kNestingDepthHighest;
  limits.elements_max = UINT64_MAX;
  limits.header_bytes_max = UINT64_MAX;
  limits.inflated_bytes_max = UINT64_MAX;
  limits.inflate_ratio_max = UINT32_MAX;
  return limits;
}

}  // namespace pacs
