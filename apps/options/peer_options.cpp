#include "apps/options/peer_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "network/negotiation.h"

namespace pacs::apps {

namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

void add_peer_options(CLI::App& command, PeerOptions& options) {
  command.add_option("--aet,--calling-ae", options.calling_ae, "our AE title (also -aet)")
      ->capture_default_str();
  command.add_option("--aec,--called-ae", options.called_ae,
                     "the peer's AE title (also -aec; default ANY-SCP)");
  command
      .add_option("--connect-timeout", options.connect_seconds, "seconds to connect and associate")
      ->capture_default_str();
  command.add_option("--timeout", options.response_seconds, "seconds to wait for each response")
      ->capture_default_str();
  command.add_option("--max-pdu", options.pdu_bytes_max, "bytes of P-DATA that we take in one PDU")
      ->capture_default_str()
      ->check(CLI::Range(4096U, 16U << 20));
  command.add_flag("--tls", options.tls, "secure the connection with TLS 1.2 or 1.3");
  command.add_option("--tls-ca", options.tls_files.ca_file, "PEM file of certificates to trust");
  command.add_option("--tls-cert", options.tls_files.certificate_file,
                     "PEM file of our certificate");
  command.add_option("--tls-key", options.tls_files.private_key_file,
                     "PEM file of our private key");
  command.add_flag("--tls-no-verify", options.anonymous_peer,
                   "accept any certificate from the peer");
  command.add_option("--user", options.user, "user identity to send (PS3.7 D.3.3.7)");
  command.add_option("--passcode", options.passcode, "passcode for --user");
}

Result<network::RequestOptions> take_peer(std::vector<std::string>& arguments,
                                          const PeerOptions& options) {
  if (arguments.empty())
    return fail(ErrorKind::InvalidArgument, "name the peer: HOST PORT or AE@HOST:PORT");
  network::RequestOptions request;
  request.calling_ae = options.calling_ae;
  std::string host = arguments.front();
  std::string port;
  std::size_t taken = 1;
  if (const auto at = host.find('@'); at != std::string::npos) {
    request.called_ae = host.substr(0, at);
    host.erase(0, at + 1);
  }
  const auto colon = host.rfind(':');
  const bool brackets = host.starts_with('[');
  if (colon != std::string::npos && (!brackets || host.find(']') < colon) &&
      (brackets || host.find(':') == colon)) {
    port = host.substr(colon + 1);
    host.resize(colon);
  } else if (arguments.size() > 1) {
    port = arguments[1];
    taken = 2;
  }
  if (brackets && host.ends_with(']')) host = host.substr(1, host.size() - 2);  // [::1]:11112
  const std::optional<std::uint16_t> number = parse_port(port);
  if (host.empty() || !number) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("'{}' does not name a peer: write HOST PORT or AE@HOST:PORT with a "
                            "port from 1 to 65535",
                            arguments.front()));
  }
  arguments.erase(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(taken));
  request.host = host;
  request.port = *number;
  if (!options.called_ae.empty()) request.called_ae = options.called_ae;
  for (const std::string& title : {request.calling_ae, request.called_ae}) {
    PACS_TRY(network::check_ae_title(title));
  }
  request.limits.connect = std::chrono::seconds{options.connect_seconds};
  request.limits.dimse_response = std::chrono::seconds{options.response_seconds};
  request.limits.idle = request.limits.dimse_response;  // between the parts of a response
  request.limits.pdu_bytes_max = options.pdu_bytes_max;
  if (!options.user.empty()) {
    network::UserIdentity& identity = request.user.user_identity.emplace();
    identity.type = options.passcode.empty() ? 1 : 2;
    identity.primary = options.user;
    identity.secondary = options.passcode;
  }
  if (options.tls || !options.tls_files.ca_file.empty() || options.anonymous_peer) {
    request.tls = options.tls_files;
    request.tls->verify_peer = !options.anonymous_peer;
  }
  return request;
}

std::vector<std::string> with_long_flags(int argc, const char* const* argv) {
  static constexpr std::array<std::string_view, 3> kDcmtk{"-aet", "-aec", "-aem"};
  std::vector<std::string> arguments;
  for (int i = 0; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool known = std::ranges::find(kDcmtk, argument) != kDcmtk.end();
    arguments.push_back(known ? fmt::format("-{}", argument) : std::string{argument});
  }
  return arguments;
}

}  // namespace pacs::apps
