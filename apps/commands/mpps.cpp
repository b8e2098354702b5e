// pacs mpps: reports a performed procedure step to a peer as a modality does (N-CREATE, N-SET), and
// shows what was reported (N-GET). For testing other systems.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "apps/commands/commands.h"
#include "apps/options/file_walk.h"
#include "apps/options/key_file.h"
#include "apps/options/peer_options.h"
#include "apps/options/query_key.h"
#include "apps/options/repeatable.h"
#include "core/dicom_print.h"
#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/model/dicom_json.h"
#include "network/dimse/status.h"
#include "services/mpps/mpps_object.h"
#include "services/mpps/mpps_scu.h"
#include "web/api/json_array.h"

namespace pacs::apps {

namespace {

using services::MppsReply;

struct MppsOptions {
  PeerOptions peer;
  std::vector<std::string> arguments;
  std::vector<std::string> keys;
  std::string uid, worklist, character_set;
  std::string status;
  std::vector<std::string> instances;
  bool raw = false, json = false;
};

/// Refuses wrong arguments.
int refuse(const Error& error) {
  const bool usage = error.kind == ErrorKind::InvalidArgument;
  fmt::print(stderr, "pacs mpps: {}\n", printable(usage ? error.message : error.to_string()));
  return 2;
}

services::StepMoment now(const std::string& station) {
  const std::time_t time = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&time, &local);
  services::StepMoment moment;
  moment.station_ae_title = station;
  moment.date = {static_cast<std::int16_t>(local.tm_year + 1900),
                 static_cast<std::uint8_t>(local.tm_mon + 1),
                 static_cast<std::uint8_t>(local.tm_mday)};
  moment.time = {static_cast<std::uint8_t>(local.tm_hour), static_cast<std::uint8_t>(local.tm_min),
                 static_cast<std::uint8_t>(local.tm_sec), 0, Precision::Second};
  return moment;
}

Result<DataSet> with_keys(DataSet step, const MppsOptions& options) {
  PACS_TRY(WrittenKeys written, read_written_keys(options.keys, options.character_set));
  for (const QueryKeyText& key : written.keys) {
    PACS_TRY(put_key(step, key));
  }
  return encode_keys(std::move(step), written.character_set);
}

/// How many worklist items JSON holds, in an array or one a line; 1 when it is not JSON.
std::size_t count_items(std::string_view text) {
  if (text.starts_with('[')) {
    const auto items = web::split_json_array(text);
    return items ? items->size() : 1;
  }
  std::size_t items = 1;
  if (!text.starts_with('{')) return items;
  for (std::size_t at = text.find("\n{"); at != text.npos; at = text.find("\n{", at + 1)) ++items;
  return items;
}

/// The one worklist item of a file.
Result<DataSet> read_worklist_item(const std::string& path) {
  PACS_TRY(const SharedBytes content, map_file(path));
  if (const std::size_t items = count_items(as_text(content.view)); items > 1) {
    return fail(Error{ErrorKind::InvalidArgument,
                      fmt::format("{} has {} worklist items: keep the one that is performed, or "
                                  "ask for it alone with `pacs worklist query ... -k "
                                  "ScheduledProcedureStepID=ID --json`",
                                  path, items)});
  }
  return read_key_file(path);
}

Result<DataSet> attributes_of_create(const MppsOptions& options) {
  DataSet item;
  if (!options.worklist.empty()) {
    Result<DataSet> read = read_worklist_item(options.worklist);
    if (!read) return read;
    item = std::move(*read);
  }
  if (options.raw) return with_keys({}, options);
  return with_keys(services::begin_step(item, now(options.peer.calling_ae)), options);
}

Result<> add_files(services::PerformedSeriesList& made, const std::vector<std::string>& paths) {
  FileWalk walk({paths.begin(), paths.end()});
  while (const auto path = walk.next()) {
    Result<DicomFile> file = read_file(*path, {.limits = {}, .stop_before = kPixelData});
    if (!file) return fail(std::move(file.error()).in(path->native()));
    if (Result<> added = made.add(to_utf8(file->data_set)); !added) {
      return fail(std::move(added.error()).in(path->native()));
    }
  }
  if (!walk.problems().empty()) {
    return fail(ErrorKind::InvalidArgument, walk.problems().front().to_string());
  }
  if (!paths.empty() && made.items().empty()) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("there is no instance in {}", fmt::join(paths, ", ")));
  }
  return {};
}

Result<DataSet> modifications_of_set(const MppsOptions& options) {
  std::string status = options.status;
  std::ranges::transform(status, status.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '_' ? ' ' : c;
  });
  services::PerformedSeriesList made;
  PACS_TRY(add_files(made, options.instances));
  DataSet end = services::end_step(status, now({}), made);
  if (status != "COMPLETED" && status != "DISCONTINUED") {  // it has not ended
    end.erase(tags::PerformedProcedureStepEndDate);
    end.erase(tags::PerformedProcedureStepEndTime);
  }
  if (status.empty()) end.erase(tags::PerformedProcedureStepStatus);
  if (options.raw) end = DataSet{};
  if (end.empty() && options.keys.empty()) {
    return fail(ErrorKind::InvalidArgument,
                "there is nothing to set: give --status, --instances or -k");
  }
  return with_keys(std::move(end), options);
}

/// Sets a step. A step that ends before its first instance needs a series all the same
/// (PS3.4 Table F.7.2-1).
services::Task<Result<MppsReply>> set_or_end_empty(network::Association& association,
                                                   const std::string& uid,
                                                   const DataSet& modifications) {
  Result<MppsReply> reply = co_await services::set_step(association, uid, modifications);
  // Only the peer knows whether series were reported before, and their items must not be replaced.
  const bool lacks = reply && (reply->status == network::status::kMissingAttribute ||
                               reply->status == network::status::kMissingAttributeValue);
  const bool discontinues =
      modifications.text(tags::PerformedProcedureStepStatus) == "DISCONTINUED";
  if (!lacks || !discontinues || modifications.contains(tags::PerformedSeriesSequence)) {
    co_return reply;
  }
  services::PerformedSeriesList none;
  none.add_without_objects();
  DataSet with_series = modifications;
  with_series.set_items(tags::PerformedSeriesSequence, none.items());
  Result<MppsReply> second = co_await services::set_step(association, uid, with_series);
  co_return second;
}

using Ask = std::function<services::Task<Result<MppsReply>>(network::Association&)>;

network::Task<void> talk(network::RequestOptions request, Ask ask, Result<MppsReply>& outcome) {
  Result<std::shared_ptr<network::Association>> opened =
      co_await network::request_association(std::move(request), {});
  if (!opened) {
    outcome = fail(std::move(opened.error()));
    co_return;
  }
  network::Association& association = **opened;
  Result<MppsReply> reply = co_await ask(association);
  outcome = std::move(reply);
  if (outcome || outcome.error().kind == ErrorKind::Rejected) co_await association.release();
}

std::string described(const MppsReply& reply) {
  std::string text = fmt::format("the peer answered status {:04X}", reply.status);
  if (!reply.error_comment.empty()) text += ": " + printable(reply.error_comment);
  if (reply.error_id) text += fmt::format(", Error ID {:04X}", *reply.error_id);
  auto elements = reply.attribute_identifiers;
  if (elements.empty()) elements = reply.offending_elements;
  for (const Tag tag : elements) {
    text += ' ';
    text += to_string(KeyPath{{.tag = tag}});
  }
  return text;
}

void print_json(const MppsReply& reply) {
  boost::json::object object{{"ok", reply.status == 0},
                             {"status", fmt::format("{:04X}", reply.status)},
                             {"sop_instance_uid", reply.sop_instance_uid}};
  if (!reply.error_comment.empty()) object["error_comment"] = reply.error_comment;
  boost::json::array elements;
  for (const Tag tag : reply.attribute_identifiers) elements.emplace_back(tag.to_string());
  if (!elements.empty()) object["attribute_identifiers"] = std::move(elements);
  std::string text;
  if (!reply.data_set.empty() && write_json(reply.data_set, text)) {
    object["attributes"] = boost::json::parse(text);
  }
  fmt::print("{}\n", boost::json::serialize(object));
}

void print_attributes(const DataSet& attributes) {
  const PrintOptions options{.decoder_for = [](std::string_view character_set) -> TextDecoder {
    return [set = CharacterSet{character_set}](std::string_view stored, VR vr) {
      return set.to_utf8(stored, vr);
    };
  }};
  fmt::print("{}", print(attributes, options));
}

/// Opens the association, runs `ask`, and reports its outcome. `show` is called on success.
int run(const MppsOptions& options, network::RequestOptions peer, Ask ask,
        const std::function<void(const MppsReply&)>& show) {
  Result<MppsReply> outcome = fail(ErrorKind::Internal, "nothing was asked");
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, talk(std::move(peer), std::move(ask), outcome), boost::asio::detached);
  io.run();
  if (!outcome) {
    fmt::print(stderr, "pacs mpps: {}\n", printable(outcome.error().to_string()));
    return 1;
  }
  const auto kind = network::status_class(outcome->status);
  const bool done = kind == network::StatusClass::Success || kind == network::StatusClass::Warning;
  if (options.json) {
    print_json(*outcome);
  } else if (done) {
    show(*outcome);
  }
  if (outcome->status != 0) fmt::print(stderr, "pacs mpps: {}\n", described(*outcome));
  return done ? 0 : 1;
}

/// The peer, and the UID behind it on the command line.
Result<network::RequestOptions> peer_and_uid(MppsOptions& options, bool uid_required) {
  Result<network::RequestOptions> peer = take_peer(options.arguments, options.peer);
  if (!peer) return peer;
  if (!options.arguments.empty()) {
    options.uid = options.arguments.front();
    options.arguments.erase(options.arguments.begin());
  }
  if (!options.arguments.empty()) {
    return fail(ErrorKind::InvalidArgument, "too many arguments: " + options.arguments.front());
  }
  if (uid_required && options.uid.empty()) {
    return fail(ErrorKind::InvalidArgument, "the SOP Instance UID of the step is missing");
  }
  return peer;
}

int run_create(MppsOptions options) {
  Result<network::RequestOptions> peer = peer_and_uid(options, false);
  if (!peer) return refuse(peer.error());
  const Result<DataSet> attributes = attributes_of_create(options);
  if (!attributes) return refuse(attributes.error());
  peer->contexts = {services::mpps_context()};
  return run(
      options, std::move(*peer),
      [&](network::Association& association) {
        return services::create_step(association, options.uid, *attributes);
      },
      [&](const MppsReply& reply) {
        fmt::print("{}\n", reply.sop_instance_uid.empty() ? options.uid : reply.sop_instance_uid);
      });
}

int run_set(MppsOptions options) {
  Result<network::RequestOptions> peer = peer_and_uid(options, true);
  if (!peer) return refuse(peer.error());
  const Result<DataSet> modifications = modifications_of_set(options);
  if (!modifications) return refuse(modifications.error());
  peer->contexts = {services::mpps_context()};
  return run(
      options, std::move(*peer),
      [&](network::Association& association) {
        return options.raw ? services::set_step(association, options.uid, *modifications)
                           : set_or_end_empty(association, options.uid, *modifications);
      },
      [](const MppsReply&) {});
}

int run_get(MppsOptions options) {
  Result<network::RequestOptions> peer = peer_and_uid(options, true);
  if (!peer) return refuse(peer.error());
  std::vector<Tag> wanted;
  for (const std::string& text : options.keys) {
    const Result<QueryKeyText> key = parse_query_key(text);
    if (!key) return refuse(key.error());
    if (key->path.size() != 1 || key->has_value) {
      return refuse({ErrorKind::InvalidArgument,
                     fmt::format("-k {}: name whole attributes (PS3.4 F.8.2.1.2)", text)});
    }
    wanted.push_back(key->path.front().tag);
  }
  peer->contexts = {services::mpps_retrieve_context()};
  return run(
      options, std::move(*peer),
      [&](network::Association& association) {
        return services::get_step(association, options.uid, wanted);
      },
      [](const MppsReply& reply) { print_attributes(reply.data_set); });
}

void add_common(CLI::App& command, MppsOptions& options, const char* keys) {
  repeatable(command.add_option("-k,--key", options.keys, keys))->type_name("KEYWORD[=VALUE]");
  command.add_flag("--json", options.json, "print one JSON object");
  add_peer_options(command, options.peer);
}
void add_attributes(CLI::App& command, MppsOptions& options) {
  add_common(command, options, "an attribute, in place of the generated one; may be repeated");
  command.add_flag("--raw", options.raw, "send what -k says and nothing else");
  command.add_option("--character-set", options.character_set,
                     "Specific Character Set to send text in (default ISO_IR 192: UTF-8)");
}

void add_mpps_create(CLI::App& mpps, int& exit_code) {
  CLI::App* command =
      mpps.add_subcommand("create", "Report that a step has begun (N-CREATE); prints its UID");
  command->footer(
      "Examples:\n"
      "  pacs mpps create PACS@127.0.0.1:11112 --from-worklist item.wl -aet SCANNER\n"
      "  pacs mpps create 127.0.0.1 11112 -k PatientID=4711 -k 'PatientName=DOE^JANE' -k "
      "Modality=MR\n"
      "  pacs mpps create 127.0.0.1 11112 1.2.3 --raw -k PerformedProcedureStepStatus=COMPLETED\n"
      "The last is refused: a step begins IN PROGRESS.\n"
      "Exit code: 0 the step was created, 1 otherwise, 2 wrong usage.");
  auto options = std::make_shared<MppsOptions>();
  command
      ->add_option("peer", options->arguments,
                   "HOST PORT or AE@HOST:PORT, then the SOP Instance UID (else the peer gives one)")
      ->required();
  command
      ->add_option("--from-worklist", options->worklist,
                   "the worklist item that is performed: a DICOM or DICOM JSON file")
      ->type_name("FILE");
  add_attributes(*command, *options);
  command->callback([options, &exit_code] { exit_code = run_create(*options); });
}

void add_mpps_set(CLI::App& mpps, int& exit_code) {
  CLI::App* command =
      mpps.add_subcommand("set", "Report what was made, or that a step has ended (N-SET)");
  command->footer(
      "Examples:\n"
      "  pacs mpps set PACS@127.0.0.1:11112 1.2.3 --status completed --instances study/\n"
      "  pacs mpps set PACS@127.0.0.1:11112 1.2.4 --status discontinued \\\n"
      "      -k PerformedProcedureStepDiscontinuationReasonCodeSequence.CodeValue=110513 \\\n"
      "      -k PerformedProcedureStepDiscontinuationReasonCodeSequence.CodingSchemeDesignator=DCM "
      "\\\n"
      "      -k 'PerformedProcedureStepDiscontinuationReasonCodeSequence.CodeMeaning=Discontinued "
      "for unspecified reason'\n"
      "A step that is discontinued before its first instance gets a series without instances, if "
      "the\n"
      "peer requires one.\n"
      "Exit code: 0 the step was changed, 1 otherwise, 2 wrong usage.");
  auto options = std::make_shared<MppsOptions>();
  command
      ->add_option("peer", options->arguments,
                   "HOST PORT or AE@HOST:PORT, then the SOP Instance UID of the step")
      ->required();
  command
      ->add_option("--status", options->status,
                   "in_progress, completed or discontinued (default: unchanged)")
      ->check(CLI::IsMember({"in_progress", "completed", "discontinued"}, CLI::ignore_case,
                            CLI::ignore_underscore, CLI::ignore_space));
  repeatable(command->add_option(
                 "--instances", options->instances,
                 "a file or folder of instances that were made (Performed Series Sequence); "
                 "may be repeated"))
      ->type_name("PATH");
  add_attributes(*command, *options);
  command->callback([options, &exit_code] { exit_code = run_set(*options); });
}

void add_mpps_get(CLI::App& mpps, int& exit_code) {
  CLI::App* command = mpps.add_subcommand("get", "Show what was reported about a step (N-GET)");
  command->footer(
      "Examples:\n"
      "  pacs mpps get PACS@127.0.0.1:11112 1.2.3\n"
      "  pacs mpps get PACS@127.0.0.1:11112 1.2.3 -k PerformedProcedureStepStatus --json\n"
      "Exit code: 0 the step was shown, 1 otherwise, 2 wrong usage.");
  auto options = std::make_shared<MppsOptions>();
  command
      ->add_option("peer", options->arguments,
                   "HOST PORT or AE@HOST:PORT, then the SOP Instance UID of the step")
      ->required();
  add_common(*command, *options, "an attribute to show (default: all); may be repeated");
  command->callback([options, &exit_code] { exit_code = run_get(*options); });
}

}  // namespace

void add_mpps(CLI::App& app, int& exit_code) {
  CLI::App* mpps = app.add_subcommand(
      "mpps", "Report a performed procedure step to a DICOM peer as a modality does");
  mpps->require_subcommand(1);
  mpps->footer(
      "Examples:\n"
      "  pacs mpps create PACS@127.0.0.1:11112 1.2.3 --from-worklist item.json -aet CT1\n"
      "  pacs mpps set PACS@127.0.0.1:11112 1.2.3 --status completed --instances study/\n"
      "  pacs mpps get PACS@127.0.0.1:11112 1.2.3\n"
      "See also `pacs mpps create --help` and so on.");
  add_mpps_create(*mpps, exit_code);
  add_mpps_set(*mpps, exit_code);
  add_mpps_get(*mpps, exit_code);
}

}  // namespace pacs::apps
