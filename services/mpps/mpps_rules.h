// What an N-CREATE and an N-SET of a Modality Performed Procedure Step may say, and what is
// answered to those that say something else: PS3.4 §F.7.2. Pure: no archive, no network.
#pragma once

#include <optional>

#include <tl/expected.hpp>

#include "core/dicom_dataset.h"
#include "services/dispatch/operation.h"
#include "storage/steps/performed_steps.h"

namespace pacs::services {

enum class MppsStrictness : std::uint8_t {
  Table,      ///< everything that Table F.7.2-1 requires
  Essential,  ///< only what a step cannot be without: status, studies, UIDs of series and objects
};

/// What is answered to an N-CREATE with these attributes; nullopt when it may be performed. The
/// first of what applies: elements that are no attributes (0105), status is not IN PROGRESS (0106),
/// attributes are missing (0120), values are missing (0121), values are wrong (0106).
[[nodiscard]] std::optional<Answer> refuse_create(const DataSet& attributes,
                                                  std::string_view sop_instance_uid,
                                                  MppsStrictness strictness);

/// The step's data set (UTF-8) after an N-SET, or what is answered instead: attributes that may not
/// change (0105), then as above; when it ends the step, also what the final state lacks.
[[nodiscard]] tl::expected<DataSet, Answer> apply_set(const storage::PerformedStep& step,
                                                      const DataSet& modifications,
                                                      MppsStrictness strictness);

}  // namespace pacs::services
