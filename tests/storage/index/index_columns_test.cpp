#include "storage/index/index_columns.h"
#include "core/dicom_dataset.h"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/dicom_tags.h"

namespace pacs::storage {
namespace {

std::string value(const std::vector<std::string>& values, std::span<const IndexColumn> columns,
                  std::string_view name) {
  const auto names = column_names(columns);
  const auto place = std::ranges::find(names, name);
  if (place == names.end() || values.size() != names.size()) return "no such column";
  return values[static_cast<std::size_t>(place - names.begin())];
}

TEST(IndexColumns, AHeaderWithoutAnythingGivesEmptyValues) {
  const ColumnValues values = column_values(DataSet{});
  EXPECT_EQ(values.patient.size(), column_names(patient_columns()).size());
  EXPECT_EQ(values.study.size(), column_names(study_columns()).size());
  EXPECT_EQ(values.series.size(), column_names(series_columns()).size());
  EXPECT_EQ(values.instance.size(), column_names(instance_columns()).size());
  for (const auto* level : {&values.patient, &values.study, &values.series, &values.instance}) {
    for (const std::string& text : *level) EXPECT_EQ(text, "");
  }
}

TEST(IndexColumns, EachColumnIsNamedOnce) {
  std::set<std::string> names;
  for (const auto columns :
       {patient_columns(), study_columns(), series_columns(), instance_columns()}) {
    for (const std::string& name : column_names(columns)) EXPECT_TRUE(names.insert(name).second);
  }
}

TEST(IndexColumns, NamesAreDecodedAndFolded) {
  DataSet ds;
  ds.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
  ds.set_text(tags::PatientName, VR::PN, "M\xFCller^J\xFCrgen ");
  const ColumnValues values = column_values(ds);
  EXPECT_EQ(value(values.patient, patient_columns(), "patient_name"), "Müller^Jürgen");
  EXPECT_EQ(value(values.patient, patient_columns(), "patient_name_folded"), "MULLER^JURGEN");
}

TEST(IndexColumns, DatesAndTimesOfTheOldFormAreMadeNew) {
  DataSet ds;
  ds.set_text(tags::StudyDate, VR::DA, "1993.08.22");
  ds.set_text(tags::StudyTime, VR::TM, "10:15:30.5");
  const ColumnValues values = column_values(ds);
  EXPECT_EQ(value(values.study, study_columns(), "study_date"), "19930822");
  EXPECT_EQ(value(values.study, study_columns(), "study_time"), "101530.5");
}

TEST(IndexColumns, SequencesGiveTheValuesOfAllItems) {
  Sequence items(3);
  items[0].data_set.set_text(tags::ScheduledProcedureStepID, "S1");
  items[2].data_set.set_text(tags::ScheduledProcedureStepID, "S2");
  DataSet ds;
  ds.set_items(tags::RequestAttributesSequence, std::move(items));
  EXPECT_EQ(value(column_values(ds).series, series_columns(), "scheduled_procedure_step_id"),
            "S1\\S2");
}

TEST(IndexColumns, SpacesAroundAreLeftOutAndNulsAreGone) {
  DataSet ds;
  ds.set_text(tags::PatientID, VR::LO, std::string("  P\0 1 ", 7));
  const std::string id = column_values(ds).patient[0];
  EXPECT_EQ(id, "P 1");
}

TEST(IndexColumns, AnElementOfAnotherVrDoesNoHarm) {
  DataSet ds;
  ds.set_bytes(tags::PatientID, VR::OB, Bytes(4, std::byte{0xFF}));
  ds.set_items(tags::PatientName, Sequence(1));
  ds.set_integer(tags::StudyDate, VR::US, 7);
  const ColumnValues values = column_values(ds);
  EXPECT_EQ(values.patient[0], "");
  EXPECT_EQ(value(values.study, study_columns(), "study_date"), "");
}

}  // namespace
}  // namespace pacs::storage
