// The arguments of `pacs commit`, and the references it makes from them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/options/peer_options.h"
#include "core/result.h"
#include "services/commitment/commitment_request.h"

namespace pacs::apps {

struct CommitOptions {
  PeerOptions peer;
  std::vector<std::string> arguments;  ///< the peer, then files, folders and UIDs
  std::string sop_class;               ///< of the instances that are named by UID
  std::string transaction_uid;         ///< empty: a new one
  std::string listen;                  ///< PORT or ADDRESS:PORT; empty: on the same association
  std::uint32_t wait_seconds = 60;
  bool json = false;
};

/// Where to listen for the report.
struct ListenPlace {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
};
[[nodiscard]] Result<ListenPlace> parse_listen(const std::string& text);

/// References to the instances in files and below folders, and to those named by UID (which need
/// `sop_class`: a UID, or a keyword such as CTImageStorage). Files that are not objects are skipped
/// with a message on standard error.
[[nodiscard]] Result<std::vector<services::CommitmentReference>> collect_references(
    const std::vector<std::string>& named, const std::string& sop_class);

}  // namespace pacs::apps
