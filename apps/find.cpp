// pacs find: asks a DICOM peer what it has (C-FIND) and shows the answers as they come.

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "apps/commands.h"
#include "apps/peer_options.h"
#include "apps/query_key.h"
#include "apps/query_options.h"
#include "apps/text_table.h"
#include "core/dicom_tags.h"
#include "encoding/character_set.h"
#include "encoding/dicom_json.h"
#include "services/find_scu.h"
#include "services/query_models.h"

namespace pacs::apps {

namespace {

using storage::QueryLevel;
using storage::QueryModel;
using storage::QueryRules;

struct FindArguments {
  PeerOptions peer;
  QueryOptions query;
  std::vector<std::string> arguments;
  QueryRules rules;  ///< to be negotiated
  std::uint64_t limit = 0;
  bool json = false, csv = false, exact = false;
};

/// What a table shows of a level when no key says what is to be returned.
std::span<const Tag> usual_columns(QueryLevel level) {
  static constexpr std::array<Tag, 5> kPatient{tags::PatientName, tags::PatientID,
                                               tags::PatientBirthDate, tags::PatientSex,
                                               tags::NumberOfPatientRelatedStudies};
  static constexpr std::array<Tag, 6> kStudy{tags::StudyDate,
                                             tags::AccessionNumber,
                                             tags::ModalitiesInStudy,
                                             tags::StudyDescription,
                                             tags::NumberOfStudyRelatedInstances,
                                             tags::StudyInstanceUID};
  static constexpr std::array<Tag, 5> kSeries{
      tags::SeriesNumber, tags::Modality, tags::SeriesDescription,
      tags::NumberOfSeriesRelatedInstances, tags::SeriesInstanceUID};
  static constexpr std::array<Tag, 3> kImage{tags::InstanceNumber, tags::SOPClassUID,
                                             tags::SOPInstanceUID};
  switch (level) {
    case QueryLevel::Patient:
      return kPatient;
    case QueryLevel::Study:
      return kStudy;
    case QueryLevel::Series:
      return kSeries;
    case QueryLevel::Image:
      break;
  }
  return kImage;
}

/// What is asked and which columns show it.
struct Question {
  DataSet identifier;
  std::vector<KeyPath> columns;
};

bool has_column(const Question& question, const KeyPath& path) {
  return std::ranges::find(question.columns, path) != question.columns.end();
}

/// A column, and a key for it where there is none yet.
void ask_for(Question& question, Tag tag) {
  const KeyPath path{KeyStep{.tag = tag}};
  if (!has_column(question, path)) question.columns.push_back(path);
  if (!question.identifier.contains(tag)) question.identifier.set_text(tag, "");
}

void ask_for_the_usual(Question& question, QueryModel model) {
  const QueryLevel level =
      storage::parse_query_level(question.identifier.text(tags::QueryRetrieveLevel))
          .value_or(QueryLevel::Study);
  // A study belongs to its patient: only where that is the level above are the patient's keys not
  // the study's own (PS3.4 §C.6.2.1).
  if (level == QueryLevel::Study && model == QueryModel::StudyRoot) {
    ask_for(question, tags::PatientName);
    ask_for(question, tags::PatientID);
  }
  for (const Tag tag : usual_columns(level)) ask_for(question, tag);
}

Result<Question> make_question(const FindArguments& arguments) {
  Result<DataSet> identifier = make_identifier(arguments.query);
  if (!identifier) return fail(std::move(identifier.error()));
  Question question{.identifier = std::move(*identifier), .columns = {}};
  std::vector<KeyPath> written;
  bool names_columns = !arguments.query.file.empty();
  for (const std::string& text : arguments.query.keys) {
    const Result<QueryKeyText> key = parse_query_key(text);  // make_identifier has checked it
    if (!key || key->path.front().tag == tags::QueryRetrieveLevel) continue;
    written.push_back(key->path);
    names_columns = names_columns || !key->has_value;
  }
  if (!names_columns && !arguments.exact) {
    ask_for_the_usual(question, model_of(arguments.query));
  }
  for (KeyPath& path : written) {
    if (!has_column(question, path)) question.columns.push_back(std::move(path));
  }
  for (const Element& element : question.identifier) {
    const Tag tag = element.tag();
    const bool shown = std::ranges::any_of(
        question.columns, [tag](const KeyPath& path) { return path.front().tag == tag; });
    if (shown || tag == tags::QueryRetrieveLevel || tag == tags::SpecificCharacterSet) continue;
    question.columns.push_back({KeyStep{.tag = tag}});  // of a file of keys
  }
  return question;
}

void print_line(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

/// Shows answers in the form that was asked for.
class Output {
 public:
  Output(const FindArguments& arguments, const std::vector<KeyPath>& columns)
      : columns_(columns),
        json_(arguments.json),
        csv_(arguments.csv),
        table_(short_titles(columns), print_line) {
    if (csv_) print_line(csv_line(titles(columns)));
  }

  void show(const DataSet& answer) {
    if (json_) return show_json(answer);
    const DataSet utf8 = to_utf8(answer);
    TextRow row;
    for (const KeyPath& column : columns_) row.push_back(value_at(utf8, column));
    if (csv_) {
      print_line(csv_line(row));
    } else {
      table_.add(std::move(row));
    }
  }
  void finish() {
    table_.finish();
    std::fflush(stdout);
  }

 private:
  static TextRow titles(const std::vector<KeyPath>& columns) {
    TextRow row;
    for (const KeyPath& column : columns) row.push_back(to_string(column));
    return row;
  }
  /// "Instances" for NumberOfStudyRelatedInstances, which is wider than any number.
  static TextRow short_titles(const std::vector<KeyPath>& columns) {
    TextRow row = titles(columns);
    for (std::string& title : row) {
      const std::size_t related = title.find("Related");
      if (title.starts_with("NumberOf") && related != title.npos) title.erase(0, related + 7);
    }
    return row;
  }
  static void show_json(const DataSet& answer) {
    std::string text;
    if (Status written = write_json(answer, text); !written) {
      fmt::print(stderr, "pacs find: {}\n", written.error().to_string());
      return;
    }
    print_line(text);
  }

  const std::vector<KeyPath>& columns_;
  const bool json_, csv_;
  TextTable table_;
};

/// What was proposed and the peer does not do.
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

network::Task<void> ask_peer(network::RequestOptions request, QueryRules rules,
                             services::FindRequest question, std::function<void(DataSet)> show,
                             FindReport& report) {
  const services::QuerySopClass& sop_class = *services::find_query_sop_class(
      services::query_sop_class_uid(rules.model, services::QueryService::Find));
  Result<std::shared_ptr<network::Association>> opened =
      co_await network::request_association(std::move(request), {});
  if (!opened) {
    report.failure = opened.error().to_string();
    co_return;
  }
  network::Association& association = **opened;
  const network::PresentationContext* context =
      association.negotiated().accepted_for(sop_class.uid);
  if (context == nullptr) {
    report.failure = "the peer answers no queries of this information model: try another --model";
  } else {
    const QueryRules agreed = services::query_rules(association.negotiated(), sop_class);
    for (const std::string_view missing : not_agreed(rules, agreed)) {
      fmt::print(stderr, "pacs find: the peer does not do {}\n", missing);
    }
    Result<services::FindResult> found =
        co_await services::find(association, *context, std::move(question), std::move(show));
    if (!found) {
      report.failure = found.error().to_string();
      co_return;
    }
    report.result = std::move(*found);
  }
  Status released = co_await association.release();
  if (!released && report.failure.empty() && !report.result) {
    report.failure = released.error().to_string();
  }
}

/// The exit code, and on standard error what is not in the answers.
int conclude(const FindArguments& arguments, const FindReport& report) {
  if (!report.result) {
    fmt::print(stderr, "pacs find: {}\n", printable(report.failure));
    return 1;
  }
  const services::FindResult& result = *report.result;
  if (result.keys_unsupported) {
    fmt::print(stderr, "pacs find: the peer does not know all of the keys\n");
  }
  const bool enough = result.status == network::status::kCancel && arguments.limit != 0;
  if (result.status != network::status::kSuccess && !enough) {
    std::string elements;
    for (const Tag tag : result.offending_elements) elements += " " + tag.to_string();
    fmt::print(stderr, "pacs find: the peer answered status {:04X}{}{}{}\n", result.status,
               result.error_comment.empty() ? "" : ": ", printable(result.error_comment), elements);
    return 1;
  }
  if (!arguments.json && !arguments.csv) {
    fmt::print(stderr, "{} match{}{}\n", result.answers, result.answers == 1 ? "" : "es",
               enough ? ", there may be more" : "");
  }
  return 0;
}

int run_find(FindArguments arguments) {
  Result<network::RequestOptions> peer = take_peer(arguments.arguments, arguments.peer);
  if (!peer || !arguments.arguments.empty()) {
    fmt::print(stderr, "pacs find: {}\n",
               peer ? "too many arguments: " + arguments.arguments.front() + " (keys follow -k)"
                    : peer.error().message);
    return 2;
  }
  Result<Question> question = make_question(arguments);
  if (!question) {
    const bool usage = question.error().kind == ErrorKind::InvalidArgument;
    fmt::print(stderr, "pacs find: {}\n",
               usage ? question.error().message : question.error().to_string());
    return 2;
  }
  arguments.rules.model = model_of(arguments.query);
  arguments.rules.relational = arguments.query.relational;
  const std::string_view uid =
      services::query_sop_class_uid(arguments.rules.model, services::QueryService::Find);
  peer->contexts = {services::find_context(uid)};
  if (proposes_something(arguments.rules)) {
    peer->extended = {
        services::propose_query_negotiation(*services::find_query_sop_class(uid), arguments.rules)};
  }
  Output output{arguments, question->columns};
  FindReport report;
  boost::asio::io_context io{1};
  services::FindRequest request{.identifier = std::move(question->identifier),
                                .cancel_after = arguments.limit};
  boost::asio::co_spawn(io,
                        ask_peer(
                            std::move(*peer), arguments.rules, std::move(request),
                            [&output](const DataSet& answer) { output.show(answer); }, report),
                        boost::asio::detached);
  io.run();
  output.finish();
  return conclude(arguments, report);
}

}  // namespace

void add_find(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("find", "Ask a DICOM peer what it has (C-FIND)");
  command->footer(
      "Examples:\n"
      "  pacs find PACS@127.0.0.1:11112 -k 'PatientName=DOE*'\n"
      "  pacs find PACS@127.0.0.1:11112 -k StudyDate=20240101- -k ModalitiesInStudy=CT --csv\n"
      "  pacs find 127.0.0.1 11112 -aec PACS -L SERIES -k StudyInstanceUID=1.2.3 -k Modality\n"
      "  pacs find 127.0.0.1 11112 -aec PACS -P -L PATIENT -k PatientID -k PatientName --json\n"
      "Keys are keywords or tags (0010,0010). One with = is to be matched: * and ? stand for\n"
      "letters, 20240101-20240131 is a range, 1.2.3\\1.2.4 a list. One without = is only to be\n"
      "shown; when no key is of that kind, the usual ones of the level are asked for too, unless\n"
      "--exact. Sequence[0].Keyword reaches into a sequence.\n"
      "At levels below the first, the unique keys of those above must be given (StudyInstanceUID\n"
      "for SERIES), unless --relational.\n"
      "Answers go to standard output as they come: a table, --csv, or --json with one object of\n"
      "the DICOM JSON model (PS3.18 F) on each line.\n"
      "Exit code: 0 the peer answered with success (or --limit was reached), 1 not, 2 wrong "
      "usage.");
  auto arguments = std::make_shared<FindArguments>();
  command->add_option("peer", arguments->arguments, "HOST PORT or AE@HOST:PORT")->required();
  add_query_options(*command, arguments->query);
  command->add_option("--limit", arguments->limit, "cancel (C-CANCEL) after so many answers");
  command->add_flag("--exact", arguments->exact, "ask for the keys given and no others");
  CLI::Option* csv = command->add_flag("--csv", arguments->csv, "comma-separated values");
  command->add_flag("--json", arguments->json, "one DICOM JSON object on each line")->excludes(csv);
  command->add_flag("--fuzzy", arguments->rules.fuzzy_names, "negotiate names that sound alike");
  command->add_flag("--date-time", arguments->rules.combined_date_time,
                    "negotiate a date and a time range as one range");
  command->add_flag("--timezone", arguments->rules.timezone_adjustment,
                    "negotiate times in the zone of -k TimezoneOffsetFromUTC=...");
  command->add_flag("--empty-values", arguments->rules.empty_value_matching,
                    "negotiate \"\" as a key that matches empty values");
  command->add_flag("--multiple-values", arguments->rules.multiple_value_matching,
                    "negotiate keys of several values");
  add_peer_options(*command, arguments->peer);
  command->callback([arguments, &exit_code] { exit_code = run_find(*arguments); });
}

}  // namespace pacs::apps
