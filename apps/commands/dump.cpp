// pacs dump: shows what DICOM files hold, as dcmdump prints it or in the DICOM JSON model.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apps/commands/commands.h"
#include "apps/commands/readable_part.h"
#include "apps/options/file_walk.h"
#include "apps/options/repeatable.h"
#include "core/dicom_dictionary.h"
#include "core/dicom_print.h"
#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/model/dicom_json.h"

namespace pacs::apps {
namespace {

struct DumpOptions {
  std::vector<std::string> paths;
  std::vector<std::string> tags;  ///< --tag
  bool json = false;
  bool pretty = false;
  bool meta = false;
  bool whole_values = false;
  bool no_pixels = false;
  bool no_uid_names = false;
};

void write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

TextDecoder decoder_for(std::string_view specific_character_set) {
  return [set = CharacterSet{specific_character_set}](std::string_view stored, VR vr) {
    return set.to_utf8(stored, vr);
  };
}

class Dump {
 public:
  Dump(const DumpOptions& options, std::vector<Tag> tags, bool several)
      : options_(options), tags_(std::move(tags)), several_(several) {}

  /// False when the file could not be read whole.
  bool file(const std::filesystem::path& path);

 private:
  void text(const std::filesystem::path& path, DicomFile& file, Departures departures);
  bool json(const std::filesystem::path& path, DicomFile& file);
  void wanted(const DataSet& from, std::string_view character_set);
  [[nodiscard]] bool is_wanted(const Element& element) const {
    return std::ranges::find(tags_, element.tag()) != tags_.end();
  }
  [[nodiscard]] PrintOptions print_options(std::string_view character_set) const;

  const DumpOptions& options_;
  std::vector<Tag> tags_;
  bool several_;
};

bool Dump::file(const std::filesystem::path& path) {
  auto part = read_readable_part(path);
  if (!part) {
    fmt::print(stderr, "pacs dump: {}\n", part.error().to_string());
    return false;
  }
  DicomFile& file = part->file;
  if (options_.no_pixels) {
    for (const Tag tag : {tags::PixelData, tags::FloatPixelData, tags::DoubleFloatPixelData}) {
      file.data_set.erase(tag);
    }
  }
  // A script that reads JSON must not take a part for the whole; a person may look at the part.
  if (options_.json) {
    if (!part->error && !json(path, file)) return false;
  } else {
    text(path, file, part->departures);
  }
  if (part->error) {
    std::fflush(stdout);
    fmt::print(stderr, "pacs dump: {}\n", part->error->to_string());
  }
  return !part->error;
}

PrintOptions Dump::print_options(std::string_view character_set) const {
  PrintOptions options;
  options.value_columns_max = options_.whole_values ? 0 : 64;
  options.uid_names = !options_.no_uid_names;
  options.decoder_for = [fallback = std::string{character_set}](std::string_view own) {
    return decoder_for(own.empty() ? std::string_view{fallback} : own);
  };
  return options;
}

void print_line(std::string_view line) {
  write(line);
  write("\n");
}

/// Prints the elements that were asked for, wherever in the tree they are.
void Dump::wanted(const DataSet& from, std::string_view character_set) {
  if (from.contains(tags::SpecificCharacterSet)) {
    character_set = from.text(tags::SpecificCharacterSet);
  }
  for (const Element& element : from) {
    if (is_wanted(element)) {
      DataSet one;
      one.push_back(element);
      print(one, print_line, print_options(character_set));
    }
    for (const Item& item : element.items()) wanted(item.data_set, character_set);
  }
}

void Dump::text(const std::filesystem::path& path, DicomFile& file, Departures departures) {
  if (several_) write(fmt::format("# {}\n", printable(path.string())));
  if (!tags_.empty()) {
    wanted(file.header.meta, "");
    wanted(file.data_set, "");
    return;
  }
  const PrintOptions options = print_options("");
  if (!file.header.meta.empty()) {
    write("# File Meta Information\n");
    print(file.header.meta, print_line, options);
    write("\n");
  }
  const TransferSyntax& syntax = *file.header.syntax;
  write(fmt::format(
      "# Data Set, {}{}{}\n", syntax.name,
      departures.empty() ? "" : "; departs from the standard: ", departures.to_string()));
  print(file.data_set, print_line, options);
  if (several_) write("\n");
}

bool Dump::json(const std::filesystem::path& path, DicomFile& file) {
  DataSet chosen;
  if (options_.meta) {
    for (const Element& element : file.header.meta) chosen.adopt(element);
  }
  for (const Element& element : file.data_set) chosen.push_back(element);
  if (!tags_.empty()) {
    // Text is decoded by Specific Character Set, so that one stays.
    DataSet kept;
    for (const Element& element : chosen) {
      if (is_wanted(element) || element.tag() == tags::SpecificCharacterSet)
        kept.push_back(element);
    }
    chosen = std::move(kept);
  }
  std::string text;
  if (Result<> status =
          write_json(chosen, text, {.pretty = options_.pretty, .file_meta = options_.meta});
      !status) {
    fmt::print(stderr, "pacs dump: {}\n", std::move(status.error()).in(path.string()).to_string());
    return false;
  }
  write(text);
  if (!text.ends_with('\n')) write("\n");
  return true;
}

int run_dump(const DumpOptions& options) {
  std::vector<Tag> tags;
  for (const std::string& text : options.tags) {
    const auto tag = parse_tag_or_keyword(text);
    if (!tag) {
      const auto nearest = nearest_keywords(text, 1);
      fmt::print(stderr, "pacs dump: \"{}\" is neither a tag nor a keyword{}\n", text,
                 nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest.front()));
      return 2;
    }
    tags.push_back(*tag);
  }
  std::error_code ignored;
  const bool several =
      options.paths.size() > 1 || std::filesystem::is_directory(options.paths.front(), ignored);
  Dump dump{options, std::move(tags), several};
  FileWalk walk{{options.paths.begin(), options.paths.end()}};
  bool all = true;
  bool none = true;
  while (const auto path = walk.next()) {
    none = false;
    all = dump.file(*path) && all;
  }
  if (none && walk.problems().empty()) {
    fmt::print(stderr, "pacs dump: there is no file in {}\n",
               printable(fmt::format("{}", fmt::join(options.paths, ", "))));
    all = false;
  }
  for (const NoFile& problem : walk.problems()) {
    fmt::print(stderr, "pacs dump: {}\n", problem.to_string());
    all = false;
  }
  return all ? 0 : 1;
}

}  // namespace

void add_dump(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("dump", "Show what DICOM files hold");
  command->footer(
      "Examples:\n"
      "  pacs dump image.dcm\n"
      "  pacs dump --tag PatientName --tag 0008,0060 study/\n"
      "  pacs dump --full report.dcm | less\n"
      "  pacs dump --json image.dcm | jq '.[\"00100020\"].Value[0]'\n"
      "  pacs dump --json --no-pixels study/          one JSON object on each line\n"
      "Files with and without preamble or meta group are read. Of a damaged file what can be read "
      "is\n"
      "shown, then what is wrong and where; with --json only the latter: a program must not\n"
      "take a part for the whole.\n"
      "Exit code: 0 every file was read whole, 1 otherwise, 2 wrong usage.");
  auto options = std::make_shared<DumpOptions>();
  command->add_option("FILE", options->paths, "files, and folders with files")->required();
  repeatable(
      command->add_option("-P,--tag", options->tags,
                          "only this element, at any depth (--json: at the top); may be repeated"))
      ->type_name("TAG|KEYWORD");
  command->add_flag("-L,--full", options->whole_values, "long values whole");
  command->add_flag("--no-uid-names", options->no_uid_names, "UIDs as numbers");
  command->add_flag("--no-pixels", options->no_pixels, "leave pixel data out");
  command->add_flag("--json", options->json,
                    "the DICOM JSON model (PS3.18 F), one object per line");
  command->add_flag("--pretty", options->pretty, "with --json: indented")->needs("--json");
  command->add_flag("--meta", options->meta, "with --json: the file meta information too")
      ->needs("--json");
  command->callback([options, &exit_code] { exit_code = run_dump(*options); });
}

}  // namespace pacs::apps
