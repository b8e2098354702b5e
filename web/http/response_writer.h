// ResponseWriter: responses as they leave over a transport (RFC 9112). Internal to HttpServer.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "integration/thread_adapter.h"
#include "network/deadline.h"
#include "network/transport.h"
#include "web/http/http_server.h"

namespace pacs::web {

/// How a response is framed.
struct Framing {
  unsigned version = 11;   ///< of the request: 10 or 11
  bool head_only = false;  ///< the request was a HEAD
  bool keep_alive = true;
};

/// Where bodies are made while they are sent.
struct BodyWorkers {
  integration::WorkPool& plain;
  integration::WorkPool& costly;
};

/// Used on the executor of the transport.
class ResponseWriter {
 public:
  ResponseWriter(network::Transport& transport, const HttpLimits& limits, BodyWorkers workers);

  /// Whether the connection can go on; an error is the body's, which ends the connection so that
  /// nobody takes a part for the whole.
  network::Task<Result<bool>> write(Response response, Framing framing);

 private:
  network::Task<bool> send(std::span<const ByteView> pieces);
  network::Task<Result<bool>> stream(StreamedBody& body, bool chunked);

  network::Transport& transport_;
  const HttpLimits& limits_;
  const BodyWorkers workers_;
  network::Deadline deadline_;
};

}  // namespace pacs::web
