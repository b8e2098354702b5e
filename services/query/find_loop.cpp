#include "services/query/find_loop.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>

#include "services/dispatch/on_worker.h"
#include "services/query/query_models.h"

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
  Search(FindSource source, storage::Query query, FindAnswers answers)
      : source_(std::move(source)), query_(std::move(query)), answers_(std::move(answers)) {
    // To know that there are more.
    if (source_.matches_max != 0) query_.limit = source_.matches_max + 1;
  }

  /// Waits for the database: for a worker.
  Result<> read_page() {
    answers_.clear();
    if (matches_ == nullptr) {
      Result<std::unique_ptr<storage::Matches>> found = source_.find(std::move(query_));
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
        if (source_.matches_max != 0 && ++count_ > source_.matches_max) {
          over_limit_ = ended_ = true;
          break;
        }
        if (Result<> added = answers_.add(std::move(match)); !added) return added;
      }
    }
    return {};
  }

  [[nodiscard]] std::vector<ByteView> page() const { return answers_.encoded(); }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool over_limit() const { return over_limit_; }

 private:
  const FindSource source_;
  storage::Query query_;
  FindAnswers answers_;
  std::unique_ptr<storage::Matches> matches_;
  std::uint64_t count_ = 0;
  bool ended_ = false, over_limit_ = false;
};

}  // namespace

Task<Result<AskedQuery>> read_query(Operation& operation) {
  Result<DataSet> identifier = co_await operation.read_identifier();
  if (!identifier) co_return fail(std::move(identifier.error()));
  const QuerySopClass& sop_class = *find_query_sop_class(operation.request().sop_class_uid);
  const storage::QueryRules rules = query_rules(operation.association(), sop_class);
  Result<storage::Query> query = storage::parse_query(*identifier, rules);
  if (!query) co_return fail(std::move(query.error()));
  AskedQuery asked{std::move(*query), CharacterSet::of(*identifier)};
  co_return asked;
}

Task<Result<Answer>> answer_query(Operation& operation, integration::WorkPool& workers,
                                  storage::Query query, FindSource source,
                                  FindAnswers::Common common) {
  query.stop = operation.stop_token();
  // PS3.4 Tables C.4-1 and K.4-1: "Matches are continuing - Warning that one or more Optional Keys
  // were not supported for existence and/or matching".
  const std::uint16_t pending =
      query.unmatched.empty() ? status::kPending : status::kPendingWarning;
  const std::uint64_t matches_max = source.matches_max;
  Search search(std::move(source), std::move(query),
                FindAnswers{common, *find_transfer_syntax(operation.context().transfer_syntax)});

  while (!search.ended() && !operation.cancelled()) {
    const auto read_page = [&search] { return search.read_page(); };
    Result<> read = co_await on_worker(workers, read_page);
    if (operation.cancelled()) break;
    if (!read) co_return fail(std::move(read.error()));
    const std::vector<ByteView> page = search.page();
    Result<> sent = co_await operation.respond_pending(pending, page);
    if (!sent) co_return fail(std::move(sent.error()));
  }
  // A cancel that comes behind the last match has come too late (PS3.7 §9.3.2.3).
  if (operation.cancelled() && !search.ended()) co_return Answer{.status = status::kCancel};
  if (search.over_limit()) {
    co_return Answer{
        .status = status::kOutOfResources,
        .error_comment = fmt::format("more than {} matches: ask for less", matches_max)};
  }
  co_return Answer{};
}

}  // namespace pacs::services
