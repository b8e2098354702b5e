#include "web/api/worklist.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/percent_encoding.h"
#include "encoding/model/dicom_json.h"
#include "storage/archive.h"
#include "storage/worklist/worklist_order.h"
#include "web/api/api_route.h"
#include "web/api/json_array.h"
#include "web/api/worklist_filter.h"
#include "web/http/path_segment.h"

namespace pacs::web {
namespace {

namespace json = boost::json;
using storage::NewWorklistItem;
using storage::PutItem;
using storage::StepId;
using storage::Worklist;
using storage::WorklistItem;

/// Orders of one request: what one transaction takes in well below a second.
constexpr std::size_t kOrdersOfRequestMax = 1000;

/// Of one order; real ones have some hundred. A request's body of "0,0,0" is else a hundred times
/// as large in memory.
ModelReadOptions order_limits() {
  ModelReadOptions limits;
  limits.nodes_max = 20'000;
  return limits;
}

StepId id_of(const Request& request) {
  return {std::string{request.parameter("study")}, text_of_segment(request.parameter("step"))};
}

json::object to_json(const NewWorklistItem& item, const PutItem& put) {
  json::array generated;
  for (const Tag tag : item.generated) {
    const std::string_view keyword = lookup(tag)->keyword;
    generated.emplace_back(json::string_view{keyword.data(), keyword.size()});
  }
  const std::string_view status = to_string(put.status);
  return {{"study_instance_uid", item.id.study_instance_uid},
          {"scheduled_procedure_step_id", item.id.scheduled_procedure_step_id},
          {"status", json::string_view{status.data(), status.size()}},
          {"generated", std::move(generated)}};
}

/// What has been put: the identifiers of each step, its status now, and what was generated for it.
Response told(unsigned status, const std::vector<NewWorklistItem>& items,
              const std::vector<PutItem>& put) {
  json::array rows;
  for (std::size_t i = 0; i < items.size(); ++i) rows.push_back(to_json(items[i], put[i]));
  Response response = Response::json(status, json::serialize(json::object{{"items", rows}}) + "\n");
  if (items.size() == 1 && status == 201) {
    response.headers.emplace_back("Location", worklist_path(items.front().id));
  }
  return response;
}

Response list(Worklist& worklist, const Request& request) {
  auto filter = read_worklist_filter(request.query);
  if (!filter) return Response::problem(filter.error());
  const std::uint64_t skip = filter->query.skip, limit = filter->query.limit;
  ++filter->query.limit;  // to know that there are more
  const auto items = worklist.list(std::move(filter->query), std::move(filter->view));
  if (!items) return Response::problem(items.error());
  std::string body = "[";
  for (std::size_t i = 0; i < std::min<std::size_t>(items->size(), limit); ++i) {
    if (i != 0) body += ",\n";
    if (Result<> written = write_json((*items)[i].data_set, body); !written) {
      return Response::problem(written.error());
    }
  }
  Response response = Response::json(200, body + "]\n");
  if (items->size() > limit) {  // RFC 8288
    response.headers.emplace_back("Link", fmt::format("</api/worklist?{}>; rel=\"next\"",
                                                      next_page(request.query, skip + limit)));
  }
  return response;
}

Response show(Worklist& worklist, const Request& request) {
  const Result<WorklistItem> item = worklist.get(id_of(request));
  if (!item) return Response::problem(item.error());
  std::string body;
  if (Result<> written = write_json(item->data_set, body); !written) {
    return Response::problem(written.error());
  }
  return Response::json(200, body + "\n");
}

Result<std::vector<NewWorklistItem>> read_orders(std::string_view body) {
  PACS_TRY(const auto texts, split_json_array(body));
  if (texts.empty()) return bad_request("the request has no order");
  if (texts.size() > kOrdersOfRequestMax) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("too many orders: orders_of_request_max is {}", kOrdersOfRequestMax));
  }
  std::vector<NewWorklistItem> items;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto of_order = read_json(texts[i], order_limits()).and_then([](const DataSet& order) {
      return storage::items_of_order(order);
    });
    if (!of_order) {
      Error error = of_order.error();
      if (texts.size() > 1) error.message = fmt::format("order {}: {}", i + 1, error.message);
      return fail(std::move(error));
    }
    std::ranges::move(*of_order, std::back_inserter(items));
  }
  return items;
}

Response create(Worklist& worklist, const Request& request) {
  const auto items = read_orders(request.body);
  if (!items) return Response::problem(items.error());
  const auto put = worklist.put(*items, Worklist::Existing::Refuse);
  return put ? told(201, *items, *put) : Response::problem(put.error());
}

/// Takes an identifier from the path; an error when the order has another one.
Result<> take_identifier(DataSet& data_set, Tag tag, const std::string& of_path) {
  const std::string_view given = data_set.text(tag, 0);
  if (data_set.text(tag).empty()) {
    data_set.set_text(tag, of_path);
  } else if (given != of_path) {
    return fail(Error{ErrorKind::Mismatch,
                      fmt::format("{} differs from the one in the path", lookup(tag)->keyword)}
                    .on(tag));
  }
  return {};
}

Result<std::vector<NewWorklistItem>> read_order_for(const StepId& id, std::string_view body) {
  PACS_TRY(DataSet order, read_json(body, order_limits()));
  Sequence steps = order.items(tags::ScheduledProcedureStepSequence);
  if (steps.size() != 1) {
    return fail(Error{ErrorKind::Malformed,
                      "ScheduledProcedureStepSequence must have one item: the step in the path"}
                    .on(tags::ScheduledProcedureStepSequence));
  }
  PACS_TRY(take_identifier(order, tags::StudyInstanceUID, id.study_instance_uid).and_then([&] {
    return take_identifier(steps.front().data_set, tags::ScheduledProcedureStepID,
                           id.scheduled_procedure_step_id);
  }));
  order.set_items(tags::ScheduledProcedureStepSequence, std::move(steps));
  return storage::items_of_order(order);
}

Response replace(Worklist& worklist, const Request& request) {
  const auto items = read_order_for(id_of(request), request.body);
  if (!items) return Response::problem(items.error());
  const auto put = worklist.put(*items, Worklist::Existing::Replace);
  if (!put) return Response::problem(put.error());
  return told(put->front().is_new ? 201 : 200, *items, *put);
}

Response done(const Result<>& status) {
  if (!status) return Response::problem(status.error());
  Response response;
  response.status = 204;
  return response;
}

}  // namespace

std::string worklist_path(const StepId& id) {
  return "/api/worklist/" + percent_encoded(id.study_instance_uid) + "/" +
         segment_of(id.scheduled_procedure_step_id);
}

void add_worklist(Router& router, storage::Archive& archive) {
  Worklist& worklist = archive.worklist();
  router.add(
      api_route("GET", "/api/worklist",
                [&worklist](const Request& request) { return list(worklist, request); },
                {.summary = "Scheduled procedure steps; further parameters are attributes to match",
                 .query = {{"status", "of the step, several with commas"},
                           {"offset", "steps to leave out", true},
                           {"limit", "steps of a page, 1000 at most", true}},
                 .answer = "DicomObjects"}));
  router.add(api_route("POST", "/api/worklist",
                       [&worklist](const Request& request) { return create(worklist, request); },
                       {.summary = "Enters one order or an array of orders",
                        .body = "Orders",
                        .answer = "ItemsPut",
                        .statuses = {201}}));
  router.add(api_route("GET", "/api/worklist/{study}/{step}",
                       [&worklist](const Request& request) { return show(worklist, request); },
                       {.summary = "One scheduled procedure step", .answer = "DicomObject"}));
  router.add(api_route("PUT", "/api/worklist/{study}/{step}",
                       [&worklist](const Request& request) { return replace(worklist, request); },
                       {.summary = "Enters or replaces a scheduled procedure step",
                        .body = "DicomObject",
                        .answer = "ItemsPut",
                        .statuses = {200, 201}}));
  router.add(api_route(
      "DELETE", "/api/worklist/{study}/{step}",
      [&worklist](const Request& request) { return done(worklist.remove(id_of(request))); },
      {.summary = "Removes a scheduled procedure step", .statuses = no_content()}));
  router.add(api_route(
      "POST", "/api/worklist/{study}/{step}/cancel",
      [&worklist](const Request& request) { return done(worklist.cancel(id_of(request))); },
      {.summary = "Cancels a scheduled procedure step", .statuses = no_content()}));
}

}  // namespace pacs::web
