// pacs find: asks a DICOM peer what it has (C-FIND) and shows the answers as they come.

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "apps/commands/commands.h"
#include "apps/commands/find_call.h"
#include "apps/options/peer_options.h"
#include "apps/options/query_options.h"
#include "core/dicom_tags.h"

namespace pacs::apps {

namespace {

using storage::QueryLevel;
using storage::QueryModel;

struct FindArguments {
  PeerOptions peer;
  QueryOptions query;
  std::vector<std::string> arguments;
  bool exact = false;
  FindCall call;
};

/// The columns of each level when no key says what to return.
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

void ask_for_the_usual(Question& question, QueryModel model) {
  const auto ask_for = [&question](Tag tag) { question.ask_for({KeyStep{.tag = tag}}); };
  const QueryLevel level =
      storage::parse_query_level(question.identifier.text(tags::QueryRetrieveLevel))
          .value_or(QueryLevel::Study);
  // In Study Root the patient's keys belong to the study; in the other models they are of the level
  // above (PS3.4 §C.6.2.1).
  if (level == QueryLevel::Study && model == QueryModel::StudyRoot) {
    ask_for(tags::PatientName);
    ask_for(tags::PatientID);
  }
  for (const Tag tag : usual_columns(level)) ask_for(tag);
}

int run_find(FindArguments arguments) {
  Result<network::RequestOptions> peer = take_peer(arguments.arguments, arguments.peer);
  if (!peer || !arguments.arguments.empty()) {
    fmt::print(stderr, "pacs find: {}\n",
               peer ? "too many arguments: " + arguments.arguments.front() + " (keys follow -k)"
                    : peer.error().message);
    return 2;
  }
  FindCall& call = arguments.call;
  call.program = "pacs find";
  call.not_accepted =
      "the peer does not accept queries of this information model: try another --model";
  call.peer = std::move(*peer);
  call.rules.model = model_of(arguments.query);
  call.rules.relational = arguments.query.relational;
  Result<Question> question = make_identifier(arguments.query).and_then([&](DataSet identifier) {
    return make_question(std::move(identifier), arguments.query, arguments.exact,
                         [&](Question& asked) { ask_for_the_usual(asked, call.rules.model); });
  });
  if (!question) {
    const bool usage = question.error().kind == ErrorKind::InvalidArgument;
    fmt::print(stderr, "pacs find: {}\n",
               usage ? question.error().message : question.error().to_string());
    return 2;
  }
  return run_find_call(std::move(call), std::move(*question));
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
      "letters, 20240101-20240131 is a range, 1.2.3\\1.2.4 a list: an element given two values in\n"
      "two keys is refused. One without = is only to be shown; when no key is of that kind, the\n"
      "usual ones of the level are asked for too, unless --exact. Sequence[0].Keyword reaches "
      "into\n"
      "a sequence.\n"
      "At levels below the first, the unique keys of those above must be given (StudyInstanceUID\n"
      "for SERIES), unless --relational.\n"
      "Answers go to standard output as they come: a table, --csv, or --json with one object of\n"
      "the DICOM JSON model (PS3.18 F) on each line.\n"
      "Exit code: 0 the peer answered with success (or --limit was reached), 1 not, 2 wrong "
      "usage.");
  auto arguments = std::make_shared<FindArguments>();
  command->add_option("peer", arguments->arguments, "HOST PORT or AE@HOST:PORT")->required();
  add_query_options(*command, arguments->query);
  add_output_options(*command, arguments->call);
  storage::QueryRules& rules = arguments->call.rules;
  command->add_flag("--exact", arguments->exact, "ask for the keys given and no others");
  command->add_flag("--date-time", rules.combined_date_time,
                    "negotiate a date and a time range as one range");
  command->add_flag("--empty-values", rules.empty_value_matching,
                    "negotiate \"\" as a key that matches empty values");
  command->add_flag("--multiple-values", rules.multiple_value_matching,
                    "negotiate keys of several values");
  add_peer_options(*command, arguments->peer);
  command->callback([arguments, &exit_code] { exit_code = run_find(*arguments); });
}

}  // namespace pacs::apps
