// Query: what a C-FIND identifier or a QIDO-RS URL asks for, made once, so that matching
// (PS3.4 §C.2.2.2) is the same for both. Text in it is UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/vr_types.h"

namespace pacs {
class DataSet;
}

namespace pacs::storage {

/// Query/Retrieve Level (0008,0052), from the top (PS3.4 §C.6.1.1).
enum class QueryLevel : std::uint8_t { Patient, Study, Series, Image };
[[nodiscard]] std::string_view to_string(QueryLevel level);  ///< "PATIENT"...
[[nodiscard]] std::optional<QueryLevel> parse_query_level(std::string_view text);

enum class QueryModel : std::uint8_t {
  PatientRoot,
  StudyRoot,
  PatientStudyOnly,
  ModalityWorklist,  ///< one entity: no levels, no hierarchy (PS3.4 §K.6.1.2)
};

/// What has been agreed on beyond the baseline (PS3.4 §C.5.1.1.1.1), or what QIDO-RS allows; and
/// what the archive matches on beyond the dictionary.
struct QueryRules {
  QueryModel model = QueryModel::StudyRoot;
  bool relational = false;               ///< keys of any level, no unique key of the levels above
  bool combined_date_time = false;       ///< a date and a time range are one range of moments
  bool fuzzy_names = false;              ///< person names also match when they sound alike
  bool timezone_adjustment = false;      ///< times are in the zone of (0008,0201) of the identifier
  bool empty_value_matching = false;     ///< "" in double quotes matches only empty values
  bool multiple_value_matching = false;  ///< all of several values must be there (§C.2.2.2.8)
  std::vector<std::string> private_creators{};  ///< whose private attributes are matched on
};

enum class Matching : std::uint8_t {
  Universal,  ///< everything, also what lacks the attribute: only to be returned
  Single,     ///< equal to one of `values`: a list of UIDs, or alternatives; to all of them when
              ///< needs_all_values (storage/query/query_match.h) says so
  Wildcard,   ///< one of `values` with * and ?
  Range,      ///< values.front() is the range as written, checked
  Empty,      ///< only an absent or empty value
  Sequence,   ///< an item that matches all of `items`
};

/// One key of a query: always also to be returned.
struct QueryKey {
  Tag tag;
  VR vr = VR::UN;
  Matching matching = Matching::Universal;
  std::vector<std::string> values{};  ///< UTF-8, insignificant spaces removed
  std::vector<QueryKey> items{};      ///< of a sequence: the keys of its one item
  std::string private_creator{};      ///< of a private key
};

/// In which order answers come.
struct AnswerOrder {
  /// One of ordering_attributes() (query_attributes.h), compared as the index has it: bytes, names
  /// folded; equal ones row by row of its level as they arrived. Without: all in the order in which
  /// the entities of the level arrived, whatever the keys: of pages that are cut out with skip and
  /// limit none repeats or misses what was there before the first, for what arrives meanwhile
  /// stands behind.
  std::optional<Tag> by{};
  bool descending = false;  ///< of `by`, the other way round in all
};

struct Query {
  QueryLevel level = QueryLevel::Study;  ///< means nothing in a worklist
  QueryRules rules;
  /// In tag order; without level and character set, and without time zone when that is agreed on.
  std::vector<QueryKey> keys;
  /// Optional keys with a value that are not matched on: of no dictionary, of a private creator
  /// that is not in `rules`, or of a VR that is not known. They count as universal, and pending
  /// responses say FF01 (PS3.4 §C.2.2.1.3, §C.4.1.1.4).
  std::vector<Tag> unmatched{};
  std::optional<std::int16_t> offset_minutes{};  ///< (0008,0201) of the identifier
  std::uint64_t skip = 0;                        ///< QIDO-RS offset
  std::uint64_t limit = 0;                       ///< matches at most; 0: all
  std::optional<AnswerOrder> order{};            ///< none: what is quickest to find
  /// Asked between rows while a match is looked for: then `next` ends with Cancelled.
  std::stop_token stop{};
};

/// Reads a C-FIND identifier (PS3.4 §C.4.1.1.3). Errors: Mismatch for an identifier that does not
/// match the SOP class (A900: level absent or not of the model, unique key of a level above absent
/// without relational queries), Malformed for what cannot be processed (C000: wrong VR, a value
/// that its VR does not allow, more than one item); `tag` is the offending element.
[[nodiscard]] Result<Query> parse_query(const DataSet& identifier, const QueryRules& rules);

/// Whether a data set matches one key or all, as SQL does for the columns of the index: the other
/// form of the same semantics, for everything that has no column. `candidate` may be in any
/// character set.
[[nodiscard]] bool matches(const QueryKey& key, const DataSet& candidate, const Query& query);
[[nodiscard]] bool matches(const Query& query, const DataSet& candidate);

/// The answers to a query, pulled. Not for use from two threads at once. Lives no longer than its
/// archive, and holds no database connection between calls.
class Matches {
 public:
  virtual ~Matches() = default;
  /// At most `most` further ones, at least one but at the end. Each has exactly the keys asked for
  /// (empty when unknown), all text in UTF-8 with Specific Character Set saying so when it is not
  /// ASCII, no Query/Retrieve Level, no Retrieve AE Title and Instance Availability (the caller's
  /// to say). Waits for the database: not for an I/O thread.
  [[nodiscard]] virtual Result<std::vector<DataSet>> next(std::size_t most) = 0;
  /// How many there are, skipped ones and those beyond the limit included, for queries with an
  /// order: when the index counts them, or few rows need be looked at; else nullopt.
  [[nodiscard]] virtual Result<std::optional<std::uint64_t>> total() { return std::nullopt; }
};

/// Which objects a C-MOVE, C-GET or WADO-RS asks for: all below the unique keys, each a list that
/// is empty when it does not restrict.
struct Selection {
  std::vector<std::string> patient_ids{}, study_uids{}, series_uids{}, instance_uids{};
  /// Whose patient IDs are meant: the whole value, exactly; empty: anybody's.
  std::string issuer_of_patient_id{};
};

/// Reads a C-MOVE or C-GET identifier (PS3.4 §C.4.2.1.4): unique keys, lists at its level, and the
/// issuer of the Patient ID where there is one. Above its level the Patient ID may be left out.
/// Errors as parse_query.
[[nodiscard]] Result<Selection> parse_selection(const DataSet& identifier, const QueryRules& rules);

}  // namespace pacs::storage
