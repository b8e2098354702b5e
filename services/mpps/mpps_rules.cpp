#include "services/mpps/mpps_rules.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/foreign_element.h"
#include "services/mpps/mpps_check.h"

namespace pacs::services {
namespace {

namespace status = network::status;
using storage::PerformedStatus;

/// What lies in the data set of every instance; a step knows its own.
std::optional<Answer> refuse_identity(const DataSet& attributes,
                                      std::string_view sop_instance_uid) {
  const auto differs = [&](Tag tag, std::string_view uid) {
    const std::string_view said = attributes.text(tag, 0);
    return !said.empty() && said != uid;
  };
  for (const auto& [tag, uid] :
       {std::pair<Tag, std::string_view>{tags::SOPClassUID, uids::ModalityPerformedProcedureStep},
        std::pair<Tag, std::string_view>{tags::SOPInstanceUID, sop_instance_uid}}) {
    if (differs(tag, uid)) return invalid_value(attributes, tag, "differs from the command's");
  }
  return std::nullopt;
}

/// PS3.4 §F.7.2.2.3, Note: text that cannot be converted may be refused so.
std::optional<Answer> refuse_text(const DataSet& attributes) {
  const Result<> checked = check_text(attributes);
  if (checked) return std::nullopt;
  return invalid_value(attributes, *checked.error().tag, checked.error().message);
}

Answer refuse_attributes(std::vector<Tag> tags, std::string_view why) {
  const DictionaryEntry* entry = lookup(tags.front());
  Answer answer;
  answer.status = status::kNoSuchAttribute;
  answer.error_comment =
      fmt::format("{} {}", entry != nullptr ? entry->keyword : "the attribute", why);
  answer.offending_elements = tags;
  answer.attribute_identifiers = std::move(tags);
  return answer;
}

/// Elements that belong to no SOP class, at any depth.
std::optional<Answer> refuse_foreign(const DataSet& attributes) {
  for (const Element& element : attributes) {
    std::string_view why = why_foreign(element);
    // PS3.10 §7.2: only a file may end with it.
    if (element.tag() == tags::DataSetTrailingPadding) why = "belongs only in files";
    if (!why.empty()) return refuse_attributes({element.tag()}, why);
    for (const Item& item : element.items()) {
      if (auto refused = refuse_foreign(item.data_set)) return refused;
    }
  }
  return std::nullopt;
}

/// Attributes whose N-SET the table does not allow and that would change.
std::vector<Tag> not_settable(const DataSet& existing, const DataSet& modifications) {
  std::vector<Tag> tags;
  for (const Element& element : modifications) {
    const MppsNode* node = find_mpps_attribute(element.tag());
    if (node == nullptr || node->attribute->set_scu != Requirement::None) continue;
    // Departs from PS3.4 Table F.7.2-1: modalities repeat in the N-SET what they said in the
    // N-CREATE, which changes nothing.
    const Element* known = existing.find(element.tag());
    if (known == nullptr || !equal_content(*known, element)) tags.push_back(element.tag());
  }
  return tags;
}

/// An N-SET with its text in UTF-8, or the refusal when a text cannot be read. PS3.4 §F.7.2.2.1:
/// the character set is that of the N-CREATE.
tl::expected<DataSet, Answer> modifications_in_utf8(const DataSet& modifications,
                                                    const std::string& created_in) {
  DataSet labelled = modifications;
  if (!modifications.contains(tags::SpecificCharacterSet) && !created_in.empty()) {
    labelled.set_text(tags::SpecificCharacterSet, created_in);
  }
  if (auto refused = refuse_text(labelled)) return tl::unexpected(std::move(*refused));
  return to_utf8(labelled);
}

/// "If Sequences are included in a N-SET command, all Items of a Sequence are to be included"
/// (PS3.4 §F.7.2.2.2): each attribute takes the place of the one that was there.
// Departs from PS3.4 Table F.7.2-1, Note 5: what was not created may be set as well, so that a
// modality which names its reason for discontinuing only at the end is not refused its end.
DataSet merged(const DataSet& existing, const DataSet& modifications) {
  DataSet result = existing;
  for (const Element& element : modifications) {
    if (!element.tag().is_group_length()) result.adopt(element);
  }
  return result;
}

}  // namespace

std::optional<Answer> refuse_create(const DataSet& attributes, std::string_view sop_instance_uid,
                                    MppsStrictness strictness) {
  if (auto refused = refuse_foreign(attributes)) return refused;
  // PS3.4 §F.7.2.1.3: "The SCP shall accept N-CREATE request primitives only if the value of the
  // Attribute "Performed Procedure Step Status" (0040,0252) is "IN PROGRESS"."
  const std::string_view said = attributes.text(tags::PerformedProcedureStepStatus);
  if (!said.empty() && storage::parse_performed_status(said) != PerformedStatus::InProgress) {
    return invalid_value(attributes, tags::PerformedProcedureStepStatus, "must be IN PROGRESS");
  }
  if (auto refused = refuse_text(attributes)) return refused;
  if (auto refused = refuse_identity(attributes, sop_instance_uid)) return refused;
  return check_mpps(attributes, MppsPhase::Create, strictness);
}

tl::expected<DataSet, Answer> apply_set(const storage::PerformedStep& step,
                                        const DataSet& modifications, MppsStrictness strictness) {
  if (auto refused = refuse_foreign(modifications)) return tl::unexpected(std::move(*refused));
  const auto utf8 = modifications_in_utf8(modifications, step.character_set);
  if (!utf8) return tl::unexpected(utf8.error());
  if (auto tags = not_settable(step.data_set, *utf8); !tags.empty()) {
    return tl::unexpected(refuse_attributes(std::move(tags), "may not be changed by N-SET"));
  }
  if (auto refused = refuse_identity(modifications, step.sop_instance_uid)) {
    return tl::unexpected(std::move(*refused));
  }
  if (auto refused = check_mpps(modifications, MppsPhase::Set, strictness)) {
    return tl::unexpected(std::move(*refused));
  }
  const std::string_view said = modifications.text(tags::PerformedProcedureStepStatus);
  if (!said.empty() && !storage::parse_performed_status(said)) {
    return tl::unexpected(invalid_value(modifications, tags::PerformedProcedureStepStatus,
                                        "must be IN PROGRESS, COMPLETED or DISCONTINUED"));
  }
  DataSet result = merged(step.data_set, *utf8);
  // "Before or when [the status] is set to "COMPLETED" or "DISCONTINUED" the SCU shall have created
  // or set all the Attributes according to the requirements in the Final State column."
  if (result.text(tags::PerformedProcedureStepStatus) != to_string(PerformedStatus::InProgress)) {
    if (auto refused = check_mpps(result, MppsPhase::FinalState, strictness)) {
      return tl::unexpected(std::move(*refused));
    }
  }
  return result;
}

}  // namespace pacs::services
