// The answer loop of every C-FIND service (PS3.4 §C.4.1.3, §K.4.1.3): matches, as they are found,
// become pending responses, a page at a time, until they end, the peer cancels, or a limit is
// passed.
#pragma once

#include <functional>
#include <memory>

#include "services/dispatch/service.h"
#include "services/query/find_answers.h"
#include "storage/query/query.h"

namespace pacs::integration {
class WorkPool;
}

namespace pacs::services {

/// What a request asks for, by the rules that its association has agreed on.
struct AskedQuery {
  storage::Query query;
  CharacterSet character_set;  ///< of the identifier
};
/// Errors as storage::parse_query, those of reading.
Task<Result<AskedQuery>> read_query(Operation& operation);

/// What differs from one C-FIND service to the next.
struct FindSource {
  /// Waits for the database: called on a worker.
  std::function<Result<std::unique_ptr<storage::Matches>>(storage::Query)> find;
  /// Matches of one query; one with more ends with A700 after them, so that a query by mistake for
  /// everything costs little. 0: no limit.
  std::uint64_t matches_max = 0;
};

/// Answers a query to its final response. The text that `common` views must outlive it.
Task<Result<Answer>> answer_query(Operation& operation, integration::WorkPool& workers,
                                  storage::Query query, FindSource source,
                                  FindAnswers::Common common);

}  // namespace pacs::services
