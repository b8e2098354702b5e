// What keeps a server from doing what its configuration says though every value is right: things
// outside that change while the configuration stays.
#pragma once

#include <vector>

#include "apps/config/config.h"
#include "core/result.h"

namespace pacs::apps {

/// Whether the certificate of the TLS port, which can be loaded, may be used now. A server with one
/// that may not warns and starts: it would else take the other ports down with it.
[[nodiscard]] Result<> check_certificate_time(const TlsConfig& tls);

/// That, and whether the log file can be written. Makes and changes nothing.
[[nodiscard]] std::vector<Error> check_start(const Config& config);

}  // namespace pacs::apps
