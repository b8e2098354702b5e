// PeerOptions: the arguments by which every client command names its peer: host and port, AE
// titles, TLS, time-outs. Names as DCMTK's users know them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "network/association.h"

namespace CLI {
class App;
}

namespace pacs::apps {

struct PeerOptions {
  std::string calling_ae = "PACS";
  std::string called_ae;  ///< empty: from AE@host:port, else ANY-SCP
  bool tls = false;
  network::TlsOptions tls_files{};
  bool anonymous_peer = false;  ///< --tls-no-verify
  std::uint32_t connect_seconds = 10;
  std::uint32_t response_seconds = 300;
  std::uint32_t pdu_bytes_max = 131'072;
  std::string user, passcode;
  std::string passcode_file;  ///< its first line is the passcode
};

void add_peer_options(CLI::App& command, PeerOptions& options);

/// Takes "HOST PORT" or "AE@HOST:PORT" or "HOST:PORT" from the front of the positional arguments
/// and leaves the rest. InvalidArgument says what is wrong with them.
[[nodiscard]] Result<network::RequestOptions> take_peer(std::vector<std::string>& arguments,
                                                        const PeerOptions& options);

/// DCMTK's long names with one dash (-aet, -aec, ...) in the two-dash form that the command line
/// parser knows; other arguments as they are.
[[nodiscard]] std::vector<std::string> with_long_flags(int argc, const char* const* argv);

}  // namespace pacs::apps
