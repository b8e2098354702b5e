// QueryOptions: the arguments by which `pacs find`, `get` and `move` say what they ask for: level,
// information model and keys, as DCMTK's users write them.
#pragma once

#include <string>
#include <vector>

#include "apps/options/query_key.h"
#include "core/dicom_dataset.h"
#include "core/result.h"
#include "storage/query/query.h"

namespace CLI {
class App;
}

namespace pacs::apps {

struct QueryOptions {
  std::string level{};              ///< empty: what a key says, else STUDY
  std::string model = "study";      ///< --model, -P, -S, -O
  std::vector<std::string> keys{};  ///< -k as written
  std::string file{};               ///< a DICOM or DICOM JSON file of keys; -k goes over it
  std::string character_set{};      ///< to send text in; empty: UTF-8
  bool relational = false;          ///< to be negotiated
};

/// Adds -k, --keys-from and --character-set.
void add_key_options(CLI::App& command, QueryOptions& options);
/// Those, and --level, --model, -P, -S, -O and --relational.
void add_query_options(CLI::App& command, QueryOptions& options);

[[nodiscard]] storage::QueryModel model_of(const QueryOptions& options);

/// The identifier: the keys and Query/Retrieve Level, text in UTF-8 or the set asked for, labelled
/// where it is not ASCII. InvalidArgument says what is wrong and what may have been meant.
[[nodiscard]] Result<DataSet> make_identifier(const QueryOptions& options);
/// The same for a worklist, which has no levels. Attributes of a scheduled procedure step that were
/// written without their sequence are put into it.
[[nodiscard]] Result<DataSet> make_worklist_identifier(const QueryOptions& options);
/// A path of such an attribute with the sequence in front; others as they are.
[[nodiscard]] KeyPath path_in_worklist(KeyPath path);

}  // namespace pacs::apps
