#include "web/dicomweb/search/qido_search.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/text.h"
#include "storage/query/query_attributes.h"
#include "web/http/query_keys.h"

namespace pacs::web {
namespace {

using storage::QueryKey;
using storage::QueryLevel;
using enum storage::QueryLevel;

// PS3.18 Table 10.6.1-1, and §10.6.3.3: which levels' attributes each returns.
constexpr std::array<SearchResource, 6> kResources{{
    {"/studies", "SearchForStudies", Study, Study},
    {"/studies/{study}/series", "SearchForStudySeries", Series, Series},
    {"/studies/{study}/instances", "SearchForStudyInstances", Image, Series},
    {"/studies/{study}/series/{series}/instances", "SearchForStudySeriesInstances", Image, Image},
    {"/series", "SearchForSeries", Series, Study},
    {"/instances", "SearchForInstances", Image, Study},
}};

/// Type in PS3.18 Tables 10.6.3-3 to 10.6.3-5: required and unique keys are always there,
/// conditional ones "shall be present if known".
enum class Type : std::uint8_t { R, C };
using enum Type;

struct Returned {
  QueryLevel level;
  Tag tag;
  Type type = R;
  Tag sequence{};  ///< that the attribute lies in
};

// Without Retrieve URL and Instance Availability, which are not the archive's to say.
constexpr std::array kReturned{
    // PS3.18 Table 10.6.3-3
    Returned{Study, tags::StudyDate},
    Returned{Study, tags::StudyTime},
    Returned{Study, tags::AccessionNumber},
    // R in the table; but OHIF 3.13 shows no list when one study has it and no value in it.
    Returned{Study, tags::ModalitiesInStudy, C},
    Returned{Study, tags::ReferringPhysicianName},
    Returned{Study, tags::TimezoneOffsetFromUTC, C},
    Returned{Study, tags::PatientName},
    Returned{Study, tags::PatientID},
    Returned{Study, tags::PatientBirthDate},
    Returned{Study, tags::PatientSex},
    Returned{Study, tags::StudyInstanceUID},
    Returned{Study, tags::StudyID},
    Returned{Study, tags::NumberOfStudyRelatedSeries},
    Returned{Study, tags::NumberOfStudyRelatedInstances},
    // PS3.18 Table 10.6.3-4
    Returned{Series, tags::Modality},
    Returned{Series, tags::TimezoneOffsetFromUTC, C},
    Returned{Series, tags::SeriesDescription, C},
    Returned{Series, tags::SeriesInstanceUID},
    Returned{Series, tags::SeriesNumber},
    Returned{Series, tags::NumberOfSeriesRelatedInstances},
    Returned{Series, tags::PerformedProcedureStepStartDate, C},
    Returned{Series, tags::PerformedProcedureStepStartTime, C},
    Returned{Series, tags::ScheduledProcedureStepID, C, tags::RequestAttributesSequence},
    Returned{Series, tags::RequestedProcedureID, C, tags::RequestAttributesSequence},
    // PS3.18 Table 10.6.3-5
    Returned{Image, tags::SOPClassUID},
    Returned{Image, tags::SOPInstanceUID},
    Returned{Image, tags::TimezoneOffsetFromUTC, C},
    Returned{Image, tags::InstanceNumber},
    Returned{Image, tags::Rows, C},
    Returned{Image, tags::Columns, C},
    Returned{Image, tags::BitsAllocated, C},
    Returned{Image, tags::NumberOfFrames, C},
};

/// The UIDs from the top; each answer has those down to its level.
constexpr std::array kUids{std::pair{Study, tags::StudyInstanceUID},
                           std::pair{Series, tags::SeriesInstanceUID},
                           std::pair{Image, tags::SOPInstanceUID}};

// The parameters of PS3.18 Table 8.3.4-1 beside the attributes, and of §8.3.3; orderby as dcm4chee
// has it.
constexpr std::array<std::string_view, 9> kParameters{"limit",
                                                      "offset",
                                                      "includefield",
                                                      "orderby",
                                                      "fuzzymatching",
                                                      "emptyvaluematching",
                                                      "multiplevaluematching",
                                                      "accept",
                                                      "charset"};

/// "pretty" and the like, which other servers and their clients have. All keywords begin with a
/// capital, so that a mistyped one is never passed over.
bool is_of_others(std::string_view name) {
  if (name.empty() || (name.front() != '_' && (name.front() < 'a' || name.front() > 'z'))) {
    return false;
  }
  const auto same = [name](std::string_view known) { return equal_without_case(name, known); };
  return std::ranges::none_of(kParameters, same) &&
         std::ranges::none_of(nearest_keywords(name, 1), same);
}

class SearchReader {
 public:
  SearchReader(const SearchResource& resource, const QidoOptions& options)
      : resource_(resource), options_(options) {
    rules_.relational = true;  // PS3.18 §10.6.1: no level above need be named
    rules_.combined_date_time = true;
    rules_.private_creators = options.private_creators;
    const bool whole_archive = resource.highest == Study;
    search_.limit = whole_archive ? std::min(kSearchPage, limit_max()) : limit_max();
  }

  Result<Search> read(const Fields& path, const Fields& parameters) {
    // Who reserved a private attribute says what its VR is.
    for (const bool creators : {true, false}) {
      for (const auto& [name, value] : parameters) PACS_TRY(take(name, value, creators));
    }
    PACS_TRY(take_path(path));
    PACS_TRY(include());
    PACS_TRY(add_returned());
    identifier_.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    identifier_.set_text(tags::QueryRetrieveLevel, storage::to_string(resource_.level));
    // PS3.18 §8.3.4.1.1: dates and times are in the zone that the request names.
    rules_.timezone_adjustment = !identifier_.text(tags::TimezoneOffsetFromUTC).empty();
    auto query = storage::parse_query(identifier_, rules_);
    if (!query) return fail(about_parameter(std::move(query.error())));
    finish(std::move(*query));
    return std::move(search_);
  }

 private:
  [[nodiscard]] std::uint64_t limit_max() const {
    return options_.matches_max == 0 ? kSearchPageMax
                                     : std::min(kSearchPageMax, options_.matches_max);
  }

  Result<> take(const std::string& name, const std::string& value, bool creators) {
    if (name.empty() && value.empty()) return {};  // "?", or "&" at the end
    if (std::ranges::find(kParameters, name) != kParameters.end()) {
      return creators ? Result<>{} : take_parameter(name, value);
    }
    const auto path = read_key_path(name);
    const bool is_creator = path && path->back().is_private_creator();
    if (is_creator != creators) return {};
    if (path) return put_key(identifier_, *path, value);
    if (!is_of_others(name)) return fail(path.error());
    search_.warnings.push_back(
        fmt::format("The parameter {} is not supported and has been ignored.", printable(name)));
    return {};
  }

  Result<> take_parameter(const std::string& name, const std::string& value) {
    if (name == "limit") {
      PACS_TRY(const auto limit, read_number(name, value, 0, INT64_MAX));
      search_.limit = std::min(static_cast<std::uint64_t>(limit), limit_max());
    } else if (name == "offset") {
      PACS_TRY(const auto offset, read_number(name, value, 0, INT64_MAX));
      search_.query.skip = static_cast<std::uint64_t>(offset);
    } else if (name == "includefield") {
      included_.push_back(value);
    } else if (name == "orderby") {
      order_by(value);
    } else if (name == "fuzzymatching") {
      PACS_TRY(rules_.fuzzy_names, read_flag(name, value));
    } else if (name == "emptyvaluematching") {
      PACS_TRY(rules_.empty_value_matching, read_flag(name, value));
    } else if (name == "multiplevaluematching") {
      PACS_TRY(rules_.multiple_value_matching, read_flag(name, value));
    }
    return {};
  }

  /// "-StudyDate": what cannot be done changes only the order, and is passed over with a warning.
  void order_by(std::string_view value) {
    order_ = {};
    const bool descending = value.starts_with('-');
    const auto path = read_key_path(descending ? value.substr(1) : value);
    if (path && path->size() == 1 &&
        std::ranges::find(storage::ordering_attributes(), path->front()) !=
            storage::ordering_attributes().end()) {
      order_ = {path->front(), descending};
      return;
    }
    search_.warnings.push_back(fmt::format(
        "Answers cannot be ordered by {}; they come as they arrived.", printable(value)));
  }

  Result<> take_path(const Fields& path) {
    constexpr std::array kNames{std::pair{"study", tags::StudyInstanceUID},
                                std::pair{"series", tags::SeriesInstanceUID}};
    for (const auto& [name, value] : path) {
      for (const auto& [known, tag] : kNames) {
        if (name != known) continue;
        if (!identifier_.text(tag).empty()) {
          return bad_request(fmt::format("the path says which {} is meant: leave the parameter out",
                                         lookup(tag)->keyword));
        }
        identifier_.set_text(tag, value);
      }
    }
    return {};
  }

  /// PS3.18 §8.3.4.3.
  Result<> include() {
    for (const std::string& list : included_) {
      for (std::string_view rest = list;;) {
        const std::size_t comma = rest.find(',');
        PACS_TRY(include(trimmed(rest.substr(0, comma))));
        if (comma == rest.npos) break;
        rest.remove_prefix(comma + 1);
      }
    }
    return {};
  }

  Result<> include(std::string_view name) {
    if (name.empty()) return {};
    if (name == "all") {
      for (auto level = resource_.highest; level <= resource_.level; level = below(level)) {
        PACS_TRY(include_all_of(level));
      }
      return resource_.highest == Study ? include_all_of(Patient) : Result<>{};
    }
    PACS_TRY(const KeyPath path, read_key_path(name));
    // PS3.18 §10.6.3.3: attributes of lower levels "shall not be returned".
    if (is_of_lower_level(path.front())) return {};
    return put_key(identifier_, path, "");
  }

  static QueryLevel below(QueryLevel level) {
    return static_cast<QueryLevel>(static_cast<int>(level) + 1);
  }

  Result<> include_all_of(QueryLevel level) {
    for (const Tag tag : storage::indexed_attributes(level)) {
      PACS_TRY(return_if_known(std::span(&tag, 1)));
    }
    return {};
  }

  Result<> return_if_known(std::span<const Tag> path) {
    const Tag tag = path.front();
    const bool asked_for = identifier_.contains(tag) &&
                           std::ranges::find(search_.if_known, tag) == search_.if_known.end();
    if (!asked_for) search_.if_known.push_back(tag);
    // One that is asked for whole is not to be cut down to the attributes of the table.
    if (asked_for && identifier_.items(tag).empty()) return {};
    return put_key(identifier_, path, "");
  }

  Result<> add_returned() {
    for (const Returned& row : kReturned) {
      if (row.level < resource_.highest || row.level > resource_.level) continue;
      const std::array<Tag, 2> path{row.sequence, row.tag};
      const auto own = std::span(path).subspan(row.sequence.value == 0 ? 1 : 0);
      PACS_TRY(row.type == C ? return_if_known(own) : put_key(identifier_, own, ""));
    }
    for (const auto& [level, tag] : kUids) {
      if (level <= resource_.level) PACS_TRY(put_key(identifier_, std::span(&tag, 1), ""));
    }
    return {};
  }

  [[nodiscard]] bool is_of_lower_level(Tag tag) const {
    const auto level = storage::level_of_attribute(tag);
    return level && *level > resource_.level;
  }

  void finish(storage::Query query) {
    query.skip = search_.query.skip;
    query.order = order_;
    search_.query = std::move(query);
    for (const QueryKey& key : search_.query.keys) {
      if (is_of_lower_level(key.tag)) search_.hidden.push_back(key.tag);
    }
    for (const Tag tag : search_.query.unmatched) {
      search_.warnings.push_back(
          fmt::format("The attribute {} is not supported for matching.", tag.to_string()));
    }
  }

  static Error about_parameter(Error error) {
    const DictionaryEntry* entry = error.tag ? lookup(*error.tag) : nullptr;
    if (entry != nullptr) error.message = fmt::format("{}: {}", entry->keyword, error.message);
    if (error.kind == ErrorKind::Malformed || error.kind == ErrorKind::Mismatch) {
      error.kind = ErrorKind::InvalidArgument;
    }
    return error;
  }

  const SearchResource& resource_;
  const QidoOptions& options_;
  storage::QueryRules rules_;
  DataSet identifier_;
  std::vector<std::string> included_;
  storage::AnswerOrder order_;
  Search search_;
};

}  // namespace

std::span<const SearchResource> search_resources() {
  return kResources;
}

std::vector<QueryParameter> search_parameters(const SearchResource& resource) {
  const std::vector<std::string_view> flags{"true", "false"};
  std::vector<QueryParameter> parameters{
      {.name = "limit", .type = "xs:nonNegativeInteger"},
      {.name = "offset", .type = "xs:nonNegativeInteger"},
      {.name = "includefield", .repeated = true},
      {.name = "orderby"},
      {.name = "fuzzymatching", .type = "xs:boolean", .values = flags},
      {.name = "emptyvaluematching", .type = "xs:boolean", .values = flags},
      {.name = "multiplevaluematching", .type = "xs:boolean", .values = flags}};
  for (const QueryLevel level : {Patient, Study, Series, Image}) {
    if (level > resource.level) break;
    for (const Tag tag : storage::indexed_attributes(level)) {
      parameters.push_back({.name = std::string(lookup(tag)->keyword), .repeated = true});
    }
  }
  return parameters;
}

Result<Search> read_search(const SearchResource& resource, const Fields& path,
                           const Fields& parameters, const QidoOptions& options) {
  return SearchReader(resource, options).read(path, parameters);
}

}  // namespace pacs::web
