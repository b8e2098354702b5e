#include "web/dicomweb/retrieve/wado_answer.h"

#include <string>
#include <utility>

namespace pacs::web {
namespace {

/// What frames wait for in vain (see kFrameMemoryWait) is given back within seconds.
constexpr int kRetrySeconds = 5;

Response wado_problem(const Error& error) {
  switch (error.kind) {
    case ErrorKind::Malformed:
    case ErrorKind::Truncated:
    case ErrorKind::Mismatch:
    case ErrorKind::Unsupported:
      return not_acceptable(error.to_string() +
                            "; the object as it is stored is given with transfer-syntax=*");
    case ErrorKind::OutOfResources:
      return Response::problem(503, error.to_string())
          .with("Retry-After", std::to_string(kRetrySeconds));
    default:
      return Response::problem(error);
  }
}

}  // namespace

Handler answering(WadoHandler handler) {
  return [handler = std::move(handler)](const Request& request) {
    Result<Response> response = handler(request);
    return (response ? *std::move(response) : wado_problem(response.error()))
        .with("Vary", "Accept");
  };
}

Response not_acceptable(std::string_view why) {
  return Response::problem(406, why);
}

Result<std::vector<MediaRange>> wanted_media(const Request& request) {
  auto accepted = accepted_by(request.query, request.headers);
  if (!accepted) return bad_request("Accept: " + accepted.error().message);
  std::erase_if(*accepted, [](const MediaRange& range) { return range.quality == 0; });
  return accepted;
}

}  // namespace pacs::web
