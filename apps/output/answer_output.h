// AnswerOutput: data sets on standard output as they come: a table, CSV, or DICOM JSON lines.
#pragma once

#include <string_view>
#include <vector>

#include "apps/options/query_key.h"
#include "apps/output/text_table.h"
#include "core/dicom_dataset.h"

namespace CLI {
class App;
}

namespace pacs::apps {

struct AnswerForm {
  bool json = false, csv = false;  ///< neither: a table
};

/// Adds --csv and --json.
void add_form_options(CLI::App& command, AnswerForm& form);

class AnswerOutput {
 public:
  /// `program` ("pacs find") is for messages; it and the columns outlive it.
  AnswerOutput(std::string_view program, AnswerForm form, const std::vector<KeyPath>& columns);

  void show(const DataSet& answer);
  void finish();

 private:
  void show_json(const DataSet& answer) const;

  const std::string_view program_;
  const AnswerForm form_;
  const std::vector<KeyPath>& columns_;
  TextTable table_;
};

}  // namespace pacs::apps
