// What a report of commitment says of what was asked for: PS3.4 §J.3.3.
#pragma once

#include <string>
#include <vector>

#include "services/commitment/commitment_scu.h"

namespace pacs::services {

struct CommitmentOutcome {
  /// Of one reference that was asked for.
  struct Line {
    CommitmentReference reference;  ///< with its failure reason, where the report has one
    bool committed = false;
    std::string result;  ///< "committed", or why not
  };
  std::vector<Line> lines;  ///< in the order of the request
  /// What the report says against itself, or of instances that were not asked for: nobody can know
  /// what such a report promises.
  std::vector<std::string> problems;

  [[nodiscard]] std::size_t committed() const;
  /// Each is committed, and there is no problem.
  [[nodiscard]] bool all_committed() const;
};

[[nodiscard]] CommitmentOutcome compare(const CommitmentRequest& request,
                                        const CommitmentReport& report);

}  // namespace pacs::services
