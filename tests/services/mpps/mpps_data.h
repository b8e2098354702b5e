// Data sets of performed procedure steps for tests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "services/mpps/mpps_table.h"

namespace pacs::services {

/// A value that the VR allows.
inline std::string_view plausible_value(VR vr) {
  switch (vr) {
    case VR::UI:
      return "1.2.840.10008.5.1.4.1.1.2";
    case VR::DA:
      return "20260101";
    case VR::TM:
      return "101500";
    case VR::DT:
      return "20260101101500";
    default:
      return "VALUE";
  }
}

/// A data set in which every attribute of the table has a value and every sequence an item.
inline DataSet every_attribute(const std::vector<MppsNode>& nodes) {
  DataSet data_set;
  for (const MppsNode& node : nodes) {
    const Tag tag = node.attribute->tag;
    if (tag == Tag{}) continue;
    const VR vr = dictionary_vr(tag);
    if (vr == VR::SQ) {
      data_set.set_items(tag, {{every_attribute(node.items)}});
    } else {
      data_set.set_text(tag, vr, plausible_value(vr));
    }
  }
  return data_set;
}
inline DataSet every_attribute() {
  DataSet data_set = every_attribute(mpps_tree());
  data_set.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
  data_set.set_text(tags::PerformedProcedureStepStatus, "IN PROGRESS");
  return data_set;
}

/// What a modality sends when it begins: what is required, much of it empty.
inline DataSet beginning(std::string_view study = "1.2.3.1", std::string_view scheduled = "S1") {
  DataSet request;
  request.set_text(tags::StudyInstanceUID, study);
  request.set_items(tags::ReferencedStudySequence, {});
  request.set_text(tags::ScheduledProcedureStepID, scheduled);
  for (const Tag tag : std::initializer_list<Tag>{tags::AccessionNumber, tags::RequestedProcedureID,
                                                  tags::RequestedProcedureDescription,
                                                  tags::ScheduledProcedureStepDescription}) {
    request.set_text(tag, "");
  }
  request.set_items(tags::ScheduledProtocolCodeSequence, {});
  DataSet step;
  step.set_items(tags::ScheduledStepAttributesSequence, {{request}});
  for (const Tag tag : std::initializer_list<Tag>{
           tags::PatientBirthDate, tags::PatientSex, tags::PerformedStationName,
           tags::PerformedLocation, tags::PerformedProcedureStepDescription,
           tags::PerformedProcedureTypeDescription, tags::PerformedProcedureStepEndDate,
           tags::PerformedProcedureStepEndTime, tags::StudyID}) {
    step.set_text(tag, "");
  }
  for (const Tag tag : std::initializer_list<Tag>{
           tags::ReferencedPatientSequence, tags::ProcedureCodeSequence,
           tags::PerformedProtocolCodeSequence, tags::PerformedSeriesSequence}) {
    step.set_items(tag, {});
  }
  step.set_text(tags::PatientName, "Doe^Jane");
  step.set_text(tags::PatientID, "P1");
  step.set_text(tags::PerformedProcedureStepID, "PPS1");
  step.set_text(tags::PerformedStationAETitle, "SCANNER");
  step.set_text(tags::PerformedProcedureStepStartDate, "20260101");
  step.set_text(tags::PerformedProcedureStepStartTime, "101500");
  step.set_text(tags::PerformedProcedureStepStatus, "IN PROGRESS");
  step.set_text(tags::Modality, "CT");
  return step;
}

/// What it sends at the end: one series with these images.
inline DataSet ending(std::string_view status, const std::vector<std::string>& images,
                      std::string_view series_uid = "1.2.3.1.1") {
  DataSet series;
  for (const Tag tag :
       std::initializer_list<Tag>{tags::PerformingPhysicianName, tags::OperatorsName,
                                  tags::SeriesDescription, tags::RetrieveAETitle}) {
    series.set_text(tag, "");
  }
  series.set_text(tags::ProtocolName, "ROUTINE HEAD");
  series.set_text(tags::SeriesInstanceUID, series_uid);
  Sequence references;
  for (const std::string& image : images) {
    DataSet reference;
    reference.set_text(tags::ReferencedSOPClassUID, "1.2.840.10008.5.1.4.1.1.2");
    reference.set_text(tags::ReferencedSOPInstanceUID, image);
    references.push_back({std::move(reference)});
  }
  series.set_items(tags::ReferencedImageSequence, std::move(references));
  series.set_items(tags::ReferencedNonImageCompositeSOPInstanceSequence, {});
  DataSet end;
  end.set_text(tags::PerformedProcedureStepStatus, status);
  end.set_text(tags::PerformedProcedureStepEndDate, "20260101");
  end.set_text(tags::PerformedProcedureStepEndTime, "103000");
  end.set_items(tags::PerformedSeriesSequence, {{series}});
  return end;
}

}  // namespace pacs::services
