// What became of each instance of a STOW-RS request, and the answer that says so (PS3.18 §10.5.3,
// §I.2).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "storage/ingest/ingest.h"
#include "web/http/http_message.h"

namespace pacs::web {

/// Failure Reasons (PS3.18 §I.2.2) beyond those of C-STORE.
inline constexpr std::uint16_t kTransferSyntaxNotSupported = 0xC122;

struct StowResult {
  /// As far as known before its data set was read whole; empty: not known.
  std::string sop_class_uid{}, sop_instance_uid{};
  std::optional<storage::StoredInstance> stored{};
  /// Why it is not, and as what this is answered.
  std::optional<Error> error{};
  std::uint16_t failure_reason = 0;

  [[nodiscard]] bool is_stored() const { return stored.has_value(); }
  /// By the table that answers a C-STORE.
  void fails(Error why);
  void fails(Error why, std::uint16_t reason);
};
using StowResults = std::deque<StowResult>;

/// 200 when all are stored as they came, 202 when some are or with warnings, 409 when none is, 503
/// when none is for want of room.
[[nodiscard]] unsigned stow_status(const StowResults& results);

/// The Store Instances Response Module (PS3.18 Table I.2-1). `base_url`: what stands before
/// /studies.
[[nodiscard]] DataSet stow_response_module(const StowResults& results, std::string_view base_url);

/// The answer in application/dicom+json, application/json or application/dicom+xml.
[[nodiscard]] Response stow_answer(const StowResults& results, std::string_view base_url,
                                   std::string_view media_type);

}  // namespace pacs::web
