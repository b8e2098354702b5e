// Linux only; elsewhere acknowledgements stay delayed.
#include "network/socket_options.h"

#if defined(__linux__)
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

namespace pacs::network {

void acknowledge_at_once([[maybe_unused]] int native_socket) {
#if defined(__linux__)
  const int on = 1;
  // A failure costs 40 ms at most: nothing to report.
  (void)::setsockopt(native_socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#endif
}

void wait_for_bytes([[maybe_unused]] int native_socket, [[maybe_unused]] int bytes) {
#if defined(__linux__)
  // After a failure a wait ends with the first byte.
  (void)::setsockopt(native_socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
#endif
}

}  // namespace pacs::network
