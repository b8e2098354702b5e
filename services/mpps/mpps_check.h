// A data set held against the table of MPPS attributes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/dicom_dataset.h"
#include "services/mpps/mpps_rules.h"
#include "services/mpps/mpps_table.h"

namespace pacs::services {

/// Which columns of the table count.
enum class MppsPhase : std::uint8_t { Create, Set, FinalState };

/// What is answered to a data set that the table does not allow: attributes missing (0120), values
/// missing (0121), values or forms wrong (0106); nullopt when it does. The comment names the
/// configuration key with which it would be taken, if it would.
[[nodiscard]] std::optional<Answer> check_mpps(const DataSet& data_set, MppsPhase phase,
                                               MppsStrictness strictness);

/// What the table requires and a data set does not have that `Essential` takes: "Modality is
/// missing, ..."; "" for nothing.
[[nodiscard]] std::string mpps_shortcomings(const DataSet& data_set, MppsPhase phase);

/// 0106 for one attribute of the data set, with the Attribute List of PS3.7 §C.5.11; for one of an
/// item without that.
[[nodiscard]] Answer invalid_value(const DataSet& data_set, Tag tag, std::string_view why);

}  // namespace pacs::services
