// PS3.15 §B.12, BCP 195 (RFC 8996, RFC 9325) TLS Secure Transport Connection Profile.
#include "network/tls_context.h"

#include <ctime>
#include <string>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace pacs::network {
namespace {

namespace ssl = boost::asio::ssl;

// RFC 9325 §4.2: forward secrecy and authenticated encryption only. PS3.15 §B.12 asks for these
// suites; OpenSSL's order is ours.
constexpr const char* kTls12Ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384";
constexpr const char* kTls13Ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384:P-521";  // RFC 9325 §4.2: at least 224 bits

tl::unexpected<Error> wrong(std::string_view what, const std::string& file,
                            const boost::system::error_code& code) {
  return fail(Error{ErrorKind::InvalidArgument,
                    fmt::format("{} cannot be used: {}", what, code.message()),
                    {},
                    {},
                    file});
}

// RFC 8996 forbids TLS 1.0 and 1.1; RFC 9325 §3.1.1 SSL; §3.3.1 compression; §3.5 renegotiation.
Result<> apply_profile(ssl::context& context) {
  SSL_CTX* native = context.native_handle();
  boost::system::error_code ignored;
  context.set_options(ssl::context::no_sslv2 | ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                          ssl::context::no_tlsv1_1 | ssl::context::no_compression |
                          ssl::context::single_dh_use | SSL_OP_NO_RENEGOTIATION |
                          SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET,
                      ignored);
  const bool done = SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_cipher_list(native, kTls12Ciphers) == 1 &&
                    SSL_CTX_set_ciphersuites(native, kTls13Ciphers) == 1 &&
                    SSL_CTX_set1_groups_list(native, kGroups) == 1 &&
                    SSL_CTX_set_dh_auto(native, 1) == 1 &&  // DHE of the certificate's strength
                    SSL_CTX_set_num_tickets(native, 0) == 1;
  SSL_CTX_set_security_level(native, 2);  // keys below 112 bits of security: refused
  // Each connection is one association, with a full handshake, so that certificates are checked
  // again. No tickets and no sessions: one that a client brings is not known, and not refused, as
  // OpenSSL does where client certificates are asked for (alert 80, "session id context
  // uninitialized").
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  // A send buffer's address may change between tries of a coroutine; idle ones give memory back.
  SSL_CTX_set_mode(native, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (!done) return fail(ErrorKind::Internal, "OpenSSL refuses the TLS profile of PS3.15 B.12");
  return {};
}

Result<> load_identity(ssl::context& context, const TlsOptions& options) {
  boost::system::error_code code;
  // Without this OpenSSL asks for the passphrase at the terminal, and the start waits.
  const auto encrypted = std::make_shared<bool>(false);
  context.set_password_callback(
      [encrypted](std::size_t, ssl::context::password_purpose) {
        *encrypted = true;
        return std::string{};
      },
      code);
  if (code) return wrong("TLS password callback", "", code);
  context.use_certificate_chain_file(options.certificate_file, code);
  if (code) return wrong("TLS certificate", options.certificate_file, code);
  context.use_private_key_file(options.private_key_file, ssl::context::pem, code);
  if (code && *encrypted) {
    return fail(Error{ErrorKind::InvalidArgument,
                      "TLS private key is encrypted, and a server cannot ask for its passphrase: "
                      "write it without one (openssl pkey -in KEY -out PLAIN) and let only the "
                      "server's user read that file",
                      {},
                      {},
                      options.private_key_file});
  }
  if (code) return wrong("TLS private key", options.private_key_file, code);
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    ERR_clear_error();
    return fail(
        Error{ErrorKind::InvalidArgument,
              "TLS private key does not belong to the certificate " + options.certificate_file,
              {},
              {},
              options.private_key_file});
  }
  return {};
}

Result<> load_trust(ssl::context& context, const TlsOptions& options) {
  boost::system::error_code code;
  if (options.ca_file.empty()) {
    context.set_default_verify_paths(code);
    if (code) return wrong("the system's TLS trust store", "", code);
    return {};
  }
  context.load_verify_file(options.ca_file, code);
  if (code) return wrong("TLS CA file", options.ca_file, code);
  return {};
}

std::string in_words(const ASN1_TIME* time) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(time, &utc) != 1) return "a time that cannot be read";
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", utc);
}

}  // namespace

Result<TlsContext> make_acceptor_tls(const TlsOptions& options) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  PACS_TRY(apply_profile(*context));
  PACS_TRY(load_identity(*context, options));
  using ClientCertificate = TlsOptions::ClientCertificate;
  if (options.client_certificate == ClientCertificate::Off) return context;
  if (options.ca_file.empty()) {
    // The system's trust store would let in anybody with a web certificate.
    return fail(ErrorKind::InvalidArgument,
                "client certificates are asked for, but no CA file says whom to trust");
  }
  PACS_TRY(load_trust(*context, options));
  ssl::verify_mode mode = ssl::verify_peer;
  if (options.client_certificate == ClientCertificate::Required) {
    mode |= ssl::verify_fail_if_no_peer_cert;
  }
  boost::system::error_code code;
  context->set_verify_mode(mode, code);
  if (code) return wrong("TLS verification", "", code);
  // Tells clients which certificates are worth offering.
  if (STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(options.ca_file.c_str())) {
    SSL_CTX_set_client_CA_list(context->native_handle(), names);
  }
  return context;
}

Result<TlsContext> make_requestor_tls(const TlsOptions& options) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  PACS_TRY(apply_profile(*context));
  if (!options.certificate_file.empty()) {
    PACS_TRY(load_identity(*context, options));
  }
  PACS_TRY(load_trust(*context, options));
  boost::system::error_code code;
  context->set_verify_mode(options.verify_peer ? ssl::verify_peer : ssl::verify_none, code);
  if (code) return wrong("TLS verification", "", code);
  return context;
}

Result<> check_validity(const TlsContext& context) {
  const X509* certificate = SSL_CTX_get0_certificate(context->native_handle());
  if (certificate == nullptr) return {};
  const ASN1_TIME* begin = X509_get0_notBefore(certificate);
  const ASN1_TIME* end = X509_get0_notAfter(certificate);
  // Both give 0 for a time that cannot be read, which no peer accepts either.
  if (X509_cmp_current_time(end) <= 0) {
    return fail(
        ErrorKind::InvalidArgument,
        fmt::format("the certificate expired at {}: put a new one in its place", in_words(end)));
  }
  if (X509_cmp_current_time(begin) >= 0) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("the certificate is not valid before {}", in_words(begin)));
  }
  return {};
}

}  // namespace pacs::network
