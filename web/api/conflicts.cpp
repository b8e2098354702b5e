#include "web/api/conflicts.h"

#include <algorithm>
#include <span>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "storage/index/patient_conflicts.h"
#include "web/api/api_route.h"
#include "web/api/api_text.h"
#include "web/http/query_keys.h"

namespace pacs::web {
namespace {

namespace json = boost::json;
using storage::ConflictFilter;
using storage::Conflicts;
using storage::PatientConflict;

/// Studies on a page, each with kOtherPatientsMax patients at most.
constexpr std::int64_t kLimitOfPage = 500;

json::object to_json(const storage::OtherPatient& other) {
  return {{"patient_id", other.patient_id},
          {"issuer_of_patient_id", other.issuer_of_patient_id},
          {"patient_name", other.patient_name},
          {"instances", other.instances},
          {"sop_instance_uid", other.sop_instance_uid},
          {"source_ae", other.source_ae},
          {"first", instant(other.first_ms)},
          {"last", instant(other.last_ms)}};
}

json::object to_json(const PatientConflict& conflict) {
  json::array others;
  for (const auto& other : conflict.others) others.push_back(to_json(other));
  return {{"id", conflict.id},
          {"study_instance_uid", conflict.study_instance_uid},
          {"instances", conflict.instances},
          {"filed_under",
           {{"patient_id", conflict.patient_id},
            {"issuer_of_patient_id", conflict.issuer_of_patient_id},
            {"patient_name", conflict.patient_name}}},
          {"others", std::move(others)},
          {"others_total", conflict.others_total}};
}

Result<ConflictFilter> read_page(const Fields& query) {
  ConflictFilter filter;
  for (const auto& [name, value] : query) {
    if (name == "limit") {
      PACS_TRY(filter.limit, read_number(name, value, 1, kLimitOfPage));
    } else if (name == "before") {
      PACS_TRY(filter.before, read_number(name, value, 1, INT64_MAX));
    } else {
      return bad_request(name + " is unknown; use before or limit");
    }
  }
  return filter;
}

Response list(Conflicts& conflicts, const Request& request) {
  Result<ConflictFilter> filter = read_page(request.query);
  if (!filter) return Response::problem(filter.error());
  const auto limit = static_cast<std::size_t>(filter->limit++);  // to know that there are more
  const auto page = conflicts.list(*filter);
  if (!page) return Response::problem(page.error());
  const std::span shown = std::span(*page).first(std::min(page->size(), limit));
  json::array rows;
  for (const PatientConflict& conflict : shown) rows.push_back(to_json(conflict));
  json::object body{{"conflicts", std::move(rows)}, {"next_before", nullptr}};
  if (page->size() > limit) body["next_before"] = shown.back().id;
  return Response::json(200, json::serialize(body) + "\n");
}

Response decide(Conflicts& conflicts, std::string_view study) {
  if (Result<> decided = conflicts.decide(study); !decided) {
    return Response::problem(decided.error());
  }
  Response response;
  response.status = 204;
  return response;
}

}  // namespace

void add_conflicts(Router& router, storage::Conflicts& conflicts) {
  router.add(api_route("GET", "/api/conflicts",
                       [&conflicts](const Request& request) { return list(conflicts, request); },
                       {.summary = "Studies whose objects say that they are of different patients",
                        .query = {{"before", "the next_before of the page before", true},
                                  {"limit", "studies of a page, 500 at most", true}},
                        .answer = "Conflicts"}));
  router.add(api_route("DELETE", "/api/conflicts/{study}",
                       [&conflicts](const Request& request) {
                         return decide(conflicts, request.parameter("study"));
                       },
                       {.summary = "What is said of the patients of a study has been looked at",
                        .statuses = no_content()}));
}

}  // namespace pacs::web
