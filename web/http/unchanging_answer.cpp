#include "web/http/unchanging_answer.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "storage/disk/checksum.h"
#include "web/http/conditional.h"

namespace pacs::web {

Handler unchanging_answer(std::string_view content_type, std::string body) {
  const Validators validators{
      .etag = strong_etag(fmt::format("{:016x}", storage::checksum(as_bytes(body))))};
  return [content_type, validators,
          shared = std::make_shared<const std::string>(std::move(body))](const Request& request) {
    Response response;
    switch (check_preconditions(request.headers, validators)) {
      case Precondition::Failed:
        return Response::problem(412, "If-Match names another version.");
      case Precondition::NotModified:
        response.status = 304;
        break;
      case Precondition::Met:
        response = Response::of(content_type, *shared);
        break;
    }
    response.headers.emplace_back("Cache-Control", "no-cache");  // asked for again, and rarely sent
    for (auto& field : validators.fields()) response.headers.push_back(std::move(field));
    return response;
  };
}

}  // namespace pacs::web
