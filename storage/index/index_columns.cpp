#include "storage/index/index_columns.h"

#include <algorithm>

#include "core/dicom_dataset.h"
#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/character_sets/character_set.h"
#include "storage/index/fold.h"

namespace pacs::storage {
namespace {

using enum ColumnKind;

// PS3.4 Table C.6-1. The first two are the identity of a patient.
constexpr IndexColumn kPatient[] = {
    {"patient_id", tags::PatientID},
    {"issuer_of_patient_id", tags::IssuerOfPatientID},
    {"patient_name", tags::PatientName, Name},
    {"patient_birth_date", tags::PatientBirthDate, Date},
    {"patient_birth_time", tags::PatientBirthTime, Time},
    {"patient_sex", tags::PatientSex},
    {"other_patient_ids", tags::OtherPatientIDs},
    {"other_patient_names", tags::OtherPatientNames, Name},
    {"ethnic_group", tags::EthnicGroup},
    {"patient_comments", tags::PatientComments},
};

// PS3.4 Table C.6-2.
constexpr IndexColumn kStudy[] = {
    {"study_date", tags::StudyDate, Date},
    {"study_time", tags::StudyTime, Time},
    {"accession_number", tags::AccessionNumber},
    {"issuer_of_accession_number", tags::LocalNamespaceEntityID, Text,
     tags::IssuerOfAccessionNumberSequence},
    {"study_id", tags::StudyID},
    {"study_description", tags::StudyDescription},
    {"referring_physician_name", tags::ReferringPhysicianName, Name},
    {"procedure_code", tags::CodeValue, Text, tags::ProcedureCodeSequence},
    {"name_of_physicians_reading_study", tags::NameOfPhysiciansReadingStudy, Name},
    {"admitting_diagnoses_description", tags::AdmittingDiagnosesDescription},
    {"patient_age", tags::PatientAge},
    {"patient_size", tags::PatientSize},
    {"patient_weight", tags::PatientWeight},
    {"occupation", tags::Occupation},
    {"additional_patient_history", tags::AdditionalPatientHistory},
    {"timezone_offset_from_utc", tags::TimezoneOffsetFromUTC},
};

// PS3.4 Table C.6-3.
constexpr IndexColumn kSeries[] = {
    {"modality", tags::Modality},
    {"series_number", tags::SeriesNumber},
    {"series_description", tags::SeriesDescription},
    {"series_date", tags::SeriesDate, Date},
    {"series_time", tags::SeriesTime, Time},
    {"body_part_examined", tags::BodyPartExamined},
    {"laterality", tags::Laterality},
    {"protocol_name", tags::ProtocolName},
    {"manufacturer", tags::Manufacturer},
    {"manufacturer_model_name", tags::ManufacturerModelName},
    {"institution_name", tags::InstitutionName},
    {"station_name", tags::StationName},
    {"performing_physician_name", tags::PerformingPhysicianName, Name},
    {"performed_procedure_step_start_date", tags::PerformedProcedureStepStartDate, Date},
    {"performed_procedure_step_start_time", tags::PerformedProcedureStepStartTime, Time},
    {"performed_procedure_step_id", tags::PerformedProcedureStepID},
    {"scheduled_procedure_step_id", tags::ScheduledProcedureStepID, Text,
     tags::RequestAttributesSequence},
    {"requested_procedure_id", tags::RequestedProcedureID, Text, tags::RequestAttributesSequence},
};

// PS3.4 Table C.6-4.
constexpr IndexColumn kInstance[] = {
    {"instance_number", tags::InstanceNumber},
    {"content_date", tags::ContentDate, Date},
    {"content_time", tags::ContentTime, Time},
    {"acquisition_date", tags::AcquisitionDate, Date},
    {"acquisition_time", tags::AcquisitionTime, Time},
    {"number_of_frames", tags::NumberOfFrames},
    {"concept_name_code", tags::CodeValue, Text, tags::ConceptNameCodeSequence},
};

std::string text_of(const Element& element, const CharacterSet& characters) {
  if (element.form() != Element::Form::Value) return {};
  const std::string_view raw = element.text();
  if (raw.empty()) return {};
  if (info(element.vr()).kind != VRKind::Text) return {};
  std::string text = info(element.vr()).charset_dependent ? characters.to_utf8(raw, element.vr())
                                                          : std::string(raw);
  // No database holds a NUL in text.
  std::erase(text, '\0');
  // PS3.5 Table 6.2-1: in paragraphs leading spaces are text.
  const VR vr = element.vr();
  const bool paragraph = vr == VR::LT || vr == VR::ST || vr == VR::UT;
  return std::string(paragraph ? trimmed_end(text) : trimmed(text));
}

std::string value_of(const DataSet& header, const IndexColumn& column,
                     const CharacterSet& characters) {
  std::string text;
  if (column.sequence.value == 0) {
    if (const Element* element = header.find(column.tag)) text = text_of(*element, characters);
  } else {
    for (const Item& item : header.items(column.sequence)) {
      const Element* element = item.data_set.find(column.tag);
      const std::string one = element ? text_of(*element, characters) : std::string();
      if (one.empty()) continue;
      if (!text.empty()) text += '\\';
      text += one;
    }
  }
  if (column.kind == Date) std::erase(text, '.');
  if (column.kind == Time) std::erase(text, ':');
  return text;
}

std::vector<std::string> values_of(const DataSet& header, std::span<const IndexColumn> columns,
                                   const CharacterSet& characters) {
  std::vector<std::string> values;
  values.reserve(columns.size() + 2);
  for (const IndexColumn& column : columns) {
    values.push_back(value_of(header, column, characters));
    if (column.kind == Name) values.push_back(fold_name(values.back()));
  }
  return values;
}

}  // namespace

std::span<const IndexColumn> patient_columns() {
  return kPatient;
}
std::span<const IndexColumn> study_columns() {
  return kStudy;
}
std::span<const IndexColumn> series_columns() {
  return kSeries;
}
std::span<const IndexColumn> instance_columns() {
  return kInstance;
}

std::vector<std::string> column_names(std::span<const IndexColumn> columns) {
  std::vector<std::string> names;
  for (const IndexColumn& column : columns) {
    names.emplace_back(column.name);
    if (column.kind == Name) names.push_back(std::string(column.name) + "_folded");
  }
  return names;
}

ColumnValues column_values(const DataSet& header) {
  const CharacterSet characters = CharacterSet::of(header);
  return {values_of(header, kPatient, characters), values_of(header, kStudy, characters),
          values_of(header, kSeries, characters), values_of(header, kInstance, characters)};
}

std::vector<std::string> column_values(const DataSet& data_set,
                                       std::span<const IndexColumn> columns) {
  return values_of(data_set, columns, CharacterSet::of(data_set));
}

}  // namespace pacs::storage
