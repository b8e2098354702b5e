// Who an arriving object is: what its data set says, held against what its sender said.
#pragma once

#include <string>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "storage/ingest/ingest.h"

namespace pacs::storage {

struct Identity {
  std::string sop_class_uid, sop_instance_uid, series_instance_uid, study_instance_uid;
};

/// Malformed: one of the four is missing or not a UID, or one of them, Patient ID or its issuer is
/// there twice with different values. Mismatch: the request and its data set name different SOP
/// classes, instances or studies (PS3.4 §B.2.3, A900). Each with its tag.
[[nodiscard]] Result<Identity> identify(const DataSet& header, const IngestContext& context);

/// The same of the request alone, before any data: InvalidArgument or Malformed.
[[nodiscard]] Result<> check_context(const IngestContext& context);

}  // namespace pacs::storage
