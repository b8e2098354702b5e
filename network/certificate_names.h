// What a certificate says whose it is.
#pragma once

#include <string>

#include <openssl/x509.h>

namespace pacs::network {

/// For messages: "a.example, 192.0.2.7": the subject's alternative names (RFC 6125 §6.4), its
/// Common Name when there are none, "nobody" without either. Printable, and not more than a few
/// names.
[[nodiscard]] std::string names_of(const X509* certificate);

/// The whole subject as RFC 4514 writes it, UTF-8: "CN=viewer,O=Hospital".
[[nodiscard]] std::string subject_of(const X509* certificate);

}  // namespace pacs::network
