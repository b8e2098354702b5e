#include "apps/commands/find_call.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "apps/output/answer_output.h"
#include "core/dicom_tags.h"
#include "core/text.h"
#include "services/query/find_scu.h"
#include "services/query/query_models.h"

namespace pacs::apps {

namespace {

using storage::QueryRules;

/// What was proposed and the peer does not support.
std::vector<std::string_view> not_agreed(const QueryRules& wanted, const QueryRules& agreed) {
  struct Row {
    bool QueryRules::*rule;
    std::string_view name;
  };
  static constexpr std::array kRows{
      Row{&QueryRules::relational, "relational queries"},
      Row{&QueryRules::combined_date_time, "date-time matching"},
      Row{&QueryRules::fuzzy_names, "fuzzy matching of names"},
      Row{&QueryRules::timezone_adjustment, "time zone adjustment"},
      Row{&QueryRules::empty_value_matching, "empty value matching"},
      Row{&QueryRules::multiple_value_matching, "multiple value matching"}};
  std::vector<std::string_view> missing;
  for (const Row& row : kRows) {
    if (wanted.*row.rule && !(agreed.*row.rule)) missing.push_back(row.name);
  }
  return missing;
}

bool proposes_something(const QueryRules& rules) {
  return !not_agreed(rules, QueryRules{}).empty();
}

struct FindReport {
  std::optional<services::FindResult> result;
  std::string failure;
};

network::Task<void> ask_peer(const FindCall& call, services::FindRequest question,
                             std::function<void(DataSet)> show, FindReport& report) {
  const QueryRules& rules = call.rules;
  const services::QuerySopClass& sop_class = *services::find_query_sop_class(
      services::query_sop_class_uid(rules.model, services::QueryService::Find));
  Result<std::shared_ptr<network::Association>> opened =
      co_await network::request_association(call.peer, {});
  if (!opened) {
    report.failure = opened.error().to_string();
    co_return;
  }
  network::Association& association = **opened;
  const network::PresentationContext* context =
      association.negotiated().accepted_for(sop_class.uid);
  if (context == nullptr) {
    report.failure = call.not_accepted;
  } else {
    const QueryRules agreed = services::query_rules(association.negotiated(), sop_class);
    for (const std::string_view missing : not_agreed(rules, agreed)) {
      fmt::print(stderr, "{}: the peer does not support {}\n", call.program, missing);
    }
    Result<services::FindResult> found =
        co_await services::find(association, *context, std::move(question), std::move(show));
    if (!found) {
      report.failure = found.error().to_string();
      co_return;
    }
    report.result = std::move(*found);
  }
  Result<> released = co_await association.release();
  if (!released && report.failure.empty() && !report.result) {
    report.failure = released.error().to_string();
  }
}

/// Returns the exit code; prints on standard error what the answers do not show.
int conclude(const FindCall& call, const FindReport& report) {
  if (!report.result) {
    fmt::print(stderr, "{}: {}\n", call.program, printable(report.failure));
    return 1;
  }
  const services::FindResult& result = *report.result;
  if (result.keys_unsupported) {
    fmt::print(stderr, "{}: the peer does not know all of the keys\n", call.program);
  }
  const bool enough = result.status == network::status::kCancel && call.limit != 0;
  if (result.status != network::status::kSuccess && !enough) {
    std::string elements;
    for (const Tag tag : result.offending_elements) elements += " " + tag.to_string();
    fmt::print(stderr, "{}: the peer answered status {:04X}{}{}{}\n", call.program, result.status,
               result.error_comment.empty() ? "" : ": ", printable(result.error_comment), elements);
    return 1;
  }
  if (!call.form.json && !call.form.csv) {
    fmt::print(stderr, "{} match{}{}\n", result.answers, result.answers == 1 ? "" : "es",
               enough ? ", there may be more" : "");
  }
  return 0;
}

}  // namespace

bool Question::has_column(const KeyPath& path) const {
  return std::ranges::find(columns, path) != columns.end();
}

void Question::ask_for(const KeyPath& path) {
  if (!has_column(path)) columns.push_back(path);
  QueryKeyText key;
  key.path = path;
  // A usual attribute without a value: it cannot be refused.
  (void)put_key(identifier, key);
}

Result<Question> make_question(DataSet identifier, const QueryOptions& options, bool exact,
                               const std::function<void(Question&)>& ask_for_the_usual) {
  const bool worklist = !identifier.contains(tags::QueryRetrieveLevel);
  Question question{.identifier = std::move(identifier), .columns = {}};
  std::vector<KeyPath> written;
  bool names_columns = !options.file.empty();
  for (const std::string& text : options.keys) {
    PACS_TRY(const QueryKeyText key, parse_query_key(text));
    const Tag tag = key.path.front().tag;
    if (tag == tags::QueryRetrieveLevel || tag == tags::SpecificCharacterSet) continue;
    written.push_back(worklist ? path_in_worklist(key.path) : key.path);
    names_columns = names_columns || !key.has_value;
  }
  if (!names_columns && !exact) ask_for_the_usual(question);
  for (KeyPath& path : written) {
    if (!question.has_column(path)) question.columns.push_back(std::move(path));
  }
  for (const Element& element : question.identifier) {
    const Tag tag = element.tag();
    const bool shown = std::ranges::any_of(
        question.columns, [tag](const KeyPath& path) { return path.front().tag == tag; });
    if (shown || tag == tags::QueryRetrieveLevel || tag == tags::SpecificCharacterSet) continue;
    // Of a file of keys.
    if (element.items().size() != 1) {
      question.columns.push_back({KeyStep{.tag = tag}});
      continue;
    }
    for (const Element& inner : element.items().front().data_set) {
      question.columns.push_back(
          {KeyStep{.tag = tag, .into_item = true}, KeyStep{.tag = inner.tag()}});
    }
  }
  return question;
}

void add_output_options(CLI::App& command, FindCall& call) {
  command.add_option("--limit", call.limit, "cancel (C-CANCEL) after this many answers")
      ->check(CLI::NonNegativeNumber);
  add_form_options(command, call.form);
  command.add_flag("--fuzzy", call.rules.fuzzy_names,
                   "negotiate matching of names that sound alike");
  command.add_flag("--timezone", call.rules.timezone_adjustment,
                   "negotiate times in the zone of -k TimezoneOffsetFromUTC=...");
}

int run_find_call(FindCall call, Question question) {
  const std::string_view uid =
      services::query_sop_class_uid(call.rules.model, services::QueryService::Find);
  call.peer.contexts = {services::find_context(uid)};
  if (proposes_something(call.rules)) {
    call.peer.user.extended = {
        services::propose_query_negotiation(*services::find_query_sop_class(uid), call.rules)};
  }
  AnswerOutput output{call.program, call.form, question.columns};
  FindReport report;
  boost::asio::io_context io{1};
  services::FindRequest request{.identifier = std::move(question.identifier),
                                .cancel_after = call.limit};
  boost::asio::co_spawn(io,
                        ask_peer(
                            call, std::move(request),
                            [&output](const DataSet& answer) { output.show(answer); }, report),
                        boost::asio::detached);
  io.run();
  output.finish();
  return conclude(call, report);
}

}  // namespace pacs::apps
