// pacs move: asks a DICOM peer to send objects to another one (C-MOVE).

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "apps/commands/commands.h"
#include "apps/commands/retrieve_call.h"
#include "services/retrieve/retrieve_scu.h"

namespace pacs::apps {

namespace {

struct MoveArguments : RetrieveArguments {
  std::string destination;
};

std::uint64_t total_of(const services::SubOperations& counts) {
  return std::uint64_t{counts.completed} + counts.failed + counts.warning +
         counts.remaining.value_or(0);
}

void print_text(const MoveArguments& arguments, const RetrieveEnd& end, double seconds) {
  explain("move", end);
  if (arguments.quiet || !end.result) return;
  const services::SubOperations& counts = end.result->counts;
  if (total_of(counts) == 0 && !succeeded(end)) return;  // refused: explain() has said why
  fmt::print("moved {} of {} objects to {} in {:.2f} s", counts.completed + counts.warning,
             total_of(counts), arguments.destination, seconds);
  if (counts.warning != 0) fmt::print(", {} with warnings", counts.warning);
  if (counts.failed != 0) fmt::print(", {} failed", counts.failed);
  if (counts.remaining.value_or(0) != 0) fmt::print(", {} not begun", *counts.remaining);
  fmt::print("\n");
}

void print_json(const MoveArguments& arguments, const RetrieveEnd& end, double seconds) {
  boost::json::object object{{"destination", arguments.destination}, {"seconds", seconds}};
  add_to(object, end);
  fmt::print("{}\n", boost::json::serialize(object));
}

int run_move(const MoveArguments& arguments) {
  Result<RetrieveCall> call = make_call(arguments, services::QueryService::Move);
  if (!call) {
    fmt::print(stderr, "pacs move: {}\n", call.error().message);
    return 2;
  }
  const auto started = std::chrono::steady_clock::now();
  RetrieveProgress progress{"moving", !arguments.quiet && !arguments.json && Progress::terminal()};
  bool interrupted = false;
  const auto on_progress = [&](const services::SubOperations& counts) {
    progress.counts(counts);
    return !interrupted;
  };
  const Perform perform = [&](network::Association& association,
                              const network::PresentationContext& context) {
    services::RetrieveRequest request{.identifier = std::move(call->identifier),
                                      .move_destination = arguments.destination};
    return services::move(association, context, std::move(request), on_progress);
  };
  const RetrieveEnd end = run_call(*call, perform, interrupted);
  progress.clear();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  arguments.json ? print_json(arguments, end, took.count())
                 : print_text(arguments, end, took.count());
  return succeeded(end) && total_of(end.result->counts) != 0 ? 0 : 1;
}

}  // namespace

void add_move(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("move", "Ask a DICOM peer to send objects to another one (C-MOVE)");
  command->footer(
      "Examples:\n"
      "  pacs move PACS@127.0.0.1:11112 --destination WORKSTATION -k StudyInstanceUID=1.2.3\n"
      "  pacs move 127.0.0.1 11112 -aec PACS -aem ARCHIVE2 -P -L PATIENT -k PatientID=12345\n"
      "The peer must know the destination: a [[remote_ae]] of its configuration, or of pacs's\n"
      "/api/remote-aes.\n"
      "Ctrl-C cancels (C-CANCEL); what has gone stays.\n"
      "Exit code: 0 all went, 1 something failed or nothing matched, 2 wrong usage.");
  auto arguments = std::make_shared<MoveArguments>();
  add_retrieve_options(*command, *arguments);
  command
      ->add_option("--aem,--destination", arguments->destination,
                   "AE title of the destination (also -aem)")
      ->required();
  command->callback([arguments, &exit_code] { exit_code = run_move(*arguments); });
}

}  // namespace pacs::apps
