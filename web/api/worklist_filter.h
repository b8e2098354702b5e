// Turns the parameters of GET /api/worklist into a query of the worklist.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "storage/worklist/worklist.h"
#include "web/http/http_message.h"

namespace pacs::web {

/// Items of one page.
inline constexpr std::int64_t kWorklistPage = 100;
inline constexpr std::int64_t kWorklistPageMax = 1000;

struct WorklistFilter {
  storage::Query query;  ///< with skip and limit
  storage::WorklistView view;
};

/// `status` (several with commas; default all), `limit`, `offset`, and attributes by keyword or tag
/// with the value to match: wildcards, ranges, lists. InvalidArgument names the parameter.
[[nodiscard]] Result<WorklistFilter> read_worklist_filter(const Fields& parameters);

/// The query of the same request for the page at `offset`.
[[nodiscard]] std::string next_page(const Fields& parameters, std::uint64_t offset);

}  // namespace pacs::web
