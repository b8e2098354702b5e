#include "apps/output/answer_output.h"

#include <cstdio>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "encoding/character_sets/character_set.h"
#include "encoding/model/dicom_json.h"

namespace pacs::apps {

namespace {

void print_line(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

TextRow titles(const std::vector<KeyPath>& columns) {
  TextRow row;
  for (const KeyPath& column : columns) row.push_back(to_string(column));
  return row;
}

/// The short title where the keyword would be wider than any value: "Instances" for
/// NumberOfStudyRelatedInstances; without the sequences on the way.
TextRow short_titles(const std::vector<KeyPath>& columns) {
  TextRow row;
  for (const KeyPath& column : columns) {
    std::string title = to_string(column.size() > 1 ? KeyPath{column.back()} : column);
    const std::size_t related = title.find("Related");
    if (title.starts_with("NumberOf") && related != title.npos) title.erase(0, related + 7);
    for (const std::string_view before : {"ScheduledProcedure", "Scheduled"}) {
      if (column.size() > 1 && title.starts_with(before)) title.erase(0, before.size());
    }
    row.push_back(std::move(title));
  }
  return row;
}

}  // namespace

void add_form_options(CLI::App& command, AnswerForm& form) {
  CLI::Option* csv = command.add_flag("--csv", form.csv, "comma-separated values");
  command.add_flag("--json", form.json, "one DICOM JSON object on each line")->excludes(csv);
}

AnswerOutput::AnswerOutput(std::string_view program, AnswerForm form,
                           const std::vector<KeyPath>& columns)
    : program_(program), form_(form), columns_(columns), table_(short_titles(columns), print_line) {
  if (form_.csv) print_line(csv_line(titles(columns)));
}

void AnswerOutput::show(const DataSet& answer) {
  if (form_.json) return show_json(answer);
  const DataSet utf8 = to_utf8(answer);
  TextRow row;
  for (const KeyPath& column : columns_) row.push_back(value_at(utf8, column));
  if (form_.csv) {
    print_line(csv_line(row));
  } else {
    table_.add(std::move(row));
  }
}

void AnswerOutput::finish() {
  table_.finish();
  std::fflush(stdout);
}

void AnswerOutput::show_json(const DataSet& answer) const {
  std::string text;
  if (Result<> written = write_json(answer, text); !written) {
    fmt::print(stderr, "{}: {}\n", program_, written.error().to_string());
    return;
  }
  print_line(text);
}

}  // namespace pacs::apps
