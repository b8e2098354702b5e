#include "web/api/api_schemas.h"

#include <cctype>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace pacs::web {
namespace {

namespace json = boost::json;

constexpr std::string_view kSchemas = R"({
"Attributes": {"*": ["string"]},
"Configuration": {"keys": [{"key": "string", "value": "any",
  "from": "'default|file|environment|command line'", "where": "string"}]},
"Conflicts": {"conflicts": [{
    "id": "integer", "study_instance_uid": "string", "instances": "integer",
    "filed_under": {"patient_id": "string", "issuer_of_patient_id": "string", "patient_name": "string"},
    "others": [{"patient_id": "string", "issuer_of_patient_id": "string", "patient_name": "string",
      "instances": "integer", "sop_instance_uid": "string", "source_ae": "string", "first": "time",
      "last": "time"}],
    "others_total": "integer"}],
  "next_before": "integer|null"},
"DicomObject": {"*": {"vr": "string", "Value?": ["any"], "BulkDataURI?": "string", "InlineBinary?": "string"}},
"DicomObjects": ["DicomObject"],
"Echo": {"ok": "boolean", "milliseconds": "number", "implementation?": "string", "error?": "string"},
"History": {"step_seconds": "integer", "until": "time", "series": {
  "stored_bytes": ["number|null"], "stored_objects": ["number|null"], "associations": ["number|null"],
  "http_requests": ["number|null"], "http_p95_ms": ["number|null"], "store_p95_ms": ["number|null"],
  "memory_bytes": ["number|null"], "archive_bytes": ["number|null"]}},
"ItemsPut": {"items": [{"study_instance_uid": "string", "scheduled_procedure_step_id": "string",
  "status": "string", "generated": ["string"]}]},
"Job": {"id": "integer", "kind": "string", "subject": "string", "destination": "string",
  "state": "'waiting|running|done|dead|cancelled'", "priority": "integer", "attempts": "integer",
  "created": "time", "changed": "time", "progress": {"done": "integer", "total": "integer"},
  "due?": "time", "owner?": "string", "error?": "string"},
"JobPriority": {"priority": "integer"},
"Jobs": {"jobs": ["Job"], "counts": {"waiting": "integer", "running": "integer", "done": "integer",
  "dead": "integer", "cancelled": "integer"}},
"Me": {"name": "string", "role": "Role"},
"Object": {"*": "any"},
"Orders": "DicomObject|DicomObjects",
"PerformedStep": {"sop_instance_uid": "string", "status": "'IN PROGRESS|COMPLETED|DISCONTINUED'",
  "patient_id": "string", "patient_name": "string", "modality": "string",
  "performed_procedure_step_id": "string", "performed_station_ae_title": "string", "source_ae": "string",
  "start_date": "string", "start_time": "string", "end_date": "string", "end_time": "string",
  "created": "time", "changed": "time",
  "requests": [{"study_instance_uid": "string", "scheduled_procedure_step_id": "string",
    "accession_number": "string", "holds_objects": "boolean"}],
  "series": [{"series_instance_uid": "string", "series_description": "string", "protocol_name": "string",
    "performed": "integer", "stored": "integer", "stored_elsewhere": "integer"}],
  "performed": "integer", "stored": "integer", "not_stored": "integer", "stored_elsewhere": "integer",
  "not_performed": "integer", "mismatch": "boolean",
  "instances?": {"not_stored": ["Reference"], "stored_elsewhere": ["Reference"],
    "not_performed": ["Reference"]},
  "attributes?": "DicomObject"},
"PerformedSteps": {"steps": ["PerformedStep"], "next_before": "integer|null"},
"Problem": {"type?": "string", "title": "string", "status": "integer", "detail": "string"},
"Reference": {"sop_class_uid": "string", "sop_instance_uid": "string", "series_instance_uid": "string",
  "study_instance_uid?": "string"},
"RemoteAe": {"ae_title": "string", "host": "string", "port": "integer", "tls": "boolean",
  "comment": "string", "configured": "boolean"},
"RemoteAeToEnter": {"ae_title?": "string", "host": "string", "port?": "integer", "tls?": "boolean",
  "comment?": "string", "configured?": "boolean"},
"RemoteAes": ["RemoteAe"],
"Role": "'anybody|viewer|uploader|administrator'",
"Send": {"destination": "string", "study": "string", "series?": "string"},
"Sending": {"job": "integer"},
"Status": {"version": "string", "uptime_seconds": "number", "ready": "boolean",
  "checks": [{"name": "string", "ok": "boolean", "detail?": "string"}],
  "dicom": [{"ae_title": "string", "host": "string", "port": "integer", "tls": "boolean",
    "local_only": "boolean"}],
  "associations": "integer", "memory_bytes": "integer",
  "counts": "Counts|null"},
"Counts": {"patients": "integer", "studies": "integer", "series": "integer", "instances": "integer",
  "bytes": "integer"},
"Token": {"id": "string", "name": "string", "role": "Role", "created": "time"},
"TokenCreated": {"id": "string", "name": "string", "role": "Role", "created": "time", "token": "string"},
"TokenToCreate": {"name": "string", "role": "Role"},
"Tokens": {"tokens": ["Token"]}
})";

json::value schema_of_name(std::string_view name) {
  if (name == "any") return json::object{};
  if (name == "time") return json::object{{"type", "string"}, {"format", "date-time"}};
  if (std::isupper(static_cast<unsigned char>(name.front())) != 0) {
    return json::object{{"$ref", "#/components/schemas/" + std::string(name)}};
  }
  return json::object{{"type", std::string(name)}};
}

json::array each_of(std::string_view text, json::value (*make)(std::string_view)) {
  json::array all;
  for (;;) {
    const std::size_t bar = text.find('|');
    all.push_back(make(text.substr(0, bar)));
    if (bar == text.npos) return all;
    text.remove_prefix(bar + 1);
  }
}

json::value schema_of_word(std::string_view word) {
  if (word.starts_with('\'')) {
    const auto as_is = [](std::string_view value) { return json::value(std::string(value)); };
    return json::object{{"type", "string"},
                        {"enum", each_of(word.substr(1, word.size() - 2), as_is)}};
  }
  if (word.find('|') == word.npos) return schema_of_name(word);
  return json::object{{"anyOf", each_of(word, schema_of_name)}};
}

json::value schema_of_object(const json::object& members) {
  json::object properties, schema{{"type", "object"}};
  json::array required;
  json::value others = false;
  for (const auto& [key, form] : members) {
    std::string_view name = key;
    if (name == "*") {
      others = schema_of(form);
      continue;
    }
    const bool may_be_absent = name.ends_with('?');
    if (may_be_absent) name.remove_suffix(1);
    if (!may_be_absent) required.emplace_back(std::string(name));
    properties[name] = schema_of(form);
  }
  if (!properties.empty()) schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = std::move(others);
  return schema;
}

}  // namespace

json::value schema_of(const json::value& short_form) {
  if (const json::object* members = short_form.if_object()) return schema_of_object(*members);
  if (const json::array* items = short_form.if_array()) {
    return json::object{{"type", "array"}, {"items", schema_of(items->front())}};
  }
  return schema_of_word(short_form.get_string());
}

json::object api_schemas() {
  json::object schemas;
  const json::value short_forms = json::parse(kSchemas);
  for (const auto& [name, form] : short_forms.get_object()) {
    schemas[name] = schema_of(form);
  }
  return schemas;
}

}  // namespace pacs::web
