#include "web/api/send.h"

#include <utility>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "core/text.h"
#include "core/uid_registry.h"
#include "services/dispatch/remote_aes.h"
#include "services/retrieve/send_job.h"
#include "storage/archive.h"
#include "storage/jobs/jobs.h"
#include "web/api/api_route.h"
#include "web/http/small_json.h"

namespace pacs::web {
namespace {

namespace json = boost::json;
using services::SendOrder;

Result<> take_member(SendOrder& order, std::string_view name, const json::value& value) {
  std::string* const member = name == "destination" ? &order.destination
                              : name == "study"     ? &order.study_instance_uid
                              : name == "series"    ? &order.series_instance_uid
                                                    : nullptr;
  if (member == nullptr) {
    return bad_request(
        fmt::format("{} is unknown; use destination, study or series", printable(name)));
  }
  if (!value.is_string()) return bad_request(fmt::format("{} must be a string", name));
  *member = std::string_view{value.get_string()};
  if (member != &order.destination && !is_usable_uid(*member)) {
    return bad_request(fmt::format("{} is not a UID", name));
  }
  return {};
}

Result<SendOrder> read_order(std::string_view body) {
  PACS_TRY(const json::value value, parse_small_json(body));
  if (!value.is_object()) return bad_request("the body must be one JSON object");
  SendOrder order;
  for (const auto& [name, member] : value.get_object()) {
    PACS_TRY(take_member(order, {name.data(), name.size()}, member));
  }
  if (order.destination.empty() || order.study_instance_uid.empty()) {
    return bad_request("the body must have a destination and a study");
  }
  return order;
}

Result<std::int64_t> add_order(storage::Archive& archive, const services::RemoteAes& remotes,
                               std::string_view body) {
  PACS_TRY(const SendOrder order, read_order(body));
  PACS_TRY(remotes.find(order.destination));
  PACS_TRY(const auto records, archive.select(services::selection_of(order)));
  PACS_TRY(const auto some, records->next(1));
  if (some.empty()) return fail(ErrorKind::NotFound, "the archive holds nothing of it");
  return archive.jobs().add(services::send_job(order));
}

}  // namespace

void add_send(Router& router, storage::Archive& archive, const services::RemoteAes& remotes,
              std::function<void()> wake) {
  const auto send = [&archive, &remotes, wake = std::move(wake)](const Request& request) {
    const Result<std::int64_t> job = add_order(archive, remotes, request.body);
    if (!job) return Response::problem(job.error());
    wake();
    return Response::json(202, json::serialize(json::object{{"job", *job}}) + "\n")
        .with("Location", fmt::format("/api/jobs/{}", *job));
  };
  router.add(api_route("POST", "/api/send", send,
                       {.summary = "Sends a study or a series to an AE, by a job",
                        .body = "Send",
                        .answer = "Sending",
                        .statuses = {202}}));
}

}  // namespace pacs::web
