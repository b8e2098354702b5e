// pacs worklist query: asks a DICOM peer for its modality worklist (PS3.4 Annex K) and shows the
// answers as they come.
#include "apps/commands/worklist_query.h"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "apps/commands/find_call.h"
#include "apps/options/peer_options.h"
#include "apps/options/query_options.h"
#include "core/dicom_tags.h"

namespace pacs::apps {

namespace {

struct QueryArguments {
  PeerOptions peer;
  QueryOptions query;
  std::vector<std::string> arguments;
  bool exact = false;
  FindCall call;
};

void ask_for_the_usual(Question& question) {
  for (const Tag tag :
       {tags::ScheduledProcedureStepStartDate, tags::ScheduledProcedureStepStartTime,
        tags::Modality, tags::ScheduledStationAETitle, tags::PatientName, tags::PatientID,
        tags::AccessionNumber, tags::RequestedProcedureID, tags::ScheduledProcedureStepID,
        tags::StudyInstanceUID}) {
    question.ask_for(path_in_worklist({KeyStep{.tag = tag}}));
  }
}

int run_query(QueryArguments arguments) {
  Result<network::RequestOptions> peer = take_peer(arguments.arguments, arguments.peer);
  if (!peer || !arguments.arguments.empty()) {
    fmt::print(stderr, "pacs worklist query: {}\n",
               peer ? "too many arguments: " + arguments.arguments.front() + " (keys follow -k)"
                    : peer.error().message);
    return 2;
  }
  FindCall& call = arguments.call;
  call.program = "pacs worklist query";
  call.not_accepted = "the peer has no modality worklist";
  call.peer = std::move(*peer);
  call.rules.model = storage::QueryModel::ModalityWorklist;
  Result<Question> question =
      make_worklist_identifier(arguments.query).and_then([&](DataSet identifier) {
        return make_question(std::move(identifier), arguments.query, arguments.exact,
                             ask_for_the_usual);
      });
  if (!question) {
    const bool usage = question.error().kind == ErrorKind::InvalidArgument;
    fmt::print(stderr, "pacs worklist query: {}\n",
               usage ? question.error().message : question.error().to_string());
    return 2;
  }
  return run_find_call(std::move(call), std::move(*question));
}

}  // namespace

void add_worklist_query(CLI::App& worklist, int& exit_code) {
  CLI::App* command =
      worklist.add_subcommand("query", "Ask a DICOM peer for its modality worklist (C-FIND)");
  command->footer(
      "Examples:\n"
      "  pacs worklist query PACS@127.0.0.1:11112 -k ScheduledStationAETitle=CT1 \\\n"
      "                      -k ScheduledProcedureStepStartDate=20240705-\n"
      "  pacs worklist query 127.0.0.1 11112 -aec PACS -k 'PatientName=DOE*' --json\n"
      "Keys are keywords or tags. Those of a scheduled procedure step (Modality,\n"
      "ScheduledStationAETitle ...) may stand without their sequence. One with = is to be "
      "matched;\n"
      "one without is only to be shown; when no key is of that kind, the usual ones are asked for\n"
      "too, unless --exact.\n"
      "Exit code: 0 the peer answered with success (or --limit was reached), 1 not, 2 wrong "
      "usage.");
  auto arguments = std::make_shared<QueryArguments>();
  command->add_option("peer", arguments->arguments, "HOST PORT or AE@HOST:PORT")->required();
  add_key_options(*command, arguments->query);
  add_output_options(*command, arguments->call);
  command->add_flag("--exact", arguments->exact, "ask for the keys given and no others");
  add_peer_options(*command, arguments->peer);
  command->callback([arguments, &exit_code] { exit_code = run_query(*arguments); });
}

}  // namespace pacs::apps
