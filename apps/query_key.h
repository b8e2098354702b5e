// A key of a query as a person writes it: "PatientName=DOE*", "0010,0010=DOE*", "PatientName" (only
// to be returned), "ScheduledProcedureStepSequence[0].Modality=CT".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"

namespace pacs::apps {

/// Where an element is: from the top, through items of sequences.
struct KeyStep {
  Tag tag;
  bool into_item = false;  ///< "[0]": the element is a sequence and its item is meant
  std::size_t item = 0;

  friend bool operator==(const KeyStep&, const KeyStep&) = default;
};
using KeyPath = std::vector<KeyStep>;

struct QueryKeyText {
  std::string text;  ///< as written, for messages
  KeyPath path;
  std::string value;
  bool has_value = false;  ///< "=" was written
};

/// InvalidArgument says what is wrong and which keyword may have been meant.
[[nodiscard]] Result<QueryKeyText> parse_query_key(std::string_view text);

/// Puts it into a data set whose text is UTF-8, with the sequences and items on its way. One
/// without a value leaves what is there. InvalidArgument when the value is none of the element's
/// VR.
[[nodiscard]] Status put_key(DataSet& identifier, const QueryKeyText& key);

/// What an answer (in UTF-8) holds there, as text: values separated by backslashes, "2 items".
[[nodiscard]] std::string value_at(const DataSet& answer, const KeyPath& path);

/// "ScheduledProcedureStepSequence[0].Modality"; tags without a keyword as "0009,1001".
[[nodiscard]] std::string to_string(const KeyPath& path);

}  // namespace pacs::apps
