// Whether a sanitizer watches this build, and how much of a long test is enough there.
#pragma once

namespace pacs {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
inline constexpr bool kSanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool kSanitized = false;
#endif

/// Of rounds, steps or seeds that are all tried without a sanitizer, it sees one of five; odd, so
/// that what alternates from one to the next still does.
inline constexpr int kStride = kSanitized ? 5 : 1;
constexpr int rounds(int all) {
  return (all + kStride - 1) / kStride;
}

}  // namespace pacs
