#include "storage/ingest/identity.h"

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "core/uid_registry.h"

namespace pacs::storage {
namespace {

/// Text from outside for a message: short, nothing that moves a terminal.
std::string shown(std::string_view text) {
  std::string letters(text.substr(0, 64));
  for (char& letter : letters) {
    if (letter < ' ' || letter > '~') letter = '?';
  }
  return "\"" + letters + (text.size() > 64 ? "...\"" : "\"");
}

/// Of an attribute that comes twice the first value counts, but not by a guess whose image it is
/// and where it belongs.
Result<> check_one_value(const DataSet& header, Tag tag, std::string_view name) {
  const std::string_view first = header.text(tag);
  for (const Element& element : header) {
    if (element.tag() != tag || element.text() == first) continue;
    return fail(Error{ErrorKind::Malformed, fmt::format("the data set has {} twice: {} and {}",
                                                        name, shown(first), shown(element.text()))}
                    .on(tag));
  }
  return {};
}

Result<std::string> uid_of(const DataSet& header, Tag tag, std::string_view name) {
  PACS_TRY(check_one_value(header, tag, name));
  const std::string_view text = header.text(tag);
  if (text.empty()) {
    return fail(
        Error{ErrorKind::Malformed, std::string("the data set has no ").append(name)}.on(tag));
  }
  if (!is_usable_uid(text)) {
    return fail(Error{ErrorKind::Malformed,
                      std::string(name).append(" is not a UID (PS3.5 §9.1): ") + shown(text)}
                    .on(tag));
  }
  return std::string(text);
}

Result<> compare(std::string_view in_data_set, std::string_view in_request, Tag tag,
                 std::string_view name) {
  if (in_request.empty() || in_request == in_data_set) return {};
  return fail(
      Error{ErrorKind::Mismatch, std::string(name).append(" of request and data set differ: ") +
                                     shown(in_request) + " and " + shown(in_data_set)}
          .on(tag));
}

}  // namespace

Result<Identity> identify(const DataSet& header, const IngestContext& context) {
  PACS_TRY(check_one_value(header, tags::PatientID, "Patient ID"));
  PACS_TRY(check_one_value(header, tags::IssuerOfPatientID, "Issuer of Patient ID"));
  PACS_TRY(auto sop_class, uid_of(header, tags::SOPClassUID, "SOP Class UID"));
  PACS_TRY(auto sop_instance, uid_of(header, tags::SOPInstanceUID, "SOP Instance UID"));
  PACS_TRY(compare(sop_class, context.sop_class_uid, tags::SOPClassUID, "SOP Class UID"));
  PACS_TRY(
      compare(sop_instance, context.sop_instance_uid, tags::SOPInstanceUID, "SOP Instance UID"));
  PACS_TRY(auto study, uid_of(header, tags::StudyInstanceUID, "Study Instance UID"));
  PACS_TRY(
      compare(study, context.study_instance_uid, tags::StudyInstanceUID, "Study Instance UID"));
  PACS_TRY(auto series, uid_of(header, tags::SeriesInstanceUID, "Series Instance UID"));
  return Identity{std::move(sop_class), std::move(sop_instance), std::move(series),
                  std::move(study)};
}

Result<> check_context(const IngestContext& context) {
  const auto check = [](const std::string& uid, Tag tag, std::string_view name) -> Result<> {
    if (uid.empty() || is_usable_uid(uid)) return {};
    return fail(Error{ErrorKind::Malformed, std::string("the announced ").append(name) +
                                                " is not a UID (PS3.5 §9.1): " + shown(uid)}
                    .on(tag));
  };
  // PS3.7 Table 9.3-1: what a C-STORE command says.
  PACS_TRY(check(context.sop_class_uid, tags::AffectedSOPClassUID, "Affected SOP Class UID"));
  return check(context.sop_instance_uid, tags::AffectedSOPInstanceUID, "Affected SOP Instance UID");
}

}  // namespace pacs::storage
