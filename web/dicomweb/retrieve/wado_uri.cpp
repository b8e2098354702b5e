#include "web/dicomweb/retrieve/wado_uri.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.h"
#include "core/uid_registry.h"
#include "web/dicomweb/retrieve/address.h"
#include "web/dicomweb/retrieve/object_source.h"
#include "web/dicomweb/retrieve/picture.h"
#include "web/dicomweb/retrieve/ranged_answer.h"
#include "web/dicomweb/retrieve/validators.h"
#include "web/dicomweb/retrieve/wado_answer.h"

namespace pacs::web {
namespace {

/// PS3.18 §9.1.2: the parameters of a request, each at most once. Others are passed over.
struct UriQuery {
  const Fields& fields;
  [[nodiscard]] std::string_view text(std::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (key == name) return value;
    }
    return {};
  }
  [[nodiscard]] Result<std::string> uid(std::string_view name) const {
    const std::string_view value = text(name);
    if (is_usable_uid(value)) return std::string(value);
    return bad_request(fmt::format("{}: \"{}\" is not a UID", name, excerpt(value)));
  }
  /// Nothing when absent.
  [[nodiscard]] Result<std::optional<double>> number(std::string_view name) const {
    const std::string_view value = text(name);
    if (value.empty()) return std::optional<double>{};
    PACS_TRY(const auto numbers, read_numbers(name, value));
    if (numbers.size() == 1 && numbers[0]) return numbers[0];
    return bad_request(fmt::format("{} is one number", name));
  }
  /// A whole one from 1 on; 0 when absent.
  [[nodiscard]] Result<std::uint32_t> count(std::string_view name) const {
    PACS_TRY(const auto value, number(name));
    if (!value) return 0U;
    if (*value >= 1 && *value <= 1e9 && *value == static_cast<std::uint32_t>(*value)) {
      return static_cast<std::uint32_t>(*value);
    }
    return bad_request(fmt::format("{} is a whole number from 1 on", name));
  }
};

/// What is not done is refused where leaving it out would harm.
std::optional<Response> refusal_of_uri(const UriQuery& query) {
  if (query.text("requestType") != "WADO") {
    return Response::problem(400, "requestType: it must be WADO");
  }
  if (query.text("anonymize") == "yes") {
    return Response::problem(501, "anonymize: nothing is de-identified here");
  }
  if (!query.text("presentationUID").empty()) {
    return Response::problem(501, "presentationUID: presentation states are not applied here");
  }
  return std::nullopt;
}

/// §9.1.2.2.4: the region as fractions of the image.
Result<> read_region(const UriQuery& uri, const FrameFormat& format, RenderQuery& query) {
  if (uri.text("region").empty()) return {};
  PACS_TRY(const auto corners, read_numbers("region", uri.text("region")));
  const auto within = [](const std::optional<double>& n) { return n && *n >= 0 && *n <= 1; };
  if (corners.size() != 4 || !std::ranges::all_of(corners, within) || *corners[0] >= *corners[2] ||
      *corners[1] >= *corners[3]) {
    return bad_request("region: it is xmin,ymin,xmax,ymax as fractions from 0 to 1");
  }
  query.source = RenderQuery::Source{*corners[0] * format.columns, *corners[1] * format.rows,
                                     (*corners[2] - *corners[0]) * format.columns,
                                     (*corners[3] - *corners[1]) * format.rows};
  return {};
}

Result<RenderQuery> read_uri_rendering(const UriQuery& uri, const OpenImage& image) {
  RenderQuery query;
  PACS_TRY(query.width, uri.count("columns"));
  PACS_TRY(query.height, uri.count("rows"));
  if (std::max(query.width, query.height) > kPictureSideMax) {
    return bad_request(fmt::format("rows, columns: at most {}", kPictureSideMax));
  }
  PACS_TRY(const auto center, uri.number("windowCenter"));
  PACS_TRY(const auto width, uri.number("windowWidth"));
  if (center.has_value() != width.has_value()) {
    return bad_request("windowCenter and windowWidth come together");
  }
  if (center) {
    query.window = Window{*center, *width};
    if (Result<> checked = check(*query.window); !checked) {
      return bad_request("windowWidth: " + checked.error().message);
    }
  }
  PACS_TRY(const std::uint32_t quality, uri.count("imageQuality"));
  if (quality > 100) return bad_request("imageQuality is a number from 1 to 100");
  if (quality > 0) query.quality = static_cast<int>(quality);
  query.annotation = !uri.text("annotation").empty();
  if (image.frames) PACS_TRY(read_region(uri, image.frames->format().frame, query));
  return query;
}

Result<Response> uri_picture(const OpenImage& image, std::string_view media,
                             const Request& request) {
  const UriQuery uri{request.query};
  PACS_TRY(const RenderQuery query, read_uri_rendering(uri, image));
  PACS_TRY(const std::uint32_t number, uri.count("frameNumber"));
  const std::uint32_t frame = number == 0 ? 0 : number - 1;
  if (frame >= image.count()) return fail(ErrorKind::NotFound, "there is no such frame");
  return picture_answer({image, frame, query, media}, request);
}

Result<Response> uri_object(const ImageSetup& setup, const storage::InstanceRecord& record,
                            const Request& request) {
  const UriQuery uri{request.query};
  const auto syntax = given_syntax(record.transfer_syntax_uid, uri.text("transferSyntax"));
  if (!syntax) {
    return not_acceptable("transferSyntax: the object cannot be given in it without a loss");
  }
  const Validators validators =
      validators_of(record, strong_etag(fmt::format("{:x}-{}", record.checksum, *syntax)));
  if (auto settled = settled_by_preconditions(request, validators)) return *std::move(settled);
  PACS_TRY(Content content, object_content({setup, request.trace_id}, record, *syntax));
  PACS_TRY(Response response,
           ranged_answer({"application/dicom", std::move(content), validators}, request));
  response.set_costly(*syntax != record.transfer_syntax_uid);
  return response;
}

/// §9.1.2.1.1: the media types of contentType, best first; without it, those of Accept.
Result<std::vector<MediaRange>> wanted_of_uri(const UriQuery& uri, const Request& request) {
  const std::string_view asked = uri.text("contentType");
  if (asked.empty()) return wanted_media(request);
  auto ranges = parse_accept(asked);
  if (!ranges) return bad_request("contentType: " + ranges.error().message);
  return ranges;
}

Result<Response> wado_uri(storage::Archive& archive, ImageCache& images, const Request& request) {
  const UriQuery uri{request.query};
  if (auto refused = refusal_of_uri(uri)) return *std::move(refused);
  Address address;
  PACS_TRY(address.study, uri.uid("studyUID"));
  PACS_TRY(address.series, uri.uid("seriesUID"));
  PACS_TRY(address.instance, uri.uid("objectUID"));
  PACS_TRY(const storage::InstanceRecord record, find_addressed(archive, address));
  PACS_TRY(const std::vector<MediaRange> wanted, wanted_of_uri(uri, request));
  const auto image = images.open(record);
  const bool has_pictures = image && (*image)->can_decode();
  static constexpr std::array kOffers{Offer{"image/jpeg"}, Offer{"image/png"},
                                      Offer{"application/dicom"}};
  // The default of what is no image is the object itself.
  const std::span<const Offer> offers = std::span{kOffers}.subspan(has_pictures ? 0 : 2);
  const auto chosen = choose(wanted, offers);
  if (!chosen) {
    return not_acceptable(
        "Objects are given as application/dicom, images also as image/jpeg and "
        "image/png.");
  }
  const std::string_view media = offers[*chosen].media;
  if (media != "application/dicom") return uri_picture(**image, media, request);
  return uri_object(images.setup(), record, request);
}

}  // namespace

void add_wado_uri(Resources& resources, storage::Archive& archive,
                  std::shared_ptr<ImageCache> images) {
  Transaction transaction{
      "GET", "/wado", "WADO-URI", {"image/jpeg", "image/png", "application/dicom"}};
  for (const char* name : {"requestType", "studyUID", "seriesUID", "objectUID", "contentType",
                           "transferSyntax", "frameNumber", "rows", "columns", "region",
                           "windowCenter", "windowWidth", "imageQuality"}) {
    transaction.parameters.push_back({.name = name});
  }
  resources.add(std::move(transaction), Role::Viewer,
                answering([&archive, images = std::move(images)](const Request& request) {
                  return wado_uri(archive, *images, request);
                }));
}

}  // namespace pacs::web
