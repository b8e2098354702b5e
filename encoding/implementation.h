// How this implementation names itself: in file meta information (PS3.10 §7.1) and in association
// negotiation (PS3.7 §D.3.3.2).
#pragma once

#include <string_view>

namespace pacs {

/// From a UUID (PS3.5 §B.2). The same for every version: it names the software, not a release.
inline constexpr std::string_view kImplementationClassUid =
    "2.25.279586551125980885280323996683448592029";
inline constexpr std::string_view kImplementationVersionName = "PACS_SYSTEM_0_1";  // at most 16

}  // namespace pacs
