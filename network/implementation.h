// Who we are on the wire (PS3.7 §D.3.3.2): the same in every association and file we write.
#pragma once

#include <string_view>

namespace pacs::network {

/// Derived from a UUID (PS3.5 §B.2), made once for this implementation.
inline constexpr std::string_view kImplementationClassUid =
    "2.25.279586551125980885280323996683448592029";
inline constexpr std::string_view kImplementationVersionName = "PACS_SYSTEM_0_1";

}  // namespace pacs::network
