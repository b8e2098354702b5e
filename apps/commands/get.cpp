// pacs get: fetches objects from a DICOM peer into a folder (C-GET).

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "apps/commands/commands.h"
#include "apps/commands/retrieve_call.h"
#include "apps/options/repeatable.h"
#include "core/text.h"
#include "core/uids.h"
#include "services/retrieve/get_scu.h"

namespace pacs::apps {

namespace {

using services::IncomingObject;

struct GetArguments : RetrieveArguments {
  std::string output;  ///< empty: a folder of its own, made when something comes
  std::vector<std::string> sop_classes, transfer_syntaxes;
};

struct FailedObject {
  std::string sop_instance_uid, reason;
};

/// What has arrived.
struct Received {
  std::uint64_t objects = 0, bytes = 0;
  std::vector<FailedObject> refused;  ///< those that could not be kept
};

Result<std::vector<network::PresentationContextProposal>> contexts_of(
    const GetArguments& arguments) {
  if (arguments.sop_classes.empty() && arguments.transfer_syntaxes.empty()) {
    return services::usual_receiving_contexts();
  }
  std::vector<std::string> syntaxes = arguments.transfer_syntaxes;
  if (syntaxes.empty()) {
    syntaxes = {std::string{uids::ExplicitVRLittleEndian},
                std::string{uids::ImplicitVRLittleEndian}};
  }
  std::vector<std::string> classes = arguments.sop_classes;
  if (classes.empty()) {
    for (const auto& usual : services::usual_receiving_contexts()) {
      if (classes.empty() || classes.back() != usual.abstract_syntax) {
        classes.push_back(usual.abstract_syntax);
      }
    }
    const std::size_t each =
        services::receiving_contexts(std::span{classes}.first(1), syntaxes).size();
    classes.resize(std::min(
        classes.size(), (network::kPresentationContextsMax - 1) / std::max<std::size_t>(each, 1)));
  }
  auto contexts = services::receiving_contexts(classes, syntaxes);
  if (contexts.size() >= network::kPresentationContextsMax) {
    return fail(
        ErrorKind::InvalidArgument,
        fmt::format("{} SOP classes in these transfer syntaxes are {} presentation contexts; "
                    "an association has {} besides the one for C-GET",
                    classes.size(), contexts.size(), network::kPresentationContextsMax - 1));
  }
  return contexts;
}

Result<> make_folder(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (!failed) return {};
  return fail(ErrorKind::InvalidArgument, folder.string() + ": " + failed.message());
}

Result<RetrieveCall> make_get_call(const GetArguments& arguments) {
  Result<RetrieveCall> call = make_call(arguments, services::QueryService::Get);
  if (!call) return call;
  PACS_TRY(const auto contexts, contexts_of(arguments));
  services::propose_to_receive(call->peer, contexts);
  call->peer.user.operations_window = {1, 16};  // used only as far as the peer grants it
  if (!arguments.output.empty()) {
    PACS_TRY(make_folder(arguments.output));
  }
  return call;
}

/// Where files go when nobody said. DCMTK's getscu fills the current folder; here that takes
/// `-o .`, for a study is hundreds of files that nobody finds out of their own again.
std::filesystem::path own_folder() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  const std::string name = fmt::format("received-{:%Y%m%d-%H%M%S}", local);
  std::filesystem::path folder = name;
  std::error_code ignored;
  for (int number = 2; std::filesystem::exists(folder, ignored); ++number) {
    folder = fmt::format("{}-{}", name, number);
  }
  return folder;
}

services::OpenSink sink_into(const std::filesystem::path& folder) {
  return [folder, open = services::folder_sink(folder)](
             const IncomingObject& object) -> Result<std::unique_ptr<services::ObjectSink>> {
    PACS_TRY(make_folder(folder));
    return open(object);
  };
}

void print_json(const std::string& folder, const Received& received, const RetrieveEnd& end,
                double seconds) {
  boost::json::array refused;
  for (const FailedObject& object : received.refused) {
    refused.push_back(boost::json::object{{"sop_instance_uid", object.sop_instance_uid},
                                          {"reason", object.reason}});
  }
  boost::json::object object{{"folder", folder},
                             {"received", received.objects},
                             {"bytes", received.bytes},
                             {"seconds", seconds},
                             {"refused", std::move(refused)}};
  add_to(object, end);
  fmt::print("{}\n", boost::json::serialize(object));
}

void print_text(const GetArguments& arguments, const std::string& folder, const Received& received,
                const RetrieveEnd& end, double seconds) {
  for (const FailedObject& object : received.refused) {
    fmt::print(stderr, "not kept: {}: {}\n", printable(object.sop_instance_uid),
               printable(object.reason));
  }
  explain("get", end);
  if (arguments.quiet) return;
  fmt::print("received {} object{}, {} in {:.2f} s ({}/s) into {}\n", received.objects,
             received.objects == 1 ? "" : "s", human_bytes(static_cast<double>(received.bytes)),
             seconds, human_bytes(static_cast<double>(received.bytes) / std::max(seconds, 1e-6)),
             folder);
}

int run_get(const GetArguments& arguments) {
  Result<RetrieveCall> call = make_get_call(arguments);
  if (!call) {
    fmt::print(stderr, "pacs get: {}\n", call.error().message);
    return 2;
  }
  const auto started = std::chrono::steady_clock::now();
  const std::filesystem::path output =
      arguments.output.empty() ? own_folder() : std::filesystem::path(arguments.output);
  std::error_code ignored;
  const std::string folder =
      std::filesystem::weakly_canonical(std::filesystem::absolute(output), ignored).string();
  if (!arguments.quiet && !arguments.json) {
    fmt::print(stderr, "files go to {}\n", printable(folder));
  }
  RetrieveProgress progress{"receiving",
                            !arguments.quiet && !arguments.json && Progress::terminal()};
  Received received;
  bool interrupted = false;
  const auto on_object = [&](const IncomingObject& object, std::uint64_t bytes,
                             const Result<>& kept) {
    if (kept) {
      ++received.objects;
      received.bytes += bytes;
      progress.object(bytes);
    } else {
      received.refused.push_back({object.sop_instance_uid, kept.error().to_string()});
    }
    return !interrupted;
  };
  const auto on_progress = [&](const services::SubOperations& counts) {
    progress.counts(counts);
    return !interrupted;
  };
  const Perform perform = [&](network::Association& association,
                              const network::PresentationContext& context) {
    services::RetrieveRequest request{.identifier = std::move(call->identifier)};
    services::GetHooks hooks{
        .open = sink_into(output), .on_object = on_object, .on_progress = on_progress};
    return services::get(association, context, std::move(request), std::move(hooks));
  };
  const RetrieveEnd end = run_call(*call, perform, interrupted);
  progress.clear();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  arguments.json ? print_json(folder, received, end, took.count())
                 : print_text(arguments, folder, received, end, took.count());
  return succeeded(end) && received.refused.empty() && received.objects != 0 ? 0 : 1;
}

}  // namespace

void add_get(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("get", "Fetch objects from a DICOM peer into a folder (C-GET)");
  command->footer(
      "Examples:\n"
      "  pacs get PACS@127.0.0.1:11112 -k StudyInstanceUID=1.2.3 --output study\n"
      "  pacs get 127.0.0.1 11112 -aec PACS -L SERIES -k StudyInstanceUID=1.2.3 \\\n"
      "           -k SeriesInstanceUID=1.2.3.4 --output series --json\n"
      "  pacs get PACS@127.0.0.1:11112 -k StudyInstanceUID='1.2.3\\1.2.4' --output both\n"
      "Files are named after their SOP Instance UID and kept in the transfer syntax they came "
      "in.\n"
      "Without --output they go to a new folder, received-DATE-TIME; `-o .` fills the current one, "
      "as\n"
      "DCMTK's getscu does. No file is overwritten: another object of the same UID becomes "
      "UID.2.dcm.\n"
      "The peer sends what fits the presentation contexts that we propose: the usual SOP classes\n"
      "uncompressed, those of most images also in the usual compressed transfer syntaxes. Name\n"
      "others with --sop-class and --transfer-syntax.\n"
      "Ctrl-C cancels (C-CANCEL); what has come stays.\n"
      "Exit code: 0 all came, 1 something failed or nothing matched, 2 wrong usage.");
  auto arguments = std::make_shared<GetArguments>();
  add_retrieve_options(*command, *arguments);
  command->add_option("-o,--output", arguments->output,
                      "folder for the files, created if needed (default: a new one)");
  repeatable(command->add_option("--sop-class", arguments->sop_classes,
                                 "UID of a SOP class to take (default: the usual ones); may be "
                                 "repeated"))
      ->type_name("UID");
  repeatable(command->add_option("--transfer-syntax", arguments->transfer_syntaxes,
                                 "UID of a transfer syntax to take; may be repeated"))
      ->type_name("UID");
  command->callback([arguments, &exit_code] { exit_code = run_get(*arguments); });
}

}  // namespace pacs::apps
