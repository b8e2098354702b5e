// Turns [dicom.tls] and [http.tls] into the TLS options of the network layer.
#pragma once

#include "apps/config/config.h"
#include "network/association.h"

namespace pacs::apps {

/// Of a TLS port, which asks for certificates as the configuration says.
[[nodiscard]] network::TlsOptions acceptor_tls_options(const TlsConfig& tls);

/// Of the associations that we open.
[[nodiscard]] network::TlsOptions requestor_tls_options(const TlsConfig& tls);

}  // namespace pacs::apps
