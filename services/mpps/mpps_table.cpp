// PS3.4 Tables F.7.2-1 and F.7.2-1a to F.7.2-1f.
#include "services/mpps/mpps_table.h"

#include <algorithm>

#include "core/dicom_tags.h"

namespace pacs::services {
namespace {

constexpr Requirement no = Requirement::None;
constexpr Requirement T1 = Requirement::T1;
constexpr Requirement T1C = Requirement::T1C;
constexpr Requirement T2 = Requirement::T2;
constexpr Requirement T3 = Requirement::T3;

constexpr Tag kOthers{};  // "All other Attributes of ..."
constexpr Tag kInclude{};

constexpr RequiredWhen unless(Tag first, Tag second = {}) {
  return {RequiredWhen::Rule::UnlessAny, first, second};
}
constexpr RequiredWhen when(Tag first, Tag second = {}) {
  return {RequiredWhen::Rule::IfAny, first, second};
}
constexpr RequiredWhen kNoLocal = unless(tags::LocalNamespaceEntityID);
constexpr RequiredWhen kNoUniversal = unless(tags::UniversalEntityID);
constexpr RequiredWhen kUniversal = when(tags::UniversalEntityID);
// Code Value, Long Code Value and URN Code Value: one of the three; the first stands for all.
constexpr RequiredWhen kNoOtherCode = unless(tags::LongCodeValue, tags::URNCodeValue);
constexpr RequiredWhen kCode = when(tags::CodeValue, tags::LongCodeValue);

// clang-format off

// Table F.7.2-1b, Simple Code Value Macro with no N-SET.
constexpr MppsAttribute kSimpleNoSet[] = {
    {0, tags::CodeValue,                                           T1C, no,  no,  no, kNoOtherCode},
    {0, tags::CodingSchemeDesignator,                              T1C, no,  no,  no, kCode},
    {0, tags::CodingSchemeVersion,                                 T1C, no,  no,  no},
    {0, tags::CodeMeaning,                                         T1,  no,  no,  no},
    {0, tags::LongCodeValue,                                       T1C, no,  no,  no},
    {0, tags::URNCodeValue,                                        T1C, no,  no,  no},
    {0, tags::MappingResource,                                     T3,  no,  no,  no},
    {0, tags::MappingResourceUID,                                  T3,  no,  no,  no},
    {0, tags::ContextGroupVersion,                                 T3,  no,  no,  no},  // printed as (0008,0118)
    {0, tags::ContextGroupExtensionFlag,                           T3,  no,  no,  no},
    {0, tags::ContextGroupLocalVersion,                            T3,  no,  no,  no},
    {0, tags::ContextGroupExtensionCreatorUID,                     T3,  no,  no,  no},
};
// Table F.7.2-1a, Enhanced Code Value Macro with no N-SET.
constexpr MppsAttribute kCodeNoSet[] = {
    {0, kInclude,                                                  no,  no,  no,  no, {}, kSimpleNoSet},
    {0, tags::EquivalentCodeSequence,                              T3,  no,  no,  no},
    {1, kInclude,                                                  no,  no,  no,  no, {}, kSimpleNoSet},
};
// Table F.7.2-1d, Simple Code Value Macro with N-SET, Mandatory Meaning.
constexpr MppsAttribute kSimpleMeaning[] = {
    {0, tags::CodeValue,                                           T1C, T3,  T1C, no, kNoOtherCode},
    {0, tags::CodingSchemeDesignator,                              T1C, T1C, T1C, no, kCode},
    {0, tags::CodingSchemeVersion,                                 T1C, T1C, T1C, no},
    {0, tags::CodeMeaning,                                         T1,  T1,  T1,  no},
    {0, tags::LongCodeValue,                                       T1C, T3,  T1C, no},
    {0, tags::URNCodeValue,                                        T1C, T3,  T1C, no},
    {0, tags::MappingResource,                                     T3,  T3,  T3,  no},
    {0, tags::MappingResourceUID,                                  T3,  T3,  T3,  no},
    {0, tags::ContextGroupVersion,                                 T3,  T3,  T3,  no},
    {0, tags::ContextGroupExtensionFlag,                           T3,  T3,  T3,  no},
    {0, tags::ContextGroupLocalVersion,                            T3,  T3,  T3,  no},
    {0, tags::ContextGroupExtensionCreatorUID,                     T3,  T3,  T3,  no},
};
// Table F.7.2-1c, Enhanced Code Value Macro with N-SET, Mandatory Meaning.
constexpr MppsAttribute kCodeMeaning[] = {
    {0, kInclude,                                                  no,  no,  no,  no, {}, kSimpleMeaning},
    {0, tags::EquivalentCodeSequence,                              T3,  T3,  T3,  no},
    {1, kInclude,                                                  no,  no,  no,  no, {}, kSimpleMeaning},
};
// Table F.7.2-1f, Simple Code Value Macro with N-SET, Optional Meaning.
constexpr MppsAttribute kSimpleOptional[] = {
    {0, tags::CodeValue,                                           T1C, T3,  T1C, no, kNoOtherCode},
    {0, tags::CodingSchemeDesignator,                              T1C, T1C, T1C, no, kCode},
    {0, tags::CodingSchemeVersion,                                 T1C, T1C, T1C, no},
    {0, tags::CodeMeaning,                                         T3,  T3,  T3,  no},
    {0, tags::LongCodeValue,                                       T1C, T3,  T1C, no},
    {0, tags::URNCodeValue,                                        T1C, T3,  T1C, no},
    {0, tags::MappingResource,                                     T3,  T3,  T3,  no},
    {0, tags::MappingResourceUID,                                  T3,  T3,  T3,  no},
    {0, tags::ContextGroupVersion,                                 T3,  T3,  T3,  no},
    {0, tags::ContextGroupExtensionFlag,                           T3,  T3,  T3,  no},
    {0, tags::ContextGroupLocalVersion,                            T3,  T3,  T3,  no},
    {0, tags::ContextGroupExtensionCreatorUID,                     T3,  T3,  T3,  no},
};
// Table F.7.2-1e, Enhanced Code Value Macro with N-SET, Optional Meaning.
constexpr MppsAttribute kCodeOptional[] = {
    {0, kInclude,                                                  no,  no,  no,  no, {}, kSimpleOptional},
    {0, tags::EquivalentCodeSequence,                              T3,  T3,  T3,  no},
    {1, kInclude,                                                  no,  no,  no,  no, {}, kSimpleOptional},
};

// Table F.7.2-1. Columns: N-CREATE (SCU/SCP), N-SET (SCU, SCP), final state (see Note 1).
constexpr MppsAttribute kAttributes[] = {
    {0, tags::SpecificCharacterSet,                                T1C, T1C, T1C, no},
    // Performed Procedure Step Relationship
    {0, tags::ScheduledStepAttributesSequence,                     T1,  no,  no,  no},
    {1, tags::StudyInstanceUID,                                    T1,  no,  no,  no},
    {1, tags::ReferencedStudySequence,                             T2,  no,  no,  no},
    {2, tags::ReferencedSOPClassUID,                               T1,  no,  no,  no},
    {2, tags::ReferencedSOPInstanceUID,                            T1,  no,  no,  no},
    {1, tags::AccessionNumber,                                     T2,  no,  no,  no},
    {1, tags::IssuerOfAccessionNumberSequence,                     T3,  no,  no,  no},
    {2, tags::LocalNamespaceEntityID,                              T1C, no,  no,  no, kNoUniversal},
    {2, tags::UniversalEntityID,                                   T1C, no,  no,  no, kNoLocal},
    {2, tags::UniversalEntityIDType,                               T1C, no,  no,  no, kUniversal},
    {1, tags::PlacerOrderNumberImagingServiceRequest,              T3,  no,  no,  no},
    {1, tags::OrderPlacerIdentifierSequence,                       T3,  no,  no,  no},
    {2, tags::LocalNamespaceEntityID,                              T1C, no,  no,  no, kNoUniversal},
    {2, tags::UniversalEntityID,                                   T1C, no,  no,  no, kNoLocal},
    {2, tags::UniversalEntityIDType,                               T1C, no,  no,  no, kUniversal},
    {1, tags::FillerOrderNumberImagingServiceRequest,              T3,  no,  no,  no},
    {1, tags::OrderFillerIdentifierSequence,                       T3,  no,  no,  no},
    {2, tags::LocalNamespaceEntityID,                              T1C, no,  no,  no, kNoUniversal},
    {2, tags::UniversalEntityID,                                   T1C, no,  no,  no, kNoLocal},
    {2, tags::UniversalEntityIDType,                               T1C, no,  no,  no, kUniversal},
    {1, tags::RequestedProcedureID,                                T2,  no,  no,  no},
    {1, tags::RequestedProcedureCodeSequence,                      T3,  no,  no,  no},
    {2, kInclude,                                                  no,  no,  no,  no, {}, kCodeNoSet},
    {1, tags::RequestedProcedureDescription,                       T2,  no,  no,  no},
    {1, tags::ScheduledProcedureStepID,                            T2,  no,  no,  no},
    {1, tags::ScheduledProcedureStepDescription,                   T2,  no,  no,  no},
    {1, tags::ScheduledProtocolCodeSequence,                       T2,  no,  no,  no},
    {2, kInclude,                                                  no,  no,  no,  no, {}, kCodeNoSet},
    {0, tags::PatientName,                                         T2,  no,  no,  no},
    {0, tags::PatientID,                                           T2,  no,  no,  no},
    {0, tags::IssuerOfPatientID,                                   T3,  no,  no,  no},
    {0, tags::IssuerOfPatientIDQualifiersSequence,                 T3,  no,  no,  no},
    {1, tags::UniversalEntityID,                                   T3,  no,  no,  no},
    {1, tags::UniversalEntityIDType,                               T1C, no,  no,  no, kUniversal},
    {1, kOthers,                                                   T3,  no,  no,  no},
    {0, tags::OtherPatientIDsSequence,                             T3,  no,  no,  no},
    {1, tags::PatientID,                                           T3,  no,  no,  no},
    {1, tags::IssuerOfPatientID,                                   T3,  no,  no,  no},
    {1, tags::IssuerOfPatientIDQualifiersSequence,                 T3,  no,  no,  no},
    {2, kOthers,                                                   T3,  no,  no,  no},
    {1, tags::TypeOfPatientID,                                     T3,  no,  no,  no},
    {0, tags::PatientBirthDate,                                    T2,  no,  no,  no},
    {0, tags::PatientSex,                                          T2,  no,  no,  no},
    {0, tags::ReferencedPatientSequence,                           T2,  no,  no,  no},
    {1, tags::ReferencedSOPClassUID,                               T1,  no,  no,  no},
    {1, tags::ReferencedSOPInstanceUID,                            T1,  no,  no,  no},
    {0, tags::AdmissionID,                                         T3,  no,  no,  no},
    {0, tags::IssuerOfAdmissionIDSequence,                         T3,  no,  no,  no},
    {1, tags::LocalNamespaceEntityID,                              T1C, no,  no,  no, kNoUniversal},
    {1, tags::UniversalEntityID,                                   T1C, no,  no,  no, kNoLocal},
    {1, tags::UniversalEntityIDType,                               T1C, no,  no,  no, kUniversal},
    {0, tags::ServiceEpisodeID,                                    T3,  no,  no,  no},
    {0, tags::IssuerOfServiceEpisodeIDSequence,                    T3,  no,  no,  no},
    {1, tags::LocalNamespaceEntityID,                              T1C, no,  no,  no, kNoUniversal},
    {1, tags::UniversalEntityID,                                   T1C, no,  no,  no, kNoLocal},
    {1, tags::UniversalEntityIDType,                               T1C, no,  no,  no, kUniversal},
    {0, tags::ServiceEpisodeDescription,                           T3,  no,  no,  no},
    // Performed Procedure Step Information
    {0, tags::PerformedProcedureStepID,                            T1,  no,  no,  no},
    {0, tags::PerformedStationAETitle,                             T1,  no,  no,  no},
    {0, tags::PerformedStationName,                                T2,  no,  no,  no},
    {0, tags::PerformedLocation,                                   T2,  no,  no,  no},
    {0, tags::PerformedProcedureStepStartDate,                     T1,  no,  no,  no},
    {0, tags::PerformedProcedureStepStartTime,                     T1,  no,  no,  no},
    {0, tags::PerformedProcedureStepStatus,                        T1,  T3,  T1,  no},
    {0, tags::PerformedProcedureStepDescription,                   T2,  T3,  T2,  no},
    {0, tags::PerformedProcedureTypeDescription,                   T2,  T3,  T2,  no},
    {0, tags::ProcedureCodeSequence,                               T2,  T3,  T2,  no},
    {1, kInclude,                                                  no,  no,  no,  no, {}, kCodeOptional},
    {0, tags::ReasonForPerformedProcedureCodeSequence,             T3,  T3,  T3,  no},
    {1, kInclude,                                                  no,  no,  no,  no, {}, kCodeMeaning},
    {0, tags::PerformedProcedureStepEndDate,                       T2,  T3,  T1,  T1},
    {0, tags::PerformedProcedureStepEndTime,                       T2,  T3,  T1,  T1},
    {0, tags::CommentsOnThePerformedProcedureStep,                 T3,  T3,  T3,  no},
    {0, tags::PerformedProcedureStepDiscontinuationReasonCodeSequence,
                                                                   T3,  T3,  T3,  no},
    {1, kInclude,                                                  no,  no,  no,  no, {}, kCodeMeaning},
    // Image Acquisition Results
    {0, tags::Modality,                                            T1,  no,  no,  no},
    {0, tags::StudyID,                                             T2,  no,  no,  no},
    {0, tags::PerformedProtocolCodeSequence,                       T2,  T3,  T2,  no},
    {1, kInclude,                                                  no,  no,  no,  no, {}, kCodeOptional},
    {0, tags::PerformedSeriesSequence,                             T2,  T3,  T1,  T1},
    {1, tags::PerformingPhysicianName,                             T2,  T2,  T2,  T2},
    {1, tags::ProtocolName,                                        T1,  T1,  T1,  T1},
    {1, tags::OperatorsName,                                       T2,  T2,  T2,  T2},
    {1, tags::SeriesInstanceUID,                                   T1,  T1,  T1,  T1},
    {1, tags::SeriesDescription,                                   T2,  T2,  T2,  T2},
    {1, tags::RetrieveAETitle,                                     T2,  T2,  T2,  T2},
    {1, tags::ArchiveRequested,                                    T3,  T3,  T3,  no},
    {1, tags::ReferencedImageSequence,                             T2,  T2,  T2,  no},
    {2, tags::ReferencedSOPClassUID,                               T1,  T1,  T1,  no},
    {2, tags::ReferencedSOPInstanceUID,                            T1,  T1,  T1,  no},
    {2, tags::ContainerIdentifier,                                 T3,  T3,  T3,  no},
    {2, tags::SpecimenDescriptionSequence,                         T3,  T3,  T3,  no},
    {3, tags::SpecimenIdentifier,                                  T1,  T1,  T1,  no},
    {3, tags::SpecimenUID,                                         T1,  T1,  T1,  no},
    {1, tags::ReferencedNonImageCompositeSOPInstanceSequence,      T2,  T2,  T2,  no},
    {2, tags::ReferencedSOPClassUID,                               T1,  T1,  T1,  no},
    {2, tags::ReferencedSOPInstanceUID,                            T1,  T1,  T1,  no},
    {1, kOthers,                                                   T3,  T3,  T3,  no},
    {0, kOthers,                                                   T3,  T3,  T3,  no},
};
// clang-format on

/// Takes the rows of `level` from the front of `rows` with what lies below each.
std::vector<MppsNode> take_level(std::span<const MppsAttribute>& rows, std::uint8_t level) {
  std::vector<MppsNode> nodes;
  while (!rows.empty() && rows.front().level >= level) {
    const MppsAttribute& row = rows.front();
    if (row.level > level) {
      nodes.back().items = take_level(rows, row.level);
      continue;
    }
    rows = rows.subspan(1);
    if (row.include.empty()) {
      nodes.push_back({&row, {}});
      continue;
    }
    std::span<const MppsAttribute> macro = row.include;
    for (MppsNode& node : take_level(macro, 0)) nodes.push_back(std::move(node));
  }
  return nodes;
}

}  // namespace

std::span<const MppsAttribute> mpps_attributes() {
  return kAttributes;
}

const std::vector<MppsNode>& mpps_tree() {
  static const std::vector<MppsNode> tree = [] {
    std::span<const MppsAttribute> rows = kAttributes;
    return take_level(rows, 0);
  }();
  return tree;
}

const MppsNode* find_mpps_attribute(Tag tag) {
  const auto& tree = mpps_tree();
  const auto found =
      std::ranges::find(tree, tag, [](const MppsNode& node) { return node.attribute->tag; });
  return found == tree.end() || tag == Tag{} ? nullptr : &*found;
}

}  // namespace pacs::services
