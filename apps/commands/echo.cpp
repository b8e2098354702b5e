// pacs echo: asks a peer whether it is there (C-ECHO) and says how fast it answered.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "apps/commands/commands.h"
#include "apps/options/peer_options.h"
#include "services/verification/verification_scu.h"

namespace pacs::apps {

namespace {

using Clock = std::chrono::steady_clock;

struct EchoOptions {
  PeerOptions peer;
  std::vector<std::string> arguments;
  std::uint32_t repeat = 1;
  bool json = false;
};

/// The outcome. `failure` is empty when every echo was answered with success.
struct EchoReport {
  double association_ms = 0;
  std::vector<double> echo_ms;
  std::string peer_implementation;
  std::string failure;
};

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

network::Task<void> echo_peer(network::RequestOptions request, std::uint32_t repeat,
                              EchoReport& report) {
  auto start = Clock::now();
  Result<std::shared_ptr<network::Association>> opened =
      co_await network::request_association(std::move(request), {});
  report.association_ms = milliseconds_since(start);
  if (!opened) {
    report.failure = opened.error().to_string();
    co_return;
  }
  network::Association& association = **opened;
  report.peer_implementation = association.negotiated().peer().implementation_version_name;
  for (std::uint32_t i = 0; i < repeat; ++i) {
    start = Clock::now();
    Result<std::uint16_t> status =
        co_await services::echo(association, static_cast<std::uint16_t>(i % 0xFFFF + 1));
    if (!status) {
      report.failure = status.error().to_string();
      if (status.error().kind != ErrorKind::Rejected) co_return;
      break;
    }
    report.echo_ms.push_back(milliseconds_since(start));
    if (*status != 0) report.failure = fmt::format("the peer answered status {:04X}", *status);
  }
  Result<> released = co_await association.release();
  if (!released && report.failure.empty()) report.failure = released.error().to_string();
}

void print_json(const network::RequestOptions& peer, const EchoReport& report) {
  boost::json::object object{{"host", peer.host},
                             {"port", peer.port},
                             {"called_ae", peer.called_ae},
                             {"ok", report.failure.empty()},
                             {"association_ms", report.association_ms},
                             {"echo_ms", boost::json::value_from(report.echo_ms)},
                             {"peer_implementation", report.peer_implementation}};
  if (!report.failure.empty()) object["error"] = report.failure;
  fmt::print("{}\n", boost::json::serialize(object));
}

void print_text(const network::RequestOptions& peer, const EchoReport& report) {
  const std::string name = fmt::format("{}@{}:{}", peer.called_ae, peer.host, peer.port);
  if (!report.failure.empty()) {
    fmt::print(stderr, "pacs echo: {}: {}\n", name, report.failure);
    return;
  }
  const auto [least, most] = std::ranges::minmax(report.echo_ms);
  const double mean = std::accumulate(report.echo_ms.begin(), report.echo_ms.end(), 0.0) /
                      static_cast<double>(report.echo_ms.size());
  fmt::print("{} ({}) answered: association {:.2f} ms, echo {:.2f} ms", name,
             report.peer_implementation.empty() ? "unnamed" : report.peer_implementation,
             report.association_ms, mean);
  if (report.echo_ms.size() > 1) {
    fmt::print(" on average of {} (min {:.2f}, max {:.2f})", report.echo_ms.size(), least, most);
  }
  fmt::print("\n");
}

int run_echo(EchoOptions options) {
  Result<network::RequestOptions> peer = take_peer(options.arguments, options.peer);
  if (!peer || !options.arguments.empty()) {
    fmt::print(stderr, "pacs echo: {}\n",
               peer ? "too many arguments: " + options.arguments.front() : peer.error().message);
    return 2;
  }
  peer->contexts = {services::verification_context()};
  EchoReport report;
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, echo_peer(*peer, options.repeat, report), boost::asio::detached);
  io.run();
  options.json ? print_json(*peer, report) : print_text(*peer, report);
  return report.failure.empty() ? 0 : 1;
}

}  // namespace

void add_echo(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("echo", "Ask a DICOM peer whether it answers (C-ECHO)");
  command->footer(
      "Examples:\n"
      "  pacs echo 127.0.0.1 11112 -aec PACS\n"
      "  pacs echo ORTHANC@192.0.2.7:4242 --repeat 10 --json\n"
      "  pacs echo PACS@pacs.example.org:2762 --tls --tls-ca ca.pem\n"
      "Exit code: 0 every echo was answered with success, 1 otherwise, 2 wrong usage.");
  auto options = std::make_shared<EchoOptions>();
  command->add_option("peer", options->arguments, "HOST PORT or AE@HOST:PORT")->required();
  add_peer_options(*command, options->peer);
  command->add_option("--repeat", options->repeat, "how many echoes on one association")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1'000'000U));
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, &exit_code] { exit_code = run_echo(*options); });
}

}  // namespace pacs::apps
