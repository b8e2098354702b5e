#include "web/dicomweb/store/stow_results.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/model/dicom_json.h"
#include "encoding/model/dicom_xml.h"
#include "network/dimse/status.h"
#include "web/http/field_value.h"

namespace pacs::web {
namespace {

using storage::StoreOutcome;

/// Warning Reason (PS3.18 §I.2.2): another object of this name was there and stays, what came is
/// not kept.
constexpr std::uint16_t kElementsDiscarded = 0xB006;

bool is_kept(const StowResult& result) {
  return result.stored && result.stored->outcome == StoreOutcome::Kept;
}

std::string study_url(std::string_view base_url, const storage::StoredInstance& instance) {
  return fmt::format("{}/studies/{}", base_url, instance.study_instance_uid);
}

/// Item of the Referenced SOP Sequence.
DataSet referenced_item(const StowResult& result, std::string_view base_url) {
  const storage::StoredInstance& stored = *result.stored;
  DataSet item;
  item.set_text(tags::ReferencedSOPClassUID, stored.sop_class_uid);
  item.set_text(tags::ReferencedSOPInstanceUID, stored.sop_instance_uid);
  item.set_text(tags::RetrieveURL,
                fmt::format("{}/series/{}/instances/{}", study_url(base_url, stored),
                            stored.series_instance_uid, stored.sop_instance_uid));
  if (is_kept(result)) item.set_integer(tags::WarningReason, VR::US, kElementsDiscarded);
  return item;
}

/// Item of the Failed SOP Sequence, and of the Other Failures Sequence when no UID is known.
DataSet failed_item(const StowResult& result) {
  DataSet item;
  if (!result.sop_instance_uid.empty()) {
    item.set_text(tags::ReferencedSOPClassUID, result.sop_class_uid);
    item.set_text(tags::ReferencedSOPInstanceUID, result.sop_instance_uid);
  }
  item.set_integer(tags::FailureReason, VR::US, result.failure_reason);
  return item;
}

/// Of the one study that all stored instances belong to.
std::optional<std::string> common_study_url(const StowResults& results, std::string_view base_url) {
  const storage::StoredInstance* first = nullptr;
  for (const StowResult& result : results) {
    if (!result.stored) continue;
    if (first == nullptr) first = &*result.stored;
    if (first->study_instance_uid != result.stored->study_instance_uid) return std::nullopt;
  }
  if (first == nullptr) return std::nullopt;
  return study_url(base_url, *first);
}

/// RFC 7234 §5.5: for a person; the first of what went wrong.
std::string warning_text(const StowResults& results) {
  for (const StowResult& result : results) {
    if (!result.error) continue;
    return "299 - " + quoted_for_people(printable(result.error->to_string()));
  }
  return {};
}

}  // namespace

void StowResult::fails(Error why) {
  const auto reason = network::status_of(network::CommandField::CStoreRq, why.kind);
  fails(std::move(why), reason);
}

void StowResult::fails(Error why, std::uint16_t reason) {
  error = std::move(why);
  failure_reason = reason;
}

unsigned stow_status(const StowResults& results) {
  const auto stored = std::ranges::count_if(results, &StowResult::is_stored);
  const bool some_kept = std::ranges::any_of(results, is_kept);
  if (std::cmp_equal(stored, results.size())) return some_kept ? 202 : 200;
  if (stored != 0) return 202;
  const bool no_room = std::ranges::all_of(
      results, [](const auto& r) { return r.failure_reason == network::status::kOutOfResources; });
  return no_room ? 503 : 409;
}

DataSet stow_response_module(const StowResults& results, std::string_view base_url) {
  Sequence referenced;
  Sequence failed;
  Sequence others;
  for (const StowResult& result : results) {
    if (result.stored) {
      referenced.push_back({referenced_item(result, base_url)});
    } else {
      (result.sop_instance_uid.empty() ? others : failed).push_back({failed_item(result)});
    }
  }
  DataSet module;
  if (const auto url = common_study_url(results, base_url)) {
    module.set_text(tags::RetrieveURL, *url);
  }
  if (!failed.empty()) module.set_items(tags::FailedSOPSequence, std::move(failed));
  if (!referenced.empty()) module.set_items(tags::ReferencedSOPSequence, std::move(referenced));
  if (!others.empty()) module.set_items(tags::OtherFailuresSequence, std::move(others));
  return module;
}

Response stow_answer(const StowResults& results, std::string_view base_url,
                     std::string_view media_type) {
  const DataSet module = stow_response_module(results, base_url);
  std::string body;
  const auto written =
      media_type == "application/dicom+xml" ? write_xml(module, body) : write_json(module, body);
  if (!written) return Response::problem(written.error());
  Response response = Response::of(media_type, std::move(body));
  response.status = stow_status(results);
  if (auto warning = warning_text(results); !warning.empty()) {
    response.headers.emplace_back("Warning", std::move(warning));
  }
  return response;
}

}  // namespace pacs::web
