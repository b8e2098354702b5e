#include "apps/config/tls_options.h"

namespace pacs::apps {

network::TlsOptions requestor_tls_options(const TlsConfig& tls) {
  network::TlsOptions options;
  options.certificate_file = tls.certificate;
  options.private_key_file = tls.key;
  options.ca_file = tls.ca;
  return options;
}

network::TlsOptions acceptor_tls_options(const TlsConfig& tls) {
  network::TlsOptions options = requestor_tls_options(tls);
  using Asked = network::TlsOptions::ClientCertificate;
  switch (tls.client_certificate) {
    case ClientCertificate::Off:
      options.client_certificate = Asked::Off;
      break;
    case ClientCertificate::Optional:
      options.client_certificate = Asked::Optional;
      break;
    case ClientCertificate::Required:
      options.client_certificate = Asked::Required;
      break;
  }
  return options;
}

}  // namespace pacs::apps
