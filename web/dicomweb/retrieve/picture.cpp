#include "web/dicomweb/retrieve/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "encoding/rendering/jpeg_image.h"
#include "encoding/rendering/png.h"
#include "storage/disk/checksum.h"
#include "web/dicomweb/retrieve/ranged_answer.h"
#include "web/dicomweb/retrieve/validators.h"
#include "web/http/conditional.h"

namespace pacs::web {

std::optional<PictureForm> picture_form(std::span<const MediaRange> accepted) {
  static constexpr std::array kForms{
      PictureForm{"image/jpeg", false}, PictureForm{"image/png", false},
      PictureForm{"image/jpeg", true}, PictureForm{"image/png", true}};
  std::array<Offer, kForms.size()> offers;
  for (std::size_t i = 0; i < kForms.size(); ++i) {
    offers[i] = Offer{kForms[i].media, kForms[i].multipart};
  }
  const auto chosen = choose(accepted, offers);
  return chosen ? std::optional(kForms[*chosen]) : std::nullopt;
}

namespace {

/// Whether it can be made, as far as that is known before.
Result<RenderOptions> options_of_picture(const OpenImage& image, const RenderQuery& query) {
  if (!image.frames) {
    return fail(ErrorKind::Unsupported, "single frames of video are not rendered here");
  }
  const FrameFormat& format = image.frames->format().frame;
  return render_options(query, format.columns, format.rows);
}

/// The frame, the picture of it, and that as it is scaled or written.
std::uint64_t picture_bytes(const OpenImage& image, const RenderOptions& options) {
  const FrameFormat& format = image.frames->format().frame;
  const std::uint64_t shown = std::uint64_t{format.rows} * format.columns;
  const std::uint64_t asked = std::uint64_t{options.width_max} * options.height_max;
  return image.frames->work_bytes() + std::uint64_t{format.samples_per_pixel} * (options.bits / 8) *
                                          (shown + std::min(asked, kScaledPixelsMax));
}

}  // namespace

Result<Bytes> make_picture(const WantedPicture& wanted, std::string_view trace_id) {
  const auto& [image, frame, query, media] = wanted;
  PACS_TRY(const RenderOptions options, options_of_picture(image, query));
  PACS_TRY(const Header header, image.setup.archive.read_header(image.record.sop_instance_uid));
  PACS_TRY(const auto memory, image.hold_memory(picture_bytes(image, options)));
  Departures met;
  const auto picture = image.frames->render(header.data_set, frame, options, &met);
  image.depart(met, trace_id);
  if (!picture) return fail(picture.error());
  return media == "image/png" ? write_png(*picture) : write_jpeg(*picture, query.quality);
}

std::string picture_tag(const OpenImage& image, std::uint32_t frame, const Fields& query,
                        std::string_view media) {
  std::string all;
  for (const auto& [name, value] : query) all.append(name).append("=").append(value).append("\n");
  return strong_etag(fmt::format("{:x}-{}-{:x}-{}", image.record.checksum, frame,
                                 storage::checksum(as_bytes(all)),
                                 media.substr(media.find('/') + 1)));
}

Result<Response> picture_answer(const WantedPicture& wanted, const Request& request) {
  const auto& [image, frame, query, media] = wanted;
  const Validators validators =
      validators_of(image.record, picture_tag(image, frame, request.query, media));
  if (auto settled = settled_by_preconditions(request, validators)) return *std::move(settled);
  Response response;
  if (request.head_only) {
    PACS_TRY(options_of_picture(image, query));
    response = head_answer(std::string(media), validators);
  } else {
    PACS_TRY(Bytes bytes, make_picture(wanted, request.trace_id));
    PACS_TRY(
        response,
        ranged_answer({std::string(media), bytes_content(std::move(bytes)), validators}, request));
  }
  warn_of_annotation(query, response);
  return response;
}

void warn_of_annotation(const RenderQuery& query, Response& response) {
  if (!query.annotation) return;
  response.headers.emplace_back("Warning", "299 - \"annotation: annotations are not drawn here\"");
}

}  // namespace pacs::web
