#include "web/dicomweb/retrieve/multipart_answer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "web/http/multipart.h"

namespace pacs::web {
namespace {

class PartsInTurn {
 public:
  PartsInTurn(MultipartWriter writer, NextPart next)
      : writer_(std::move(writer)), next_(std::move(next)) {}

  Result<std::size_t> read(std::span<std::byte> into) {
    for (;;) {
      if (!between_.empty()) return take_between(into);
      if (content_) {
        PACS_TRY(const std::size_t got, content_(into));
        if (got > 0) return got;
        content_ = {};
      }
      if (ended_) return std::size_t{0};
      PACS_TRY(std::optional<AnswerPart> part, next_());
      ended_ = !part;
      between_text_ = part ? writer_.part_head(part->fields) : writer_.end();
      between_ = as_bytes(between_text_);
      if (part) content_ = std::move(part->source);
    }
  }

 private:
  std::size_t take_between(std::span<std::byte> into) {
    const std::size_t count = std::min(into.size(), between_.size());
    std::ranges::copy(between_.first(count), into.begin());
    between_ = between_.subspan(count);
    return count;
  }

  MultipartWriter writer_;
  const NextPart next_;
  std::string between_text_;  // heads and the end
  ByteView between_;          // what is left of it
  ByteSource content_;
  bool ended_ = false;
};

Result<Response> answer_of_parts(MultipartWriter writer, std::string content_type, NextPart next,
                                 const ForEachPart& for_each) {
  Content content;
  if (for_each) {
    MultipartLength length{writer};
    for_each([&length](const Fields& fields, std::uint64_t bytes) { length.add(fields, bytes); });
    content.bytes = length.bytes();
  }
  Response response;
  response.headers.emplace_back("Content-Type", std::move(content_type));
  const auto parts = std::make_shared<PartsInTurn>(std::move(writer), std::move(next));
  content.source = [parts](std::span<std::byte> into) { return parts->read(into); };
  PACS_TRY(response.body, body_of(std::move(content)));
  return response;
}

}  // namespace

Result<Response> multipart_answer(std::string_view media_type, NextPart next,
                                  const ForEachPart& for_each) {
  MultipartWriter writer;
  std::string content_type = writer.related(media_type);
  return answer_of_parts(std::move(writer), std::move(content_type), std::move(next), for_each);
}

Result<Response> byte_ranges_answer(NextPart next, const ForEachPart& for_each) {
  MultipartWriter writer;
  std::string content_type = writer.byte_ranges();
  return answer_of_parts(std::move(writer), std::move(content_type), std::move(next), for_each);
}

}  // namespace pacs::web
