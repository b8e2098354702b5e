#include "web/dicomweb/retrieve/rendered.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "web/dicomweb/retrieve/address.h"
#include "web/dicomweb/retrieve/frame_content.h"
#include "web/dicomweb/retrieve/frames.h"
#include "web/dicomweb/retrieve/multipart_answer.h"
#include "web/dicomweb/retrieve/picture.h"
#include "web/dicomweb/retrieve/ranged_answer.h"
#include "web/dicomweb/retrieve/validators.h"
#include "web/dicomweb/retrieve/wado_answer.h"

namespace pacs::web {
namespace {

/// Of a thumbnail whose request names no viewport, in pixels.
constexpr std::uint32_t kThumbnailSide = 128;
constexpr std::size_t kPicturesLookedUp = 64;

struct PictureSetup {
  storage::Archive& archive;
  ImageCache& images;
};

/// What stops an answer of many pictures: it is no fault of theirs, and another time they are
/// there.
bool is_no_fault_of(ErrorKind kind) {
  return kind == ErrorKind::Io || kind == ErrorKind::OutOfResources;
}

/// The pictures of many frames, one part each. What has no pixels has no part, and neither has what
/// cannot be rendered: the others go on.
class PictureParts {
 public:
  PictureParts(PictureSetup setup, std::unique_ptr<storage::Records> records, RenderQuery query,
               PictureForm form, const Request& request)
      : setup_(setup),
        records_(std::move(records)),
        query_(query),
        form_(form),
        base_(request.base_url),
        trace_id_(request.trace_id) {}

  /// Makes the first one; fails where there is none, with what was wrong with the first that has
  /// pixels.
  Result<> begin() {
    PACS_TRY(first_, next());
    return first_ ? Result<>{} : fail(none_);
  }

  Result<std::optional<AnswerPart>> next() {
    if (first_) return std::exchange(first_, std::nullopt);
    for (;;) {
      if (image_ == nullptr || frame_ == image_->count()) {
        PACS_TRY(const bool there, open_next());
        if (!there) return std::optional<AnswerPart>{};
        continue;
      }
      const std::uint32_t frame = frame_++;
      Result<Bytes> picture = make_picture({*image_, frame, query_, form_.media}, trace_id_);
      if (!picture) {
        PACS_TRY(passed_over(picture.error()));
        continue;
      }
      return std::optional(
          AnswerPart{{{"Content-Type", std::string(form_.media)},
                      {"Content-Location",
                       fmt::format("{}{}/frames/{}/rendered", base_,
                                   address_of(image_->record).path(), std::uint64_t{frame} + 1)}},
                     bytes_source(share(*std::move(picture)))});
    }
  }

 private:
  Result<bool> open_next() {
    if (ahead_.empty()) {
      PACS_TRY(auto more, records_->next(kPicturesLookedUp));
      if (more.empty()) return false;
      std::ranges::move(more, std::back_inserter(ahead_));
    }
    auto image = setup_.images.open(std::move(ahead_.front()));
    ahead_.pop_front();
    if (!image) PACS_TRY(passed_over(image.error()));
    image_ = image ? *std::move(image) : nullptr;
    frame_ = 0;
    return true;
  }

  Result<> passed_over(const Error& error) {
    if (is_no_fault_of(error.kind)) return fail(error);
    if (none_.kind == ErrorKind::NotFound) none_ = error;
    return {};
  }

  const PictureSetup setup_;
  const std::unique_ptr<storage::Records> records_;
  const RenderQuery query_;
  const PictureForm form_;
  const std::string base_, trace_id_;
  std::deque<storage::InstanceRecord> ahead_;
  std::shared_ptr<const OpenImage> image_;
  std::uint32_t frame_ = 0;
  std::optional<AnswerPart> first_;
  Error none_{ErrorKind::NotFound, "nothing here has pixels to show"};
};

Result<Response> pictures(const PictureSetup& setup, const Address& address, PictureForm form,
                          const Request& request) {
  PACS_TRY(RenderQuery query, read_render_query(request.query));
  PACS_TRY(auto records, setup.archive.select(address.selection()));
  if (records->total() == 0) return nothing_at(address);
  const auto parts =
      std::make_shared<PictureParts>(setup, std::move(records), query, form, request);
  PACS_TRY(parts->begin());
  PACS_TRY(Response response, multipart_answer(form.media, [parts] { return parts->next(); }));
  response.set_costly(true);
  warn_of_annotation(query, response);
  return response;
}

/// Stored video is its own picture.
Result<std::optional<Response>> video_of(const OpenImage& image,
                                         const std::vector<MediaRange>& accepted,
                                         const Request& request) {
  if (image.frames) return std::optional<Response>{};
  const std::string_view media = stored_media(*image.syntax);
  const bool taken = std::ranges::any_of(accepted, [&](const MediaRange& range) {
    return !range.multipart && matches(range, Offer{media, false, range.transfer_syntax_uid});
  });
  if (!taken) return std::optional<Response>{};
  const Validators validators = validators_of(image.record, picture_tag(image, 0, {}, media));
  if (auto settled = settled_by_preconditions(request, validators)) return settled;
  PACS_TRY(Content content, frame_content(image, 0, {}, request.trace_id));
  PACS_TRY(Response response,
           ranged_answer({std::string(media), std::move(content), validators}, request));
  return std::optional(std::move(response));
}

Result<Response> rendered_many(const PictureSetup& setup, const Request& request) {
  PACS_TRY(const Address address, read_address(request));
  PACS_TRY(const auto accepted, wanted_media(request));
  const auto form = picture_form(accepted);
  if (!form) return not_acceptable(kPicturesHelp);
  return pictures(setup, address, *form, request);
}

/// Of an instance: its first frame, all of them for who takes several parts; or its video.
Result<Response> rendered_instance(const PictureSetup& setup, const Request& request) {
  PACS_TRY(const Address address, read_address(request));
  PACS_TRY(const auto accepted, wanted_media(request));
  PACS_TRY(const RenderQuery query, read_render_query(request.query));
  PACS_TRY(storage::InstanceRecord record, find_addressed(setup.archive, address));
  PACS_TRY(const auto image, setup.images.open(std::move(record)));
  PACS_TRY(auto video, video_of(*image, accepted, request));
  if (video) return *std::move(video);
  const auto form = picture_form(accepted);
  if (!form) return not_acceptable(kPicturesHelp);
  if (form->multipart) return pictures(setup, address, *form, request);
  return picture_answer({*image, 0, query, form->media}, request);
}

/// A frame's number, counted from 0, of the list in the path.
Result<std::uint32_t> only_frame(const Request& request, const OpenImage& image) {
  PACS_TRY(const auto numbers, read_frame_list(request.parameter("frames")));
  if (numbers.size() != 1) return bad_request("one frame is rendered at a time");
  if (numbers.front() < image.count()) return numbers.front();
  return fail(ErrorKind::NotFound,
              fmt::format("there is no such frame: the instance has {}", image.count()));
}

Result<Response> frame_picture(const PictureSetup& setup, const Request& request,
                               bool is_thumbnail) {
  PACS_TRY(const Address address, read_address(request));
  PACS_TRY(const auto accepted, wanted_media(request));
  PACS_TRY(RenderQuery query, read_render_query(request.query));
  if (is_thumbnail && query.width == 0) query.width = query.height = kThumbnailSide;
  const auto form = picture_form(accepted);
  if (!form) return not_acceptable(kPicturesHelp);
  PACS_TRY(storage::InstanceRecord record, find_addressed(setup.archive, address));
  PACS_TRY(const auto image, setup.images.open(std::move(record)));
  PACS_TRY(const std::uint32_t frame, only_frame(request, *image));
  return picture_answer({*image, frame, query, form->media}, request);
}

/// Of the first series that has one: the image in its middle, or before that. Without one, why the
/// first that has pixels cannot be shown.
Result<std::shared_ptr<const OpenImage>> representative(const PictureSetup& setup,
                                                        const Address& address) {
  constexpr std::size_t kTriedMax = 100;  // a study of documents is not read to its end
  Error none{ErrorKind::NotFound, "nothing here has pixels to show"};
  PACS_TRY(auto series, address.instance.empty()
                            ? setup.archive.select_series(address.selection())
                            : Result<std::vector<storage::SelectedSeries>>{std::vector{
                                  storage::SelectedSeries{address.study, address.series, 1, 0}}});
  if (series.empty()) return nothing_at(address);
  std::size_t tried = 0;
  for (const storage::SelectedSeries& one : series) {
    const Address in_series{one.study_instance_uid, one.series_instance_uid, address.instance};
    PACS_TRY(const auto records, setup.archive.select(in_series.selection()));
    if (records->total() == 0 && !address.instance.empty()) return nothing_at(address);
    const auto middle = static_cast<std::size_t>(records->total() / 2);
    PACS_TRY(auto all, records->next(middle + 1));
    std::ranges::reverse(all);
    for (auto& record : all) {
      if (++tried > kTriedMax) return fail(none);
      auto image = setup.images.open(std::move(record));
      if (image && (*image)->frames) return image;
      if (!image && none.kind == ErrorKind::NotFound && image.error().kind != none.kind)
        none = image.error();
    }
  }
  return fail(none);
}

Result<Response> thumbnail(const PictureSetup& setup, const Request& request) {
  PACS_TRY(const Address address, read_address(request));
  PACS_TRY(const auto accepted, wanted_media(request));
  PACS_TRY(RenderQuery query, read_render_query(request.query));
  if (query.width == 0) query.width = query.height = kThumbnailSide;
  const auto form = picture_form(accepted);
  if (!form) return not_acceptable(kPicturesHelp);
  PACS_TRY(const auto image, representative(setup, address));
  const std::uint32_t middle = image->count() / 2;
  auto answer = picture_answer({*image, middle, query, form->media}, request);
  // Damaged, or Number of Frames says more than there are.
  if (answer || middle == 0 || is_no_fault_of(answer.error().kind)) return answer;
  return picture_answer({*image, 0, query, form->media}, request);
}

}  // namespace

void add_rendered(Resources& resources, storage::Archive& archive,
                  std::shared_ptr<ImageCache> images) {
  using Answer = Result<Response> (*)(const PictureSetup&, const Request&);
  const auto add = [&](std::string_view path, std::string_view id, Answer answer) {
    Transaction transaction{"GET", path, id, {"image/jpeg", "image/png"}};
    for (const char* name : {"window", "viewport", "quality"}) {
      transaction.parameters.push_back({.name = name});
    }
    resources.add(std::move(transaction), Role::Viewer,
                  answering([&archive, images, answer](const Request& request) {
                    return answer({archive, *images}, request);
                  }));
  };
  add("/studies/{study}/rendered", "RetrieveRenderedStudy", rendered_many);
  add("/studies/{study}/series/{series}/rendered", "RetrieveRenderedSeries", rendered_many);
  add("/studies/{study}/series/{series}/instances/{instance}/rendered", "RetrieveRenderedInstance",
      rendered_instance);
  add("/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered",
      "RetrieveRenderedFrames", [](const PictureSetup& setup, const Request& request) {
        return frame_picture(setup, request, false);
      });
  add("/studies/{study}/thumbnail", "RetrieveStudyThumbnail", thumbnail);
  add("/studies/{study}/series/{series}/thumbnail", "RetrieveSeriesThumbnail", thumbnail);
  add("/studies/{study}/series/{series}/instances/{instance}/thumbnail",
      "RetrieveInstanceThumbnail", thumbnail);
  add("/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/thumbnail",
      "RetrieveFrameThumbnail", [](const PictureSetup& setup, const Request& request) {
        return frame_picture(setup, request, true);
      });
}

}  // namespace pacs::web
