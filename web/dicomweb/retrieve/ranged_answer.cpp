#include "web/dicomweb/retrieve/ranged_answer.h"

#include <memory>
#include <utility>
#include <vector>

#include "web/dicomweb/retrieve/multipart_answer.h"
#include "web/http/byte_range.h"

namespace pacs::web {
namespace {

/// Several ranges, each with its own head (RFC 9110 §14.6).
Result<Response> ranges_answer(const Representation& whole, std::vector<ByteRange> ranges) {
  struct Ranges {
    std::string content_type;
    std::function<ByteSource(std::uint64_t, std::uint64_t)> part;
    std::uint64_t bytes;
    std::vector<ByteRange> ranges;
    std::size_t at = 0;

    [[nodiscard]] Fields fields(const ByteRange& range) const {
      return {{"Content-Type", content_type}, {"Content-Range", content_range(range, bytes)}};
    }
  };
  const auto all = std::make_shared<Ranges>(
      Ranges{whole.content_type, whole.content.part, *whole.content.bytes, std::move(ranges)});
  const auto next = [all]() -> Result<std::optional<AnswerPart>> {
    if (all->at == all->ranges.size()) return std::optional<AnswerPart>{};
    const ByteRange& range = all->ranges[all->at++];
    return std::optional(AnswerPart{all->fields(range), all->part(range.offset, range.length)});
  };
  const auto for_each = [all](const EachPart& each) {
    for (const ByteRange& range : all->ranges) each(all->fields(range), range.length);
  };
  return byte_ranges_answer(next, for_each);
}

}  // namespace

std::optional<Response> settled_by_preconditions(const Request& request,
                                                 const Validators& validators) {
  switch (check_preconditions(request.headers, validators)) {
    case Precondition::Met:
      break;
    case Precondition::NotModified: {
      Response response;
      response.status = 304;
      response.headers = validators.fields();
      return response;
    }
    case Precondition::Failed:
      return Response::problem(412, "What is here is not what If-Match names.");
  }
  return std::nullopt;
}

Response head_answer(std::string content_type, const Validators& validators,
                     std::optional<std::uint64_t> bytes) {
  Response response;
  response.headers = {{"Content-Type", std::move(content_type)}, {"Accept-Ranges", "bytes"}};
  for (auto& field : validators.fields()) response.headers.push_back(std::move(field));
  response.body = StreamedBody{[]() -> Result<ByteView> { return ByteView{}; }, bytes};
  return response;
}

Result<Response> ranged_answer(Representation representation, const Request& request) {
  Content& content = representation.content;
  const bool ranged = content.bytes && content.part;
  RangeRequest asked;
  if (ranged && range_applies(request.headers, representation.validators)) {
    asked = requested_ranges(request.headers, *content.bytes);
  }
  Response response;
  if (asked.kind == RangeRequest::Kind::Unsatisfiable) {
    return Response::problem(416, "The range lies behind the end.")
        .with("Content-Range", unsatisfied_content_range(*content.bytes));
  }
  if (asked.kind == RangeRequest::Kind::Parts && asked.ranges.size() > 1) {
    PACS_TRY(response, ranges_answer(representation, std::move(asked.ranges)));
    response.status = 206;
  } else if (asked.kind == RangeRequest::Kind::Parts) {
    const ByteRange range = asked.ranges.front();
    response.status = 206;
    response.headers = {{"Content-Type", representation.content_type},
                        {"Content-Range", content_range(range, *content.bytes)}};
    PACS_TRY(response.body, body_of({content.part(range.offset, range.length), range.length}));
  } else {
    response.headers = {{"Content-Type", representation.content_type}};
    PACS_TRY(response.body, body_of(std::move(content)));
  }
  if (ranged) response.headers.emplace_back("Accept-Ranges", "bytes");
  for (auto& field : representation.validators.fields()) {
    response.headers.push_back(std::move(field));
  }
  return response;
}

}  // namespace pacs::web
