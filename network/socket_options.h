// What we ask of a TCP socket beyond the portable options.
#pragma once

namespace pacs::network {

/// Acknowledges what has been received now and not 40 ms later. A client with Nagle's algorithm on
/// (DCMTK's default) sends a command, then waits for its acknowledgement before it sends the data
/// set. To be called after each read: the kernel falls back by itself.
void acknowledge_at_once(int native_socket);

/// From now on a wait for the socket ends when `bytes` have come or the peer has closed.
void wait_for_bytes(int native_socket, int bytes);

}  // namespace pacs::network
