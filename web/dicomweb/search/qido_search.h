// A QIDO-RS request (PS3.18 §10.6.1) as a query: what to match, what to return, which page of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/query/query.h"
#include "web/dicomweb/resources.h"

namespace pacs::web {

/// Matches of one answer when the request has no limit: of a search over the whole archive, which
/// nobody means to have whole.
inline constexpr std::uint64_t kSearchPage = 1000;
/// Matches of one answer at most: the instances of the largest studies; they are streamed, and take
/// a second or two.
inline constexpr std::uint64_t kSearchPageMax = 50'000;

struct QidoOptions {
  std::vector<std::string> private_creators{};  ///< whose attributes are matched on (QueryRules)
  std::uint64_t matches_max = 0;  ///< of one answer, where below kSearchPageMax; 0: that
};

/// A row of PS3.18 Table 10.6.1-1.
struct SearchResource {
  std::string_view path;
  std::string_view id;  ///< in the capabilities description
  storage::QueryLevel level;
  storage::QueryLevel highest;  ///< of the levels whose attributes are returned
};
[[nodiscard]] std::span<const SearchResource> search_resources();

/// The parameters of PS3.18 Table 8.3.4-1 and the attributes that the index keeps.
[[nodiscard]] std::vector<QueryParameter> search_parameters(const SearchResource& resource);

struct Search {
  storage::Query query;         ///< by arrival; with skip, without limit
  std::uint64_t limit = 0;      ///< matches to be returned at most
  std::vector<Tag> hidden{};    ///< matched on only: of a level below the one that is returned
  std::vector<Tag> if_known{};  ///< returned when there is a value
  std::vector<std::string> warnings{};  ///< what of the request is passed over
};

/// `path`: what {study} and {series} of the resource are. InvalidArgument names the parameter that
/// cannot be understood.
[[nodiscard]] Result<Search> read_search(const SearchResource& resource, const Fields& path,
                                         const Fields& parameters, const QidoOptions& options);

}  // namespace pacs::web
