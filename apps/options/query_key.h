// A key of a query as a person writes it: "PatientName=DOE*", "0010,0010=DOE*", "PatientName" (only
// to be returned), "ScheduledProcedureStepSequence[0].Modality=CT".
#pragma once

#include <cstddef>
#include <span>
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

/// The keys of one command line, and the Specific Character Set to send their text in: it is
/// written like a key but is not one (PS3.4 §C.4.1.1.3).
struct WrittenKeys {
  std::vector<QueryKeyText> keys;
  std::string character_set;  ///< empty: not given
};

/// A path as it is written.
[[nodiscard]] KeyPath as_written(KeyPath path);

/// Reads them; `place` may move each, `character_set` is what --character-set says. InvalidArgument
/// also when one element, or the character set, is given two values: a list is one key, and taking
/// only the last would ask for something other than what is written.
[[nodiscard]] Result<WrittenKeys> read_written_keys(std::span<const std::string> texts,
                                                    std::string character_set,
                                                    KeyPath (*place)(KeyPath) = as_written);

/// Puts it into a data set whose text is UTF-8, with the sequences and items on its way. A key
/// without a value leaves what is there. The VR of a private element follows from its creator, a
/// key before it: "0009,0010=ACME 1.0", "0009,1001=X". InvalidArgument when the value is not valid
/// for the element's VR.
[[nodiscard]] Result<> put_key(DataSet& identifier, const QueryKeyText& key);

/// What an answer (in UTF-8) holds there, as text: values separated by backslashes, "2 items".
[[nodiscard]] std::string value_at(const DataSet& answer, const KeyPath& path);

/// "ScheduledProcedureStepSequence[0].Modality"; tags without a keyword as "0009,1001".
[[nodiscard]] std::string to_string(const KeyPath& path);

}  // namespace pacs::apps
