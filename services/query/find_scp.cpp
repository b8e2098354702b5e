#include "services/query/find_scp.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/data_sets/data_set_codec.h"
#include "integration/on_worker.h"
#include "services/query/query_models.h"
#include "storage/archive.h"

namespace pacs::services {
namespace {

namespace status = network::status;
using std::chrono::steady_clock;

/// Answers that are looked for before they are sent: enough that a send is worth it, few enough
/// that a cancel is seen soon.
constexpr std::size_t kPageMatches = 256;
constexpr std::size_t kPageBytes = 256U << 10;
/// Of those, pulled at once: what they weigh is seen only when they are here.
constexpr std::size_t kPulledAtOnce = 64;
/// What has been found is sent after so long, however little it is.
constexpr std::chrono::milliseconds kPageTime{20};
/// Instance Availability (0008,0056) of all that is stored (PS3.3 §C.4.23.1.1).
constexpr std::string_view kInstanceAvailability = "ONLINE";

/// PS3.4 §C.4.1.1.3.2: Query/Retrieve Level and Retrieve AE Title are in every answer, whether they
/// were asked for or not; Instance Availability may be.
DataSet common_elements(const FindSource& source, const storage::Query& query) {
  DataSet common;
  if (query.rules.model != storage::QueryModel::ModalityWorklist) {
    common.set_text(tags::QueryRetrieveLevel, storage::to_string(query.level));
  }
  if (!source.retrieve_ae.empty()) {
    common.set_text(tags::RetrieveAETitle, source.retrieve_ae);
    common.set_text(tags::InstanceAvailability, kInstanceAvailability);
  }
  return common;
}

/// One query while it is answered: page by page, as the encoded identifiers of its responses.
class Search {
 public:
  /// `asked_in`: the character set of the identifier, in which answers are written if it holds
  /// them.
  Search(const FindSource& source, storage::Query query, CharacterSet asked_in,
         const Operation& operation)
      : source_(source),
        query_(std::move(query)),
        calling_ae_(operation.association().request.calling_ae),
        character_set_(std::move(asked_in)),
        wants_utf8_(character_set_.defined_terms() == std::vector<std::string>{"ISO_IR 192"}),
        syntax_(*find_transfer_syntax(operation.context().transfer_syntax)),
        common_(common_elements(source, query_)) {
    query_.stop = operation.stop_token();
    if (source.matches_max != 0)
      query_.limit = source.matches_max + 1;  // to see that there are more
  }

  /// Waits for the database: for a worker.
  Result<> read_page() {
    page_.clear();
    ends_.clear();
    if (matches_ == nullptr) {
      PACS_TRY(matches_, source_.find(std::move(query_), calling_ae_));
    }
    const auto send_at = steady_clock::now() + kPageTime;
    while (!ended_ && ends_.size() < kPageMatches && page_.size() < kPageBytes &&
           (ends_.empty() || steady_clock::now() < send_at)) {
      PACS_TRY(std::vector<DataSet> some,
               matches_->next(std::min(kPulledAtOnce, kPageMatches - ends_.size())));
      if (some.empty()) ended_ = true;
      for (DataSet& match : some) {
        if (source_.matches_max != 0 && ++count_ > source_.matches_max) {
          over_limit_ = ended_ = true;
          break;
        }
        PACS_TRY(add(std::move(match)));
      }
    }
    return {};
  }

  /// One for each answer; valid until the next call of `read_page`.
  [[nodiscard]] std::vector<ByteView> page() const {
    std::vector<ByteView> answers;
    answers.reserve(ends_.size());
    std::size_t begin = 0;
    for (const std::size_t end : ends_) {
      answers.push_back(ByteView{page_}.subspan(begin, end - begin));
      begin = end;
    }
    return answers;
  }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool over_limit() const { return over_limit_; }

 private:
  /// A match, whose text is UTF-8.
  Result<> add(DataSet match) {
    // Text that is not ASCII is labelled; without the label there is nothing to convert.
    if (!wants_utf8_ && match.contains(tags::SpecificCharacterSet)) {
      match = in_character_set(match, character_set_);
    }
    match.reserve(match.size() + common_.size());
    // Their bytes live as long as common_, and the answer only until it is written.
    for (const Element& element : common_) match.set(element);
    PACS_TRY(append_data_set(page_, match, syntax_));
    ends_.push_back(page_.size());
    return {};
  }

  const FindSource& source_;
  storage::Query query_;
  const std::string calling_ae_;
  const CharacterSet character_set_;
  const bool wants_utf8_;
  const TransferSyntax& syntax_;
  const DataSet common_;  ///< the elements that every answer has
  std::unique_ptr<storage::Matches> matches_;
  Bytes page_;  ///< one answer behind the other
  std::vector<std::size_t> ends_;
  std::uint64_t count_ = 0;
  bool ended_ = false, over_limit_ = false;
};

}  // namespace

FindSource stored_objects(storage::Archive& archive, FindOptions options) {
  using storage::QueryModel;
  FindSource source;
  source.models = {QueryModel::PatientRoot, QueryModel::StudyRoot, QueryModel::PatientStudyOnly};
  source.find = [&archive](storage::Query query, std::string_view) {
    return archive.find(std::move(query));
  };
  source.retrieve_ae = std::move(options.retrieve_ae);
  source.matches_max = options.matches_max;
  source.private_creators = std::move(options.private_creators);
  return source;
}

bool FindScp::serves(std::string_view sop_class_uid) const {
  const QuerySopClass* sop_class = find_query_sop_class(sop_class_uid);
  return sop_class != nullptr && sop_class->service == QueryService::Find &&
         std::ranges::find(source_.models, sop_class->model) != source_.models.end();
}

std::optional<Bytes> FindScp::answer_extended(const network::ExtendedNegotiation& proposed) const {
  return answer_query_negotiation(proposed);
}

Task<Result<Answer>> FindScp::perform(Operation& operation) {
  PACS_CO_TRY(const DataSet identifier, co_await operation.read_identifier(kIdentifierLimits));
  const QuerySopClass& sop_class = *find_query_sop_class(operation.request().sop_class_uid);
  storage::QueryRules rules = query_rules(operation.association(), sop_class);
  rules.private_creators = source_.private_creators;
  PACS_CO_TRY(storage::Query query, storage::parse_query(identifier, rules));
  // PS3.4 Tables C.4-1 and K.4-1: "Matches are continuing - Warning that one or more Optional Keys
  // were not supported for existence and/or matching".
  const std::uint16_t pending =
      query.unmatched.empty() ? status::kPending : status::kPendingWarning;
  Search search(source_, std::move(query), CharacterSet::of(identifier), operation);

  while (!search.ended() && !operation.cancelled()) {
    const auto read_page = [&search] { return search.read_page(); };
    Result<> read = co_await on_worker(workers_, read_page);
    if (operation.cancelled()) break;
    if (!read) co_return fail(std::move(read.error()));
    const std::vector<ByteView> page = search.page();
    PACS_CO_TRY(co_await operation.respond_pending(pending, page));
  }
  // A cancel that comes behind the last match has come too late (PS3.7 §9.3.2.3).
  if (operation.cancelled() && !search.ended()) co_return Answer{.status = status::kCancel};
  if (search.over_limit()) {
    co_return Answer{.status = status::kOutOfResources,
                     .error_comment = fmt::format("more than {} matches: narrow the query",
                                                  source_.matches_max)};
  }
  co_return Answer{};
}

}  // namespace pacs::services
