#include "services/commitment/commitment_outcome.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

namespace pacs::services {

namespace {

/// What a report says of each instance.
using Said = std::multimap<std::string_view, const CommitmentReference*>;

CommitmentOutcome::Line line_of(const CommitmentReference& asked, const Said& said) {
  CommitmentOutcome::Line line{.reference = asked, .result = "not in the report"};
  const auto [first, last] = said.equal_range(asked.sop_instance_uid);
  for (auto entry = first; entry != last; ++entry) {
    const CommitmentReference& one = *entry->second;
    if (one.failure != 0) {  // counts more than a promise, whatever the class
      line.committed = false;
      line.reference.failure = one.failure;
      line.result =
          fmt::format("failed: {:04X} {}", one.failure, failure_reason::text(one.failure));
      break;
    }
    if (one.sop_class_uid == asked.sop_class_uid) {
      line.committed = true;
      line.result = "committed";
    } else if (!line.committed) {
      line.result = "reported with another SOP class: " + one.sop_class_uid;
    }
  }
  return line;
}

/// PS3.4 Table J.3-2: type 1 has no Failed SOP Sequence, type 2 has one.
void check_type(const CommitmentReport& report, std::vector<std::string>& problems) {
  const bool any_failed =
      std::ranges::any_of(report.references, [](const auto& r) { return r.failure != 0; });
  if (any_failed == (report.event_type == 2)) return;
  problems.emplace_back(
      any_failed ? "the report says that all is committed (event type 1), and names failures"
                 : "the report says that failures exist (event type 2), and names none");
}

}  // namespace

std::size_t CommitmentOutcome::committed() const {
  return static_cast<std::size_t>(std::ranges::count_if(lines, &Line::committed));
}

bool CommitmentOutcome::all_committed() const {
  return committed() == lines.size() && problems.empty();
}

CommitmentOutcome compare(const CommitmentRequest& request, const CommitmentReport& report) {
  CommitmentOutcome outcome;
  check_type(report, outcome.problems);
  std::set<std::string_view> asked;
  for (const CommitmentReference& reference : request.references) {
    asked.insert(reference.sop_instance_uid);
  }
  Said said;
  for (const CommitmentReference& reference : report.references) {
    said.emplace(reference.sop_instance_uid, &reference);
    if (asked.contains(reference.sop_instance_uid)) continue;
    outcome.problems.push_back("the report names an instance that was not asked for: " +
                               reference.sop_instance_uid);
  }
  outcome.lines.reserve(request.references.size());
  for (const CommitmentReference& reference : request.references) {
    outcome.lines.push_back(line_of(reference, said));
  }
  return outcome;
}

}  // namespace pacs::services
