#include "web/api/worklist_filter.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/percent_encoding.h"
#include "core/text.h"
#include "storage/worklist/worklist_order.h"
#include "web/http/http_message.h"
#include "web/http/query_keys.h"

namespace pacs::web {
namespace {

Result<std::vector<storage::StepStatus>> read_statuses(std::string_view text) {
  std::vector<storage::StepStatus> statuses;
  for (;;) {
    const std::size_t comma = text.find(',');
    std::string name{text.substr(0, comma)};
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    const auto status = storage::parse_step_status(name);
    if (!status) return bad_request(fmt::format("status \"{}\" is unknown", printable(name)));
    statuses.push_back(*status);
    if (comma == text.npos) return statuses;
    text.remove_prefix(comma + 1);
  }
}

Result<> put(DataSet& identifier, DataSet& step, const std::string& name, std::string_view value) {
  PACS_TRY(const KeyPath path, read_key_path(name));
  if (path.size() > 1 && path.front() == tags::ScheduledProcedureStepSequence) {
    return put_key(step, std::span(path).subspan(1), value);
  }
  return put_key(storage::is_of_step(path.front()) ? step : identifier, path, value);
}

}  // namespace

Result<WorklistFilter> read_worklist_filter(const Fields& parameters) {
  WorklistFilter filter;
  DataSet identifier, step;
  std::int64_t limit = kWorklistPage, skip = 0;
  for (const auto& [name, value] : parameters) {
    if (name == "limit") {
      PACS_TRY(limit, read_number(name, value, 1, kWorklistPageMax));
    } else if (name == "offset") {
      PACS_TRY(skip, read_number(name, value, 0, UINT32_MAX));
    } else if (name == "status") {
      PACS_TRY(auto statuses, read_statuses(value));
      filter.view.statuses = std::move(statuses);
    } else {
      PACS_TRY(put(identifier, step, name, value));
    }
  }
  identifier.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
  if (!step.empty()) {
    identifier.set_items(tags::ScheduledProcedureStepSequence, {Item{std::move(step)}});
  }
  storage::QueryRules rules;
  rules.model = storage::QueryModel::ModalityWorklist;
  rules.combined_date_time = true;  // PS3.4 Table K.6-1
  PACS_TRY(auto query, storage::parse_query(identifier, rules));
  if (!query.unmatched.empty()) {
    return bad_request(fmt::format("{} cannot be used as a filter: no order has it",
                                   lookup(query.unmatched.front())->keyword));
  }
  filter.query = std::move(query);
  filter.query.skip = static_cast<std::uint64_t>(skip);
  filter.query.limit = static_cast<std::uint64_t>(limit);
  return filter;
}

std::string next_page(const Fields& parameters, std::uint64_t offset) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (name == "offset") continue;
    query += fmt::format("{}={}&", percent_encoded(name), percent_encoded(value));
  }
  return query + fmt::format("offset={}", offset);
}

}  // namespace pacs::web
