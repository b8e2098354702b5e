// pacs worklist: adds orders to the worklist, lists and cancels its steps, and asks other systems
// for theirs.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "apps/commands/commands.h"
#include "apps/commands/worklist_door.h"
#include "apps/commands/worklist_query.h"
#include "apps/options/config_options.h"
#include "apps/options/query_options.h"
#include "apps/options/repeatable.h"
#include "apps/output/answer_output.h"
#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/model/dicom_json.h"
#include "services/worklist/worklist_folder.h"
#include "storage/worklist/worklist_order.h"
#include "web/api/json_array.h"
#include "web/api/worklist_filter.h"

namespace pacs::apps {

namespace {

using storage::NewWorklistItem;
using storage::StepId;
using Items = std::vector<NewWorklistItem>;

struct WorklistArguments {
  ConfigOptions config;
  std::string url;
  std::vector<std::string> files;  // add
  bool replace = false;            // add
  std::string status;              // list
  std::vector<std::string> keys;   // list
  AnswerForm form;                 // list
  std::string step, study;         // cancel
};

std::string in_words(const Error& error) {
  return error.kind == ErrorKind::InvalidArgument ? error.message : error.to_string();
}

int complain(std::string_view command, const Error& error) {
  fmt::print(stderr, "pacs worklist {}: {}\n", command, printable(in_words(error)));
  return 1;
}
/// The command line itself is wrong.
int refuse(std::string_view command, const Error& error) {
  (void)complain(command, error);
  return 2;
}

Result<std::unique_ptr<WorklistDoor>> open_door(const WorklistArguments& arguments,
                                                Missing missing) {
  const std::optional<Config> config = load_or_explain(arguments.config);
  if (!config) return fail(ErrorKind::InvalidArgument, "the configuration has problems");
  return open_worklist(*config, arguments.url, missing);
}

/// A file of DICOM JSON, one order or an array of them; nullopt for any other.
std::optional<Result<Items>> read_json_orders(const std::string& path) {
  PACS_TRY(const SharedBytes content, map_file(path));
  const std::string_view text = without_white_space(as_text(content.view));
  if (!text.starts_with('{') && !text.starts_with('[')) return std::nullopt;
  PACS_TRY(const auto orders, web::split_json_array(text));
  if (orders.empty()) {
    return fail(ErrorKind::InvalidArgument, fmt::format("there is no order in {}", path));
  }
  Items items;
  for (const std::string_view order : orders) {
    PACS_TRY(auto of_order, read_json(order).and_then([](const DataSet& data_set) {
      return storage::items_of_order(data_set);
    }));
    std::ranges::move(of_order, std::back_inserter(items));
  }
  return items;
}

Result<Items> read_orders(const std::string& path) {
  std::optional<Result<Items>> of_json = read_json_orders(path);
  Result<Items> items = of_json ? std::move(*of_json) : services::read_worklist_file(path);
  if (!items && items.error().where.empty()) items.error().where = path;
  return items;
}

void tell(const NewWorklistItem& item) {
  std::string line = fmt::format("{} {}", item.id.study_instance_uid,
                                 printable(item.id.scheduled_procedure_step_id));
  std::vector<std::string_view> made;
  for (const Tag tag : item.generated) made.push_back(lookup(tag)->keyword);
  if (!made.empty()) line += fmt::format("  (generated: {})", fmt::join(made, ", "));
  fmt::print("{}\n", line);
}

/// The error, after how many steps were taken and which were not.
Error with_counts(const WorklistPut& outcome, const Items& items) {
  if (items.size() == 1) return outcome.status.error();
  const std::size_t first = outcome.taken, behind = first + outcome.failed;
  std::string failed = fmt::format("steps {} to {}", first + 1, behind);
  if (outcome.failed == 1) {
    const StepId& id = items[first].id;
    failed = fmt::format("step {} ({} of study {})", first + 1, id.scheduled_procedure_step_id,
                         id.study_instance_uid);
  }
  return {ErrorKind::InvalidArgument,
          fmt::format("{} of {} steps were taken, not {}{}: {}", first, items.size(), failed,
                      behind < items.size() ? " and those after it" : "",
                      in_words(outcome.status.error()))};
}

int run_add(const WorklistArguments& arguments) {
  Items items;
  bool all_good = true;
  for (const std::string& path : arguments.files) {
    Result<Items> of_file = read_orders(path);
    if (!of_file) {
      all_good = complain("add", of_file.error()) == 0;
      continue;
    }
    std::ranges::move(*of_file, std::back_inserter(items));
  }
  if (!all_good) {
    fmt::print(stderr, "pacs worklist add: nothing was added\n");
    return 1;
  }
  auto door = open_door(arguments, Missing::Make);
  if (!door) return complain("add", door.error());
  const auto existing =
      arguments.replace ? WorklistDoor::Existing::Replace : WorklistDoor::Existing::Refuse;
  const WorklistPut outcome = (*door)->put(items, existing);
  for (const NewWorklistItem& item : std::span{items}.first(outcome.taken)) tell(item);
  return outcome.status ? 0 : complain("add", with_counts(outcome, items));
}

std::vector<KeyPath> list_columns() {
  std::vector<KeyPath> columns;
  for (const Tag tag :
       {tags::ScheduledProcedureStepStartDate, tags::ScheduledProcedureStepStartTime,
        tags::ScheduledProcedureStepStatus, tags::Modality, tags::ScheduledStationAETitle,
        tags::PatientName, tags::PatientID, tags::AccessionNumber, tags::ScheduledProcedureStepID,
        tags::StudyInstanceUID}) {
    columns.push_back(path_in_worklist({KeyStep{.tag = tag}}));
  }
  return columns;
}

/// Calls `each` with all items of the worklist that pass the filter.
template <typename Each>
Result<> for_each_item(WorklistDoor& door, const web::Fields& filter, Each each) {
  for (std::uint64_t offset = 0;; offset += web::kWorklistPageMax) {
    web::Fields parameters = filter;
    parameters.emplace_back("limit", std::to_string(web::kWorklistPageMax));
    parameters.emplace_back("offset", std::to_string(offset));
    PACS_TRY(const auto page, door.list(parameters));
    for (const DataSet& item : page) each(item);
    if (page.size() < web::kWorklistPageMax) return {};
  }
}

int run_list(const WorklistArguments& arguments) {
  if (auto keys = read_written_keys(arguments.keys, {}); !keys) return refuse("list", keys.error());
  web::Fields filter;
  if (!arguments.status.empty()) filter.emplace_back("status", arguments.status);
  for (const std::string& key : arguments.keys) {
    const std::size_t equals = key.find('=');
    if (equals == key.npos) {
      return refuse("list", {ErrorKind::InvalidArgument, "-k " + key + ": KEYWORD=VALUE"});
    }
    filter.emplace_back(key.substr(0, equals), key.substr(equals + 1));
  }
  if (auto read = web::read_worklist_filter(filter); !read) return refuse("list", read.error());
  auto door = open_door(arguments, Missing::Refuse);
  if (!door) return complain("list", door.error());
  const std::vector<KeyPath> columns = list_columns();
  AnswerOutput output{"pacs worklist list", arguments.form, columns};
  std::uint64_t count = 0;
  const Result<> listed = for_each_item(**door, filter, [&](const DataSet& item) {
    ++count;
    output.show(item);
  });
  output.finish();
  if (!listed) return complain("list", listed.error());
  if (!arguments.form.json && !arguments.form.csv) {
    fmt::print(stderr, "{} step{}\n", count, count == 1 ? "" : "s");
  }
  return 0;
}

int run_cancel(const WorklistArguments& arguments) {
  auto door = open_door(arguments, Missing::Refuse);
  if (!door) return complain("cancel", door.error());
  StepId id{arguments.study, arguments.step};
  if (id.study_instance_uid.empty()) {
    std::vector<std::string> studies;
    const web::Fields filter{{"ScheduledProcedureStepID", arguments.step}};
    const Result<> listed = for_each_item(**door, filter, [&](const DataSet& item) {
      const Sequence& steps = item.items(tags::ScheduledProcedureStepSequence);
      if (steps.empty()) return;
      if (steps.front().data_set.text(tags::ScheduledProcedureStepID, 0) != arguments.step) return;
      studies.emplace_back(item.text(tags::StudyInstanceUID));
    });
    if (!listed) return complain("cancel", listed.error());
    if (studies.size() != 1) {
      const std::string what =
          studies.empty() ? "the worklist has no step " + arguments.step
                          : fmt::format("several studies have a step {}: give --study, one of {}",
                                        arguments.step, fmt::join(studies, ", "));
      return complain("cancel", {ErrorKind::InvalidArgument, what});
    }
    id.study_instance_uid = studies.front();
  }
  if (Result<> canceled = (*door)->cancel(id); !canceled) {
    return complain("cancel", canceled.error());
  }
  return 0;
}

void add_door_options(CLI::App& command, WorklistArguments& arguments) {
  add_config_options(command, arguments.config);
  command.add_option("--url", arguments.url,
                     "HTTP address of a server (default: from the configuration)");
}

void add_add(CLI::App& worklist, const std::shared_ptr<WorklistArguments>& arguments,
             int& exit_code) {
  CLI::App* command = worklist.add_subcommand("add", "Take orders from files into the worklist");
  command->footer(
      "Files are DICOM (.wl files of wlmscpfs, with or without Part 10 header) or DICOM JSON (one\n"
      "object, or an array). Without a running server all steps are taken or none. Beside one "
      "they\n"
      "go in requests of 1000 steps or 512 KiB, each taken whole or not at all; with --replace "
      "one\n"
      "by one. It stops at the first refusal, and the message says how many steps were taken.\n"
      "Prints Study Instance UID and Scheduled Procedure Step ID of each step that was taken.\n"
      "Exit code: 0 all were taken, 1 otherwise, 2 wrong usage.");
  command->add_option("files", arguments->files, "orders")->required();
  command->add_flag("--replace", arguments->replace,
                    "replace steps that exist; otherwise they are an error");
  add_door_options(*command, *arguments);
  command->callback([arguments, &exit_code] { exit_code = run_add(*arguments); });
}

void add_list(CLI::App& worklist, const std::shared_ptr<WorklistArguments>& arguments,
              int& exit_code) {
  CLI::App* command = worklist.add_subcommand("list", "Show what is scheduled");
  command->add_option("--status", arguments->status,
                      "only these, separated by commas: SCHEDULED, STARTED ... (default: all)");
  repeatable(command->add_option("-k,--key", arguments->keys, "what must match; may be repeated"))
      ->type_name("KEYWORD=VALUE");
  add_form_options(*command, arguments->form);
  add_door_options(*command, *arguments);
  command->callback([arguments, &exit_code] { exit_code = run_list(*arguments); });
}

void add_cancel(CLI::App& worklist, const std::shared_ptr<WorklistArguments>& arguments,
                int& exit_code) {
  CLI::App* command = worklist.add_subcommand("cancel", "Cancel a step that has not begun");
  command->add_option("step", arguments->step, "its Scheduled Procedure Step ID")->required();
  command->add_option("--study", arguments->study,
                      "its Study Instance UID, when several studies have a step of that ID");
  add_door_options(*command, *arguments);
  command->callback([arguments, &exit_code] { exit_code = run_cancel(*arguments); });
}

}  // namespace

void add_worklist(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("worklist", "What modalities are scheduled to do");
  command->footer(
      "Examples:\n"
      "  pacs worklist add order.wl another.json --config pacs.toml\n"
      "  pacs worklist list --status SCHEDULED -k ScheduledStationAETitle=CT1\n"
      "  pacs worklist cancel SPS0017\n"
      "  pacs worklist query PACS@127.0.0.1:11112 -k Modality=CT\n"
      "add, list and cancel work on the archive of the configuration: through the HTTP port of "
      "the\n"
      "server that runs on it, or directly when none does. query asks any system (C-FIND).");
  command->require_subcommand(1);
  const auto arguments = std::make_shared<WorklistArguments>();
  add_add(*command, arguments, exit_code);
  add_list(*command, arguments, exit_code);
  add_cancel(*command, arguments, exit_code);
  add_worklist_query(*command, exit_code);
}

}  // namespace pacs::apps
