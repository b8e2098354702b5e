// What `pacs find` and `pacs worklist query` share: a question becomes a C-FIND, its answers a
// table, CSV or JSON.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/options/query_key.h"
#include "apps/options/query_options.h"
#include "apps/output/answer_output.h"
#include "network/association.h"
#include "storage/query/query.h"

namespace CLI {
class App;
}

namespace pacs::apps {

/// What is asked and which columns show it.
struct Question {
  DataSet identifier;
  std::vector<KeyPath> columns;

  [[nodiscard]] bool has_column(const KeyPath& path) const;
  /// Adds a column, and a key for it if there is none yet.
  void ask_for(const KeyPath& path);
};

/// The columns are those of the keys written; when none of them is without a value, the usual ones
/// as well, unless `exact`.
[[nodiscard]] Result<Question> make_question(
    DataSet identifier, const QueryOptions& options, bool exact,
    const std::function<void(Question&)>& ask_for_the_usual);

struct FindCall {
  std::string_view program;       ///< "pacs find", for messages
  std::string_view not_accepted;  ///< the message when the peer does not accept the SOP class
  network::RequestOptions peer;
  storage::QueryRules rules;  ///< to be negotiated
  std::uint64_t limit = 0;    ///< 0: all answers
  AnswerForm form;
};

/// Adds --limit, --csv, --json, --fuzzy and --timezone.
void add_output_options(CLI::App& command, FindCall& call);

/// Asks and shows; gives the exit code of the process.
[[nodiscard]] int run_find_call(FindCall call, Question question);

}  // namespace pacs::apps
