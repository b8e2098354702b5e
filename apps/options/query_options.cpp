#include "apps/options/query_options.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "apps/options/key_file.h"
#include "apps/options/query_key.h"
#include "apps/options/repeatable.h"
#include "core/dicom_tags.h"
#include "storage/worklist/worklist_order.h"

namespace pacs::apps {

namespace {

using storage::QueryModel;

struct ModelName {
  std::string_view name;
  QueryModel model;
};
constexpr std::array kModels{ModelName{"patient", QueryModel::PatientRoot},
                             ModelName{"study", QueryModel::StudyRoot},
                             ModelName{"patient-study", QueryModel::PatientStudyOnly}};

/// The keys of the file and the command line, ready to send; `place` may move each.
Result<DataSet> read_all_keys(const QueryOptions& options, KeyPath (*place)(KeyPath)) {
  PACS_TRY(WrittenKeys written, read_written_keys(options.keys, options.character_set, place));
  DataSet keys;
  if (!options.file.empty()) {
    Result<DataSet> read = read_key_file(options.file);
    if (!read) return read;
    keys = std::move(*read);
  }
  for (const QueryKeyText& key : written.keys) {
    PACS_TRY(put_key(keys, key));
  }
  return encode_keys(std::move(keys), written.character_set);
}

}  // namespace

void add_key_options(CLI::App& command, QueryOptions& options) {
  repeatable(
      command.add_option("-k,--key", options.keys, "a key; may be repeated, with other elements"))
      ->type_name("KEYWORD[=VALUE]");
  command.add_option("--keys-from", options.file, "a DICOM or DICOM JSON file of keys")
      ->type_name("FILE");
  command.add_option("--character-set", options.character_set,
                     "Specific Character Set to send text in (default ISO_IR 192: UTF-8); the same "
                     "as -k SpecificCharacterSet=...");
}

void add_query_options(CLI::App& command, QueryOptions& options) {
  command.add_option("-L,--level", options.level,
                     "PATIENT, STUDY, SERIES or IMAGE (default STUDY)");
  command
      .add_option("--model", options.model,
                  "information model: patient, study or patient-study (root)")
      ->capture_default_str()
      ->check(CLI::IsMember({"patient", "study", "patient-study"}));
  command.add_flag_callback(
      "-P,--patient", [&options] { options.model = "patient"; }, "--model patient");
  command.add_flag_callback(
      "-S,--study", [&options] { options.model = "study"; }, "--model study");
  command.add_flag_callback(
      "-O,--psonly", [&options] { options.model = "patient-study"; },
      "--model patient-study (retired)");
  add_key_options(command, options);
  command.add_flag("--relational", options.relational,
                   "negotiate keys of any level, without the unique keys above it");
}

storage::QueryModel model_of(const QueryOptions& options) {
  const auto* found = std::ranges::find(kModels, options.model, &ModelName::name);
  return found == kModels.end() ? QueryModel::StudyRoot : found->model;
}

Result<DataSet> make_identifier(const QueryOptions& options) {
  Result<DataSet> keys = read_all_keys(options, as_written);
  if (!keys) return keys;
  std::string level = options.level;
  if (level.empty()) level = keys->text(tags::QueryRetrieveLevel);
  if (level.empty()) level = "STUDY";
  std::ranges::transform(level, level.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  if (level == "INSTANCE") level = "IMAGE";
  if (!storage::parse_query_level(level)) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("\"{}\" is not a level: PATIENT, STUDY, SERIES or IMAGE", level));
  }
  keys->set_text(tags::QueryRetrieveLevel, level);
  return keys;
}

Result<DataSet> make_worklist_identifier(const QueryOptions& options) {
  return read_all_keys(options, path_in_worklist);
}

KeyPath path_in_worklist(KeyPath path) {
  if (!path.empty() && storage::is_of_step(path.front().tag)) {
    path.insert(path.begin(),
                KeyStep{.tag = tags::ScheduledProcedureStepSequence, .into_item = true});
  }
  return path;
}

}  // namespace pacs::apps
