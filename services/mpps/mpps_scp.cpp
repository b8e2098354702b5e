#include "services/mpps/mpps_scp.h"

#include <algorithm>
#include <utility>

#include "core/dicom_tags.h"
#include "core/uid_generator.h"
#include "core/uids.h"
#include "encoding/character_sets/character_set.h"
#include "integration/on_worker.h"
#include "services/mpps/mpps_check.h"
#include "services/mpps/mpps_notify.h"
#include "services/mpps/mpps_table.h"

namespace pacs::services {
namespace {

namespace status = network::status;
using storage::PerformedStatus;
using storage::PerformedStep;
using storage::PerformedSteps;

/// A step of 50,000 images, each a reference of three elements and 150 bytes.
constexpr DataSetLimits kAttributesLimits{.bytes_max = 8U << 20, .elements_max = 200'000};

/// PS3.4 Table F.7.2-2.
constexpr std::uint16_t kMayNoLongerBeUpdated = 0xA710;

Answer may_no_longer_be_updated() {
  Answer answer;
  answer.status = status::kProcessingFailure;
  answer.error_comment = "Performed Procedure Step Object may no longer be updated";
  answer.error_id = kMayNoLongerBeUpdated;
  answer.offending_elements = {tags::PerformedProcedureStepStatus};
  return answer;
}

/// What is asked of a step: `wanted` without repetition, all of it when nothing is named.
Answer answer_with(const PerformedStep& step, const std::vector<Tag>& wanted) {
  Answer answer;
  DataSet attributes = step.data_set;
  for (const Tag tag : wanted) {
    if (attributes.contains(tag)) continue;
    // PS3.7 §C.4.2 for an attribute that the SOP class does not have; PS3.4 Table F.8.2-2 for one
    // that is optional and absent.
    if (find_mpps_attribute(tag) == nullptr) {
      answer.status = status::kAttributeListError;
      answer.attribute_identifiers.push_back(tag);
      answer.error_comment = "attributes that this SOP class does not have";
    } else if (answer.status == status::kSuccess && tag != tags::SpecificCharacterSet) {
      answer.status = status::kOptionalAttributesNotSupported;
      answer.error_comment = "attributes that this step does not have";
      answer.offending_elements.push_back(tag);
    }
  }
  if (!wanted.empty()) {
    attributes = DataSet{step.data_set.buffer()};
    for (const Element& element : step.data_set) {
      if (std::ranges::find(wanted, element.tag()) != wanted.end() ||
          element.tag() == tags::SpecificCharacterSet) {
        attributes.push_back(element);
      }
    }
  }
  answer.data_set = in_character_set(attributes, CharacterSet{step.character_set});
  return answer;
}

/// What an N-SET that was performed left out: of its own, and of the final state.
std::string lacking_in_set(const DataSet& modifications, const DataSet& after) {
  std::string lacking = mpps_shortcomings(modifications, MppsPhase::Set);
  if (after.text(tags::PerformedProcedureStepStatus) == to_string(PerformedStatus::InProgress)) {
    return lacking;
  }
  const std::string at_end = mpps_shortcomings(after, MppsPhase::FinalState);
  return lacking.empty() || at_end.empty() ? lacking + at_end : lacking + ", " + at_end;
}

/// Decides on what it has read and writes only if it is still so, else reads again. Waits for the
/// database.
Result<Answer> set_attributes(PerformedSteps& steps, const std::string& sop_instance_uid,
                              const DataSet& modifications, const MppsOptions& options,
                              std::string& lacking) {
  for (;;) {
    PACS_TRY(const PerformedStep before, steps.get(sop_instance_uid));
    if (before.status != PerformedStatus::InProgress) return may_no_longer_be_updated();
    auto after = apply_set(before, modifications, options.strictness);
    if (!after) return std::move(after.error());
    const auto status =
        storage::parse_performed_status(after->text(tags::PerformedProcedureStepStatus));
    const auto jobs = mpps_notices(options.notify, sop_instance_uid,
                                   event_of(status.value_or(PerformedStatus::InProgress)));
    PACS_TRY(const bool is_replaced, steps.replace(before, *after, jobs));
    if (!is_replaced) continue;
    lacking = lacking_in_set(modifications, *after);
    return Answer{};
  }
}

}  // namespace

bool MppsScp::serves(std::string_view sop_class_uid) const {
  return sop_class_uid == uids::ModalityPerformedProcedureStep;
}

Task<Result<Answer>> MppsScp::perform(Operation& operation) {
  if (operation.request().field == network::CommandField::NCreateRq) {
    Result<Answer> answer = co_await create(operation);
    co_return answer;
  }
  Result<Answer> answer = co_await set(operation);
  co_return answer;
}

Task<Result<Answer>> MppsScp::create(Operation& operation) {
  PerformedStep step;
  step.sop_instance_uid = operation.request().sop_instance_uid;
  step.source_ae = operation.association().request.calling_ae;
  // PS3.7 §10.1.5.1.3: Affected SOP Instance UID may be left to the SCP.
  if (step.sop_instance_uid.empty()) step.sop_instance_uid = generate_uid();
  DataSet attributes;
  if (operation.request().has_data_set) {
    PACS_CO_TRY(attributes, co_await operation.read_identifier(kAttributesLimits));
  }
  if (auto refused = refuse_create(attributes, step.sop_instance_uid, options_.strictness)) {
    co_return std::move(*refused);
  }
  step.character_set = attributes.text(tags::SpecificCharacterSet);
  step.data_set = to_utf8(attributes);
  const auto jobs = mpps_notices(options_.notify, step.sop_instance_uid, MppsEvent::InProgress);
  const auto create = [&] { return steps_.create(step, jobs); };
  PACS_CO_TRY(co_await on_worker(workers_, create));
  jobs_were_added();
  std::string lacking = mpps_shortcomings(attributes, MppsPhase::Create);
  if (operation.request().sop_instance_uid.empty()) {
    lacking.insert(0, lacking.empty() ? "" : ", ");
    lacking.insert(0, "Affected SOP Instance UID is missing: it was given one");
  }
  say_lacking(operation, step.sop_instance_uid, lacking);
  Answer answer;
  answer.sop_instance_uid = step.sop_instance_uid;
  co_return answer;
}

Task<Result<Answer>> MppsScp::set(Operation& operation) {
  PACS_CO_TRY(const DataSet modifications, co_await operation.read_identifier(kAttributesLimits));
  // Announced, but empty: as a request without one.
  if (modifications.empty()) co_return fail(ErrorKind::Malformed, "the data set is empty");
  const std::string& sop_instance_uid = operation.request().sop_instance_uid;
  std::string lacking;
  const auto set = [&] {
    return set_attributes(steps_, sop_instance_uid, modifications, options_, lacking);
  };
  Result<Answer> answer = co_await on_worker(workers_, set);
  if (answer && answer->status == status::kSuccess) jobs_were_added();
  say_lacking(operation, sop_instance_uid, lacking);
  co_return answer;
}

void MppsScp::say_lacking(const Operation& operation, const std::string& sop_instance_uid,
                          const std::string& lacking) const {
  if (lacking.empty()) return;
  options_.log.warning(operation.association().id,
                       "a performed procedure step lacks what PS3.4 Table F.7.2-1 requires",
                       {{"sop_instance_uid", sop_instance_uid},
                        {"source_ae", operation.association().request.calling_ae},
                        {"lacking", lacking}});
}

void MppsScp::jobs_were_added() const {
  if (!options_.notify.empty() && options_.jobs_added) options_.jobs_added();
}

bool MppsRetrieveScp::serves(std::string_view sop_class_uid) const {
  return sop_class_uid == uids::ModalityPerformedProcedureStepRetrieve;
}

Task<Result<Answer>> MppsRetrieveScp::perform(Operation& operation) {
  const network::Command& request = operation.request();
  const auto get = [&] { return steps_.get(request.sop_instance_uid); };
  PACS_CO_TRY(const PerformedStep step, co_await on_worker(workers_, get));
  co_return answer_with(step, request.attribute_identifiers);
}

}  // namespace pacs::services
