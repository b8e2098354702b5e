#include "services/mpps/mpps_object.h"

#include <initializer_list>
#include <utility>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/uid_generator.h"

namespace pacs::services {
namespace {

using Tags = std::initializer_list<Tag>;

/// Required with a value (type 1); these say that the order has none (PS3.3 §C.7.3.1.1.1: Other).
constexpr std::string_view kOtherModality = "OT";
constexpr std::string_view kNoProtocol = "UNKNOWN";

void set_empty(DataSet& to, Tag tag) {
  if (dictionary_vr(tag) == VR::SQ) return to.set_items(tag, {});
  to.set_text(tag, "");
}

/// Takes the elements over; those that are not there are made without value.
void take(DataSet& to, const DataSet& from, Tags tags) {
  for (const Tag tag : tags) {
    const Element* element = from.find(tag);
    element != nullptr ? to.adopt(*element) : set_empty(to, tag);
  }
}
void take_what_is_there(DataSet& to, const DataSet& from, Tags tags) {
  for (const Tag tag : tags) {
    if (const Element* element = from.find(tag)) to.adopt(*element);
  }
}
/// One attribute under another tag.
void take_as(DataSet& to, Tag as, const DataSet& from, Tag tag) {
  const Element* element = from.find(tag);
  if (element == nullptr) return set_empty(to, as);
  if (element->form() == Element::Form::Sequence) return to.set_items(as, element->items());
  to.set_text(as, element->text());
}

void set_text_or(DataSet& to, Tag tag, std::string_view text, std::string_view otherwise) {
  to.set_text(tag, text.empty() ? otherwise : text);
}

/// The item of Scheduled Step Attributes Sequence.
DataSet request_of(const DataSet& item, const DataSet& scheduled) {
  DataSet request;
  set_text_or(request, tags::StudyInstanceUID, item.text(tags::StudyInstanceUID), generate_uid());
  take(request, item,
       {tags::ReferencedStudySequence, tags::AccessionNumber, tags::RequestedProcedureID,
        tags::RequestedProcedureDescription});
  take_what_is_there(
      request, item,
      {tags::IssuerOfAccessionNumberSequence, tags::PlacerOrderNumberImagingServiceRequest,
       tags::FillerOrderNumberImagingServiceRequest, tags::RequestedProcedureCodeSequence});
  take(request, scheduled,
       {tags::ScheduledProcedureStepID, tags::ScheduledProcedureStepDescription,
        tags::ScheduledProtocolCodeSequence});
  return request;
}

/// The item of Performed Series Sequence, without its references.
DataSet series_of(const DataSet& header) {
  DataSet item;
  take(item, header,
       {tags::PerformingPhysicianName, tags::OperatorsName, tags::SeriesInstanceUID,
        tags::SeriesDescription, tags::RetrieveAETitle});
  set_text_or(item, tags::ProtocolName, header.text(tags::ProtocolName), kNoProtocol);
  return item;
}

/// Image or not: "for historic reasons only, and has no semantic significance" (PS3.4 §F.7.2.2.2).
bool is_image(const DataSet& header) {
  return header.contains(tags::Rows);
}

}  // namespace

DataSet begin_step(const DataSet& item, const StepMoment& begun) {
  const Sequence& steps = item.items(tags::ScheduledProcedureStepSequence);
  const DataSet scheduled = steps.empty() ? DataSet{} : steps.front().data_set;
  DataSet step;
  take_what_is_there(step, item,
                     {tags::SpecificCharacterSet, tags::IssuerOfPatientID, tags::AdmissionID});
  step.set_items(tags::ScheduledStepAttributesSequence, {{request_of(item, scheduled)}});
  take(step, item,
       {tags::PatientName, tags::PatientID, tags::PatientBirthDate, tags::PatientSex,
        tags::ReferencedPatientSequence});
  set_text_or(step, tags::PerformedProcedureStepID, scheduled.text(tags::ScheduledProcedureStepID),
              "PPS" + begun.date.to_string() + begun.time.to_string().substr(0, 4));
  step.set_text(tags::PerformedStationAETitle, begun.station_ae_title);
  take_as(step, tags::PerformedStationName, scheduled, tags::ScheduledStationName);
  take_as(step, tags::PerformedLocation, scheduled, tags::ScheduledProcedureStepLocation);
  step.set_text(tags::PerformedProcedureStepStartDate, begun.date.to_string());
  step.set_text(tags::PerformedProcedureStepStartTime, begun.time.to_string());
  step.set_text(tags::PerformedProcedureStepStatus, "IN PROGRESS");
  take_as(step, tags::PerformedProcedureStepDescription, scheduled,
          tags::ScheduledProcedureStepDescription);
  take_as(step, tags::ProcedureCodeSequence, item, tags::RequestedProcedureCodeSequence);
  take_as(step, tags::PerformedProtocolCodeSequence, scheduled,
          tags::ScheduledProtocolCodeSequence);
  take_as(step, tags::StudyID, item, tags::RequestedProcedureID);
  set_text_or(step, tags::Modality, scheduled.text(tags::Modality), kOtherModality);
  // Created without value, so that they may be set (PS3.4 Table F.7.2-1, Note 5).
  for (const Tag tag :
       Tags{tags::PerformedProcedureTypeDescription, tags::PerformedProcedureStepEndDate,
            tags::PerformedProcedureStepEndTime,
            tags::PerformedProcedureStepDiscontinuationReasonCodeSequence,
            tags::PerformedSeriesSequence}) {
    set_empty(step, tag);
  }
  return step;
}

Result<> PerformedSeriesList::add(const DataSet& header) {
  for (const Tag tag : Tags{tags::SOPClassUID, tags::SOPInstanceUID, tags::SeriesInstanceUID}) {
    if (header.text(tag, 0).empty()) {
      return fail(
          Error{ErrorKind::Malformed, "the object has no SOP class, instance or series UID"}.on(
              tag));
    }
  }
  const std::string uid{header.text(tags::SeriesInstanceUID, 0)};
  const auto [entry, is_new] = by_uid_.try_emplace(uid, series_.size());
  if (is_new) series_.push_back({.item = series_of(header)});
  DataSet reference;
  reference.set_text(tags::ReferencedSOPClassUID, header.text(tags::SOPClassUID, 0));
  reference.set_text(tags::ReferencedSOPInstanceUID, header.text(tags::SOPInstanceUID, 0));
  Series& series = series_[entry->second];
  (is_image(header) ? series.images : series.others).push_back({std::move(reference)});
  return {};
}

void PerformedSeriesList::add_without_objects() {
  DataSet header;
  header.set_text(tags::SeriesInstanceUID, generate_uid());
  series_.push_back({.item = series_of(header)});
}

Sequence PerformedSeriesList::items() const {
  Sequence items;
  for (const Series& series : series_) {
    DataSet item = series.item;
    item.set_items(tags::ReferencedImageSequence, series.images);
    item.set_items(tags::ReferencedNonImageCompositeSOPInstanceSequence, series.others);
    items.push_back({std::move(item)});
  }
  return items;
}

DataSet end_step(std::string_view status, const StepMoment& ended,
                 const PerformedSeriesList& made) {
  DataSet end;
  end.set_text(tags::PerformedProcedureStepStatus, status);
  end.set_text(tags::PerformedProcedureStepEndDate, ended.date.to_string());
  end.set_text(tags::PerformedProcedureStepEndTime, ended.time.to_string());
  if (Sequence items = made.items(); !items.empty()) {
    end.set_items(tags::PerformedSeriesSequence, std::move(items));
  }
  return end;
}

}  // namespace pacs::services
