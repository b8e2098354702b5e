// The SOP classes of C-FIND, C-MOVE and C-GET (PS3.4 §C.6, §K.6) and what can be agreed on beyond
// their baseline.
#pragma once

#include <optional>
#include <string_view>

#include "core/bytes.h"
#include "network/negotiation.h"
#include "storage/query/query.h"

namespace pacs::services {

enum class QueryService : std::uint8_t { Find, Move, Get };

/// One SOP class: a model in the hands of one operation.
struct QuerySopClass {
  std::string_view uid;
  storage::QueryModel model;
  QueryService service;
};

/// nullptr for any other SOP class.
[[nodiscard]] const QuerySopClass* find_query_sop_class(std::string_view uid);
[[nodiscard]] std::string_view query_sop_class_uid(storage::QueryModel model, QueryService service);

/// What a context of this SOP class may do: its model, and what the acceptor's answer to the SOP
/// Class Extended Negotiation says (PS3.4 Table C.5-2 for C-FIND, C.5-4 for C-MOVE and C-GET,
/// §K.5.1 for worklists).
[[nodiscard]] storage::QueryRules query_rules(const network::Negotiated& negotiated,
                                              const QuerySopClass& sop_class);

/// The acceptor's answer to a proposal (PS3.4 Tables C.5-2 and C.5-4, §K.5.1): as many of the
/// fields as were proposed, 1 where it was asked for and we do it. nullopt when the SOP
/// class is not one of C-FIND, C-MOVE or C-GET.
[[nodiscard]] std::optional<Bytes> answer_query_negotiation(
    const network::ExtendedNegotiation& proposed);

/// A requestor's proposal of all that `rules` has beyond the baseline.
[[nodiscard]] network::ExtendedNegotiation propose_query_negotiation(
    const QuerySopClass& sop_class, const storage::QueryRules& rules);

}  // namespace pacs::services
