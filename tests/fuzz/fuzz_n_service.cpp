// Invariant: the data set of an N-CREATE or N-SET is refused with a failure, an offending element
// and an answer that can be sent, or gives a step of a known status and study, whose instances come
// once in each series, and in which nothing has changed that may not.
#include <algorithm>
#include <set>

#include "core/dicom_tags.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/data_sets/data_set_codec.h"
#include "services/mpps/mpps_rules.h"
#include "services/mpps/mpps_table.h"
#include "tests/fuzz/require.h"

namespace {

using namespace pacs;
using namespace pacs::services;

void check_refusal(const Answer& answer) {
  require(network::status_class(answer.status) == network::StatusClass::Failure);
  require(!answer.error_comment.empty());
  require(!answer.offending_elements.empty());
  if (answer.data_set) {
    require(write_data_set(*answer.data_set, explicit_vr_little_endian()).has_value());
  }
}

void check_step(const DataSet& step) {
  require(
      storage::parse_performed_status(step.text(tags::PerformedProcedureStepStatus)).has_value());
  const auto requests = storage::performed_requests(step);
  require(!requests.empty() && !requests.front().study_instance_uid.empty());
  for (const auto& series : storage::performed_series(step)) {
    std::set<std::string> instances;
    for (const auto& instance : series.instances) {
      require(instances.insert(instance.sop_instance_uid).second);
    }
  }
  require(write_data_set(step, explicit_vr_little_endian()).has_value());
}

void check_unchanged(const DataSet& before, const DataSet& after) {
  for (const Element& element : before) {
    const MppsNode* node = find_mpps_attribute(element.tag());
    if (node == nullptr || node->attribute->set_scu != Requirement::None) continue;
    // Of two elements with one tag only the first is looked at.
    const Element* now = after.find(element.tag());
    require(now != nullptr && equal_content(*now, *before.find(element.tag())));
  }
}

}  // namespace

/// Strictness, the length of the first data set in two bytes (little endian), then what an N-CREATE
/// and an N-SET bring, in Implicit VR Little Endian.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto strictness = data[0] % 2 == 0 ? MppsStrictness::Table : MppsStrictness::Essential;
  const ByteView bytes = std::as_bytes(std::span{data + 3, size - 3});
  const std::size_t first = std::min<std::size_t>(data[1] | data[2] << 8, bytes.size());
  const auto read = [](ByteView part) {
    return read_data_set(share(Bytes(part.begin(), part.end())), implicit_vr_little_endian());
  };
  const auto attributes = read(bytes.first(first));
  const auto modifications = read(bytes.subspan(first));
  if (!attributes) return 0;
  if (const auto refused = refuse_create(*attributes, "1.2", strictness)) {
    check_refusal(*refused);
    return 0;
  }
  storage::PerformedStep step;
  step.sop_instance_uid = "1.2";
  step.character_set = attributes->text(tags::SpecificCharacterSet);
  step.data_set = to_utf8(*attributes);
  check_step(step.data_set);
  if (!modifications) return 0;
  const auto changed = apply_set(step, *modifications, strictness);
  if (!changed) {
    check_refusal(changed.error());
    return 0;
  }
  check_step(*changed);
  check_unchanged(step.data_set, *changed);
  return 0;
}
