// Asks a DICOM peer whether it is there.
//
//   build/examples/echo_scu 127.0.0.1 11112 PACS

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "services/verification/verification_scu.h"

using pacs::Result;
using pacs::network::Association;

namespace {

pacs::network::Task<void> echo(pacs::network::RequestOptions peer, int& exit_code) {
  const Result<std::shared_ptr<Association>> association =
      co_await pacs::network::request_association(peer, {});
  if (!association) {
    fmt::print(stderr, "{}\n", association.error().to_string());
    co_return;
  }
  const Result<std::uint16_t> status = co_await pacs::services::echo(**association);
  if (status) {
    fmt::print("{} answered status {:04X}\n", peer.called_ae, *status);
    exit_code = *status == 0 ? 0 : 1;
  } else {
    fmt::print(stderr, "{}\n", status.error().to_string());
  }
  co_await (*association)->release();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: echo_scu HOST PORT CALLED-AE\n");
    return 2;
  }
  pacs::network::RequestOptions peer;
  peer.host = argv[1];
  peer.port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  peer.called_ae = argv[3];
  peer.contexts = {pacs::services::verification_context()};

  int exit_code = 1;
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, echo(peer, exit_code), boost::asio::detached);
  io.run();
  return exit_code;
}
