#include "web/api/performed_steps.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "encoding/model/dicom_json.h"
#include "storage/archive.h"
#include "storage/steps/performed_steps.h"
#include "web/api/api_route.h"
#include "web/api/api_text.h"
#include "web/http/query_keys.h"

namespace pacs::web {
namespace {

namespace json = boost::json;
using storage::StepFilter;
using storage::StepSummary;

/// Steps in one answer: each is compared with what is stored before it is shown.
constexpr std::int64_t kLimitMax = 500;

/// "IN PROGRESS", or as it is easier to write in a URL: "in_progress".
Result<storage::PerformedStatus> status_of(std::string text) {
  for (char& letter : text) {
    letter =
        letter == '_' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  if (const auto status = storage::parse_performed_status(text)) return *status;
  return bad_request("status must be in_progress, completed or discontinued");
}

Result<> take_parameter(StepFilter& filter, const std::string& name, const std::string& value) {
  if (name == "patient_id") {
    filter.patient_id = value;
  } else if (name == "study") {
    filter.study_instance_uid = value;
  } else if (name == "accession_number") {
    filter.accession_number = value;
  } else if (name == "mismatch") {
    if (value != "true" && value != "false") return bad_request("mismatch must be true or false");
    filter.only_mismatches = value == "true";
  } else if (name == "status") {
    PACS_TRY(const auto status, status_of(value));
    filter.status = status;
  } else if (name == "limit") {
    PACS_TRY(const auto limit, read_number(name, value, 1, kLimitMax));
    filter.limit = static_cast<std::size_t>(limit);
  } else if (name == "before") {
    PACS_TRY(const auto before, read_number(name, value, 1, INT64_MAX));
    filter.before = before;
  } else {
    return bad_request(
        fmt::format("{} is unknown; use status, patient_id, study, "
                    "accession_number, mismatch, limit or before",
                    name));
  }
  return {};
}

Result<StepFilter> read_filter(const Fields& query) {
  StepFilter filter;
  for (const auto& [name, value] : query) {
    PACS_TRY(take_parameter(filter, name, value));
  }
  return filter;
}

json::object to_json(const storage::PerformedRequest& request) {
  return {{"study_instance_uid", request.study_instance_uid},
          {"scheduled_procedure_step_id", request.scheduled_procedure_step_id},
          {"accession_number", request.accession_number},
          {"holds_objects", request.holds_objects}};
}

json::object to_json(const storage::PerformedSeries& series) {
  return {{"series_instance_uid", series.series_instance_uid},
          {"series_description", series.series_description},
          {"protocol_name", series.protocol_name},
          {"performed", series.performed},
          {"stored", series.stored},
          {"stored_elsewhere", series.stored_elsewhere}};
}

json::object to_json(const StepSummary& step) {
  json::array requests, series;
  for (const auto& request : step.requests) requests.push_back(to_json(request));
  std::uint64_t performed = 0, stored = 0, elsewhere = 0;
  for (const auto& one : step.series) {
    series.push_back(to_json(one));
    performed += one.performed;
    stored += one.stored;
    elsewhere += one.stored_elsewhere;
  }
  return {{"sop_instance_uid", step.sop_instance_uid},
          {"status", to_string(step.status)},
          {"patient_id", step.patient_id},
          {"patient_name", step.patient_name},
          {"modality", step.modality},
          {"performed_procedure_step_id", step.performed_procedure_step_id},
          {"performed_station_ae_title", step.performed_station_ae_title},
          {"source_ae", step.source_ae},
          {"start_date", step.start_date},
          {"start_time", step.start_time},
          {"end_date", step.end_date},
          {"end_time", step.end_time},
          {"created", instant(step.created_ms)},
          {"changed", instant(step.changed_ms)},
          {"requests", std::move(requests)},
          {"series", std::move(series)},
          {"performed", performed},
          {"stored", stored},
          {"not_stored", performed - stored},
          {"stored_elsewhere", elsewhere},
          {"not_performed", step.not_performed},
          {"mismatch", !step.agrees()}};
}

json::array to_json(const std::vector<storage::ObjectReference>& references) {
  json::array rows;
  for (const auto& reference : references) {
    json::object row{{"sop_class_uid", reference.sop_class_uid},
                     {"sop_instance_uid", reference.sop_instance_uid},
                     {"series_instance_uid", reference.series_instance_uid}};
    if (!reference.study_instance_uid.empty()) {
      row["study_instance_uid"] = reference.study_instance_uid;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Response list(storage::Archive& archive, const Request& request) {
  const Result<StepFilter> filter = read_filter(request.query);
  if (!filter) return Response::problem(filter.error());
  const auto page = archive.performed_steps().list(*filter);
  if (!page) return Response::problem(page.error());
  json::array steps;
  for (const StepSummary& step : page->steps) steps.push_back(to_json(step));
  json::object body{{"steps", std::move(steps)}, {"next_before", nullptr}};
  if (page->next_before != 0) body["next_before"] = page->next_before;
  return Response::json(200, json::serialize(body) + "\n");
}

Response show(storage::Archive& archive, std::string_view uid) {
  const auto step = archive.performed_steps().get(uid);
  if (!step) return Response::problem(step.error());
  const auto compared = archive.performed_steps().compare(uid);
  if (!compared) return Response::problem(compared.error());
  std::string attributes;
  if (auto written = write_json(step->data_set, attributes); !written) {
    return Response::problem(written.error());
  }
  const auto& [not_stored, elsewhere, not_performed] = compared->differences;
  json::object body = to_json(compared->step);
  body["instances"] = json::object{{"not_stored", to_json(not_stored)},
                                   {"stored_elsewhere", to_json(elsewhere)},
                                   {"not_performed", to_json(not_performed)}};
  // Appended as text, so that numbers keep their digits.
  std::string text = json::serialize(body);
  text.pop_back();
  text.append(",\"attributes\":").append(attributes).append("}\n");
  return Response::json(200, std::move(text));
}

}  // namespace

void add_performed_steps(Router& router, storage::Archive& archive) {
  router.add(api_route(
      "GET", "/api/performed-steps", [&](const Request& request) { return list(archive, request); },
      {.summary = "Performed procedure steps, compared with what is stored; the latest first",
       .query = {{"status", "in_progress, completed or discontinued"},
                 {"patient_id", "exactly"},
                 {"study", "Study Instance UID"},
                 {"accession_number", "exactly"},
                 {"mismatch", "true: only steps that do not agree with what is stored"},
                 {"before", "the next_before of the page before", true},
                 {"limit", "steps of a page, 500 at most", true}},
       .answer = "PerformedSteps"}));
  router.add(api_route(
      "GET", "/api/performed-steps/{uid}",
      [&](const Request& request) { return show(archive, request.parameter("uid")); },
      {.summary = "One performed procedure step with its attributes", .answer = "PerformedStep"}));
}

}  // namespace pacs::web
