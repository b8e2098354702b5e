#include "apps/options/peer_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
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

constexpr std::size_t kPasscodeCharactersMax = 1024;

Result<std::string> passcode_of(const PeerOptions& options) {
  if (options.passcode_file.empty()) return options.passcode;
  std::ifstream file(options.passcode_file);
  std::array<char, kPasscodeCharactersMax + 1> line{};
  file.getline(line.data(), line.size());
  std::string passcode = line.data();
  if (passcode.ends_with('\r')) passcode.pop_back();
  if (file.fail() || passcode.empty()) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("--passcode-file {}: it cannot be read, or its first line is empty or "
                            "has more than {} characters",
                            options.passcode_file, kPasscodeCharactersMax));
  }
  return passcode;
}

Result<> set_user(network::UserInformation& user, const PeerOptions& options) {
  if (options.user.empty()) {
    if (options.passcode_file.empty()) return {};  // one in the environment may be for others
    return fail(ErrorKind::InvalidArgument, "--passcode-file is for a --user");
  }
  PACS_TRY(std::string passcode, passcode_of(options));
  network::UserIdentity& identity = user.user_identity.emplace();
  identity.type = passcode.empty() ? 1 : 2;
  identity.primary = options.user;
  identity.secondary = std::move(passcode);
  return {};
}

/// Nobody who names a certificate means to connect in clear, and half of a pair is not used.
Result<> set_tls(std::optional<network::TlsOptions>& tls, const PeerOptions& options) {
  const network::TlsOptions& files = options.tls_files;
  const bool wanted = options.tls || !files.ca_file.empty() || options.anonymous_peer;
  if (!wanted && !(files.certificate_file.empty() && files.private_key_file.empty())) {
    return fail(ErrorKind::InvalidArgument,
                "--tls-cert and --tls-key are for TLS, and the connection would be in clear: add "
                "--tls");
  }
  if (files.certificate_file.empty() != files.private_key_file.empty()) {
    return fail(ErrorKind::InvalidArgument,
                "--tls-cert and --tls-key belong together: name both files");
  }
  if (!wanted) return {};
  tls = files;
  tls->verify_peer = !options.anonymous_peer;
  return {};
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
  command
      .add_option(
          "--passcode", options.passcode,
          "passcode for --user; other users of this machine see it in its list of processes")
      ->envname("PACS_PASSCODE");
  command.add_option("--passcode-file", options.passcode_file,
                     "file whose first line is the passcode for --user");
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
  PACS_TRY(set_user(request.user, options));
  PACS_TRY(set_tls(request.tls, options));
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
