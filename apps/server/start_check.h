// What keeps a server from doing what a valid configuration says: things outside it, which change
// while the configuration stays.
#pragma once

#include <vector>

#include "apps/config/config.h"
#include "core/result.h"

namespace pacs::apps {

/// Whether the certificate of the TLS port is valid now; it can be loaded. With an invalid one the
/// server warns and starts: a refusal would take the other ports down as well.
[[nodiscard]] Result<> check_certificate_time(const TlsConfig& tls);

/// That, and whether the log file can be written. Creates and changes nothing.
[[nodiscard]] std::vector<Error> check_start(const Config& config);

}  // namespace pacs::apps
