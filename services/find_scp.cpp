#include "services/find_scp.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>

#include "services/find_answers.h"
#include "services/on_worker.h"
#include "services/query_models.h"
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

/// One query while it is answered.
class Search {
 public:
  Search(storage::Archive& archive, storage::Query query, std::uint64_t matches_max,
         FindAnswers answers)
      : archive_(archive),
        query_(std::move(query)),
        matches_max_(matches_max),
        answers_(std::move(answers)) {
    if (matches_max_ != 0) query_.limit = matches_max_ + 1;  // to know that there are more
  }

  /// Waits for the database: for a worker.
  Status read_page() {
    answers_.clear();
    if (matches_ == nullptr) {
      Result<std::unique_ptr<storage::Matches>> found = archive_.find(std::move(query_));
      if (!found) return fail(std::move(found.error()));
      matches_ = std::move(*found);
    }
    const auto send_at = steady_clock::now() + kPageTime;
    while (!ended_ && answers_.size() < kPageMatches && answers_.bytes() < kPageBytes &&
           (answers_.size() == 0 || steady_clock::now() < send_at)) {
      Result<std::vector<DataSet>> some =
          matches_->next(std::min(kPulledAtOnce, kPageMatches - answers_.size()));
      if (!some) return fail(std::move(some.error()));
      if (some->empty()) ended_ = true;
      for (DataSet& match : *some) {
        if (matches_max_ != 0 && ++count_ > matches_max_) {
          over_limit_ = ended_ = true;
          break;
        }
        if (Status added = answers_.add(std::move(match)); !added) return added;
      }
    }
    return {};
  }

  [[nodiscard]] std::vector<ByteView> page() const { return answers_.encoded(); }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool over_limit() const { return over_limit_; }

 private:
  storage::Archive& archive_;
  storage::Query query_;
  const std::uint64_t matches_max_;
  FindAnswers answers_;
  std::unique_ptr<storage::Matches> matches_;
  std::uint64_t count_ = 0;
  bool ended_ = false, over_limit_ = false;
};

}  // namespace

bool FindScp::serves(std::string_view sop_class_uid) const {
  const QuerySopClass* sop_class = find_query_sop_class(sop_class_uid);
  return sop_class != nullptr && sop_class->service == QueryService::Find;
}

std::optional<Bytes> FindScp::answer_extended(const network::ExtendedNegotiation& proposed) const {
  return answer_query_negotiation(proposed);
}

Task<Result<Answer>> FindScp::perform(Operation& operation) {
  Result<DataSet> identifier = co_await operation.read_identifier();
  if (!identifier) co_return fail(std::move(identifier.error()));
  const QuerySopClass& sop_class = *find_query_sop_class(operation.request().sop_class_uid);
  const storage::QueryRules rules = query_rules(operation.association(), sop_class);
  Result<storage::Query> query = storage::parse_query(*identifier, rules);
  if (!query) co_return fail(std::move(query.error()));
  query->stop = operation.stop_token();
  // PS3.4 Table C.4-1: "Matches are continuing - Warning that one or more Optional Keys were not
  // supported for existence and/or matching".
  const std::uint16_t pending =
      query->unmatched.empty() ? status::kPending : status::kPendingWarning;
  const FindAnswers::Common common{.level = storage::to_string(query->level),
                                   .retrieve_ae = options_.retrieve_ae,
                                   .character_set = CharacterSet::of(*identifier)};
  Search search(
      archive_, std::move(*query), options_.matches_max,
      FindAnswers{common, *find_transfer_syntax(operation.context().transfer_syntaxes.front())});

  while (!search.ended() && !operation.cancelled()) {
    const auto read_page = [&search] { return search.read_page(); };
    Status read = co_await on_worker(workers_, read_page);
    if (operation.cancelled()) break;
    if (!read) co_return fail(std::move(read.error()));
    const std::vector<ByteView> page = search.page();
    Status sent = co_await operation.respond_pending(pending, page);
    if (!sent) co_return fail(std::move(sent.error()));
  }
  // A cancel that comes behind the last match has come too late (PS3.7 §9.3.2.3).
  if (operation.cancelled() && !search.ended()) co_return Answer{.status = status::kCancel};
  if (search.over_limit()) {
    co_return Answer{
        .status = status::kOutOfResources,
        .error_comment = fmt::format("more than {} matches: ask for less", options_.matches_max)};
  }
  co_return Answer{};
}

}  // namespace pacs::services
