// What a certificate says whose it is, for messages.
#pragma once

#include <string>

#include <openssl/x509.h>

namespace pacs::network {

/// "a.example, 192.0.2.7": the subject's alternative names (RFC 6125 §6.4), its Common Name when
/// there are none, "nobody" without either. Printable, and not more than a few names.
[[nodiscard]] std::string names_of(const X509* certificate);

}  // namespace pacs::network
