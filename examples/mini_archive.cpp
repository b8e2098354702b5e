// A whole DICOM archive in one screen: accepts C-STORE and C-ECHO, keeps what it receives.
//
//   build/examples/mini_archive 11112 ./mini-data      (ends with Control-C)

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "integration/thread_adapter.h"
#include "network/server.h"
#include "services/dispatch/responder.h"
#include "services/store/storage_scp.h"
#include "services/verification/verification_scp.h"
#include "storage/archive.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: mini_archive PORT FOLDER\n");
    return 2;
  }
  auto archive = pacs::storage::Archive::open({.path = argv[2]});
  if (!archive) {
    fmt::print(stderr, "{}\n", archive.error().to_string());
    return 1;
  }
  const pacs::integration::Logger quiet;
  pacs::services::Responder responder{quiet, nullptr};
  responder.add(std::make_unique<pacs::services::VerificationScp>());
  responder.add(
      std::make_unique<pacs::services::StorageScp>(**archive, pacs::services::StorageClasses{}));

  pacs::integration::IoPool pool{2};
  pacs::network::ServerOptions options;
  pacs::network::AcceptorPolicy policy;
  policy.ae_title = "MINI";
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  auto server = pacs::network::Server::start(
      pool, options, responder.policy(policy),
      [&responder](auto association) { return responder.serve(std::move(association)); }, quiet,
      nullptr);
  if (!server) {
    fmt::print(stderr, "{}\n", server.error().to_string());
    return 1;
  }
  fmt::print("MINI listens on 127.0.0.1:{}\n", (*server)->port());
  std::fflush(stdout);

  boost::asio::io_context main_thread{1};
  boost::asio::signal_set signals{main_thread, SIGINT, SIGTERM};
  signals.async_wait([&](auto, int) { (*server)->shut_down(std::chrono::seconds{5}); });
  main_thread.run();
  return 0;
}
