#include "web/dicomweb/retrieve/frame_content.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "web/dicomweb/retrieve/multipart_answer.h"
#include "web/dicomweb/retrieve/ranged_answer.h"
#include "web/dicomweb/retrieve/validators.h"
#include "web/dicomweb/retrieve/wado_answer.h"
#include "web/http/conditional.h"

namespace pacs::web {
namespace {

/// Where a frame lies.
Result<std::vector<BulkReference>> stored_pieces_of(const OpenImage& image, std::uint32_t frame) {
  if (!image.frames) return image.video;
  PACS_TRY(FramePlace place, image.frames->index().find(frame));
  return std::move(place.pieces);
}

std::uint64_t total_bytes(const std::vector<BulkReference>& pieces) {
  std::uint64_t bytes = 0;
  for (const BulkReference& piece : pieces) bytes += piece.length;
  return bytes;
}

/// Frames of one image, one part each.
class FrameParts {
 public:
  FrameParts(FrameAnswer answer, FrameForm form, std::string trace_id)
      : answer_(std::move(answer)), form_(std::move(form)), trace_id_(std::move(trace_id)) {}

  Result<std::optional<AnswerPart>> next() {
    if (at_ == answer_.frames.size()) return std::optional<AnswerPart>{};
    const std::uint32_t frame = answer_.frames[at_++];
    PACS_TRY(Content content, frame_content(*answer_.image, frame, form_, trace_id_));
    return std::optional(AnswerPart{fields(frame, content.bytes), std::move(content.source)});
  }

  /// Nothing when the length of a frame is not known before it is made.
  Result<std::optional<std::vector<std::uint64_t>>> lengths() const {
    std::vector<std::uint64_t> lengths;
    lengths.reserve(answer_.frames.size());
    for (const std::uint32_t frame : answer_.frames) {
      PACS_TRY(const auto bytes, frame_bytes(*answer_.image, frame, form_));
      if (!bytes) return std::optional<std::vector<std::uint64_t>>{};
      lengths.push_back(*bytes);
    }
    return std::optional(std::move(lengths));
  }

  void for_each(const std::vector<std::uint64_t>& lengths, const EachPart& each) const {
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      each(fields(answer_.frames[i], lengths[i]), lengths[i]);
    }
  }

 private:
  [[nodiscard]] Fields fields(std::uint32_t frame, std::optional<std::uint64_t> bytes) const {
    Fields fields{{"Content-Type", form_.content_type()}};
    if (bytes) fields.emplace_back("Content-Length", std::to_string(*bytes));
    fields.emplace_back("Content-Location",
                        fmt::format("{}{}", answer_.location, std::uint64_t{frame} + 1));
    return fields;
  }

  const FrameAnswer answer_;
  const FrameForm form_;
  const std::string trace_id_;
  std::size_t at_ = 0;
};

Result<Response> one_frame(const FrameAnswer& answer, const FrameForm& form,
                           const Request& request) {
  const std::uint32_t frame = answer.frames.front();
  const storage::InstanceRecord& record = answer.image->record;
  const Validators validators = validators_of(
      record, strong_etag(fmt::format("{:x}-{}-{}-{}", record.checksum, frame, form.transfer_syntax,
                                      static_cast<int>(form.how))));
  if (auto settled = settled_by_preconditions(request, validators)) return *std::move(settled);
  if (request.head_only && form.how != FrameForm::How::Stored) {
    PACS_TRY(const auto bytes, frame_bytes(*answer.image, frame, form));
    return head_answer(form.content_type(), validators, bytes);
  }
  PACS_TRY(Content content, frame_content(*answer.image, frame, form, request.trace_id));
  return ranged_answer({form.content_type(), std::move(content), validators}, request);
}

}  // namespace

Result<std::optional<std::uint64_t>> frame_bytes(const OpenImage& image, std::uint32_t frame,
                                                 const FrameForm& form) {
  switch (form.how) {
    case FrameForm::How::Stored: {
      PACS_TRY(const auto pieces, stored_pieces_of(image, frame));
      return std::optional(total_bytes(pieces));
    }
    case FrameForm::How::Decoded:
      return std::optional(image.frames->format().frame.bytes());
    case FrameForm::How::Encoded:
      break;
  }
  return std::optional<std::uint64_t>{};
}

Result<Content> frame_content(const OpenImage& image, std::uint32_t frame, const FrameForm& form,
                              std::string_view trace_id) {
  if (form.how == FrameForm::How::Stored) {
    PACS_TRY(auto pieces, stored_pieces_of(image, frame));
    return places_content(image.stored, std::move(pieces));
  }
  const FrameCodec* codec = form.how == FrameForm::How::Encoded ? form.codec : nullptr;
  PACS_TRY(auto memory, image.hold_memory(image.frames->work_bytes(codec)));
  Departures met;
  Result<Bytes> bytes = codec == nullptr ? image.frames->decode(frame, &met)
                                         : image.frames->encode(frame, *codec, &met);
  image.depart(met, trace_id);
  if (!bytes) return fail(std::move(bytes.error()));
  SharedBytes shared = share(*std::move(bytes));
  shared.keeper = std::make_shared<std::pair<std::shared_ptr<const void>, SharedBytes>>(
      std::move(memory), shared);
  return bytes_content(std::move(shared));
}

Result<Response> answer_frames(FrameAnswer answer, const Request& request) {
  PACS_TRY(const std::vector<MediaRange> accepted, wanted_media(request));
  std::optional<FrameForm> form = frame_form(*answer.image, accepted);
  if (!form) {
    return not_acceptable(fmt::format(
        "Frames of this instance are given as they are stored, {}; transfer-syntax={}, and in "
        "forms that lose nothing: application/octet-stream, image/jls, image/jp2, image/jphc, "
        "image/dicom-rle.",
        stored_media(*answer.image->syntax), answer.image->syntax->uid));
  }
  if (!form->multipart && answer.frames.size() == 1) return one_frame(answer, *form, request);
  const std::string media = form->media;
  const bool is_coded = form->how != FrameForm::How::Stored;
  const auto parts =
      std::make_shared<FrameParts>(std::move(answer), *std::move(form), request.trace_id);
  PACS_TRY(const auto lengths, parts->lengths());
  ForEachPart for_each;
  if (lengths) {
    for_each = [&](const EachPart& each) { parts->for_each(*lengths, each); };
  }
  PACS_TRY(Response response, multipart_answer(
                                  media, [parts] { return parts->next(); }, for_each));
  response.set_costly(is_coded);
  return response;
}

}  // namespace pacs::web
