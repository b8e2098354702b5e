// QueryOptions: the arguments by which `pacs find`, `get` and `move` say what they ask for: level,
// information model and keys, as DCMTK's users write them.
#pragma once

#include <string>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "storage/query.h"

namespace CLI {
class App;
}

namespace pacs::apps {

struct QueryOptions {
  std::string level;              ///< empty: STUDY, or what a key says
  std::string model = "study";    ///< --model, -P, -S, -O
  std::vector<std::string> keys;  ///< -k as written
  std::string query_file;         ///< a DICOM or DICOM JSON file of keys; -k goes over it
};

/// Adds -P, -S, -O, --model, --level, -k and --query-file.
void add_query_options(CLI::App& command, QueryOptions& options);

[[nodiscard]] storage::QueryModel model_of(const QueryOptions& options);

/// The identifier, its text in UTF-8 and labelled so where it is not ASCII, with Query/Retrieve
/// Level. InvalidArgument says which key is wrong and how it could be meant.
[[nodiscard]] Result<DataSet> make_identifier(const QueryOptions& options);

/// Puts one key into a data set: "PatientName=DOE*", "0010,0010=DOE*", "PatientName" (only to be
/// returned), "ScheduledProcedureStepSequence[0].Modality=CT". `*` as an item number is 0.
[[nodiscard]] Status add_key(DataSet& identifier, std::string_view key);

}  // namespace pacs::apps
