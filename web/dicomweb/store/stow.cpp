#include "web/dicomweb/store/stow.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/uid_registry.h"
#include "web/dicomweb/store/stow_commits.h"
#include "web/dicomweb/store/stow_metadata.h"
#include "web/dicomweb/store/stow_objects.h"
#include "web/dicomweb/store/stow_results.h"
#include "web/http/field_value.h"
#include "web/http/media_type.h"
#include "web/http/multipart.h"

namespace pacs::web {
namespace {

using boost::asio::awaitable;

/// In the log, of one request.
constexpr std::size_t kFailuresNamed = 10;

constexpr std::string_view kObjects = "application/dicom";
constexpr std::array<Offer, 3> kAnswers{
    {{"application/dicom+json"}, {"application/dicom+xml"}, {"application/json"}}};

/// How the instances of a request lie in its body (PS3.18 Table 10.5.2-1).
struct StowBody {
  std::string media{};                    ///< of the objects or their metadata
  std::optional<std::string> boundary{};  ///< of several parts
};

tl::unexpected<Error> unsupported(std::string_view media) {
  return fail(
      ErrorKind::Unsupported,
      fmt::format("instances come as application/dicom, or as multipart/related with the type "
                  "application/dicom, application/dicom+json or application/dicom+xml, and "
                  "not as {}",
                  media));
}

Result<StowBody> body_form(const Fields& headers) {
  const auto field = listed_field(headers, "Content-Type");
  if (!field) return unsupported("a body without Content-Type");
  PACS_TRY(const MediaType media, MediaType::parse(*field));
  if (media.is(kObjects)) return StowBody{.media = media.name()};
  if (!media.is("multipart/related")) return unsupported(media.name());
  // RFC 2387 §3.1 wants a type; who leaves it out sends objects.
  const std::string_view type = media.parameter("type");
  StowBody body{.media = std::string(kObjects),
                .boundary = std::string(media.parameter("boundary"))};
  if (!type.empty()) {
    PACS_TRY(const MediaType parts, MediaType::parse(type));
    body.media = parts.name();
  }
  const bool known = body.media == kObjects || body.media == "application/dicom+json" ||
                     body.media == "application/dicom+xml";
  if (!known) return unsupported(media.to_string());
  return body;
}

awaitable<Result<>> read_body(const StowService& service, const Request& request,
                              const StowBody& body, PartSink& sink) {
  Result<> read;
  if (!body.boundary) {
    read = co_await read_single_part({}, request.stream, sink);
  } else {
    PACS_CO_TRY(MultipartReader parts,
                MultipartReader::create(*body.boundary, {.parts_max = service.limits.parts_max}));
    read = co_await read_parts(std::move(parts), request.stream, sink);
  }
  co_return read;
}

awaitable<Result<>> read_instances(const StowService& service, const Request& request,
                                   const StowBody& body, StowCommits& commits) {
  if (body.media == kObjects) {
    StowObjects objects(service, request, commits);
    Result<> read = co_await read_body(service, request, body, objects);
    co_return read;
  }
  StowMetadata metadata(service, request, body.media, commits);
  PACS_CO_TRY(co_await read_body(service, request, body, metadata));
  Result<> stored = co_await metadata.store();
  co_return stored;
}

/// To a request that broke off; what of it is stored all the same it says.
Response broken_off(Error error, const StowResults& results) {
  const auto stored = std::ranges::count_if(results, &StowResult::is_stored);
  if (stored != 0) error.message += fmt::format("; {} instances before are stored", stored);
  if (error.kind == ErrorKind::Timeout) return Response::problem(408, error.message);
  return Response::problem(error);
}

void log_failures(const StowService& service, const Request& request, const StowResults& results) {
  std::size_t named = 0;
  for (const StowResult& result : results) {
    if (!result.error || ++named > kFailuresNamed) continue;
    service.logger.warning(
        request.trace_id, "an instance of STOW-RS is not stored",
        {{"reason", result.error->to_string()}, {"sop_instance", result.sop_instance_uid}});
  }
  if (named > kFailuresNamed) {
    const std::string more = std::to_string(named - kFailuresNamed);
    service.logger.warning(request.trace_id, "further instances of STOW-RS are not stored",
                           {{"instances", more}});
  }
}

Result<std::string_view> answer_form(const Request& request) {
  PACS_TRY(const auto accepted, accepted_by(request.query, request.headers));
  const auto chosen = choose(accepted, kAnswers);
  return chosen ? kAnswers[*chosen].media : std::string_view();
}

}  // namespace

void add_stow(Resources& resources, StowService service) {
  const auto shared = std::make_shared<const StowService>(std::move(service));
  const auto add = [&](std::string_view path, std::string_view id) {
    Transaction transaction{"POST", path, id};
    for (const Offer& answer : kAnswers) transaction.gives.push_back(answer.media);
    transaction.takes = {"multipart/related; type=\"application/dicom\"",
                         "multipart/related; type=\"application/dicom+json\"",
                         "multipart/related; type=\"application/dicom+xml\"", kObjects};
    resources.add(
        std::move(transaction), Role::Uploader,
        WaitingHandler([shared](Request& request) { return store_instances(*shared, request); }),
        RequestBody::Streamed);
  };
  add("/studies", "StoreInstances");
  add("/studies/{study}", "StoreStudyInstances");
}

awaitable<Response> store_instances(const StowService& service, const Request& request) {
  const std::string_view study = request.parameter("study");
  if (!study.empty() && !is_usable_uid(study)) {
    co_return Response::problem(400, "The study of the URL is not a UID (PS3.5 §9.1).");
  }
  const auto form = answer_form(request);
  if (!form) co_return Response::problem(form.error());
  if (form->empty()) {
    co_return Response::problem(406,
                                "The answer is application/dicom+json or application/dicom+xml.");
  }
  const auto body = body_form(request.headers);
  if (!body) co_return Response::problem(body.error());

  StowCommits commits;
  Result<> read = co_await read_instances(service, request, *body, commits);
  co_await commits.finish();
  const StowResults& results = commits.results();
  log_failures(service, request, results);
  if (!read) co_return broken_off(std::move(read.error()), results);
  if (results.empty()) co_return Response::problem(400, "The request has no instance in it.");
  co_return stow_answer(results, service_url(request), *form);
}

}  // namespace pacs::web
