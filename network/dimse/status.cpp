// Status classes (PS3.7 Annex C) and the one table from Error to status.
#include "network/dimse/status.h"

namespace pacs::network {
namespace {

/// Columns of the table below.
enum Operation : std::uint8_t { kStore, kFind, kMove, kGet, kOther, kOperations };

struct StatusRow {
  ErrorKind kind;
  std::uint16_t status[kOperations];
};

// C-STORE: PS3.4 Table B.2-1; C-FIND: Table C.4-1; C-MOVE: Table C.4-2; C-GET: Table C.4-3; all
// others: PS3.7 Annex C. "Unable to process" is Cxxx: C000 where the request cannot be, C001 where
// we cannot. In the order of ErrorKind.
// clang-format off
constexpr StatusRow kStatusOfError[] = {
    //                              C-STORE C-FIND  C-MOVE  C-GET   other
    {ErrorKind::InvalidArgument,  {0xC000, 0xC000, 0xC000, 0xC000, 0x0115}},  // invalid argument value
    {ErrorKind::Malformed,        {0xC000, 0xC000, 0xC000, 0xC000, 0x0106}},  // invalid attribute value
    {ErrorKind::Truncated,        {0xC000, 0xC000, 0xC000, 0xC000, 0x0106}},
    {ErrorKind::LimitExceeded,    {0xC000, 0xC000, 0xC000, 0xC000, 0x0213}},  // resource limitation
    {ErrorKind::Unsupported,      {0x0122, 0x0122, 0x0122, 0x0122, 0x0122}},  // SOP class not supported
    {ErrorKind::Mismatch,         {0xA900, 0xA900, 0xA900, 0xA900, 0x0119}},  // class-instance conflict
    {ErrorKind::NotFound,         {0x0110, 0xC000, 0xA801, 0xC000, 0x0112}},  // no such SOP instance
    {ErrorKind::Duplicate,        {0x0111, 0xC001, 0xC001, 0xC001, 0x0111}},  // duplicate SOP instance
    {ErrorKind::OutOfResources,   {0xA700, 0xA700, 0xA702, 0xA702, 0x0213}},  // resource limitation
    {ErrorKind::Corrupt,          {0x0110, 0xC001, 0xA702, 0xA702, 0x0110}},  // processing failure
    {ErrorKind::Io,               {0xA700, 0xA700, 0xA702, 0xA702, 0x0110}},
    {ErrorKind::Timeout,          {0x0110, 0xC001, 0xA702, 0xA702, 0x0110}},
    {ErrorKind::Cancelled,        {0x0110, 0xFE00, 0xFE00, 0xFE00, 0x0110}},
    {ErrorKind::ConnectionClosed, {0x0110, 0xC001, 0xA702, 0xA702, 0x0110}},
    {ErrorKind::Rejected,         {0x0124, 0x0124, 0x0124, 0x0124, 0x0124}},  // refused: not authorized
    {ErrorKind::Internal,         {0x0110, 0xC001, 0xC001, 0xC001, 0x0110}},
};
// clang-format on

Operation operation_of(CommandField field) {
  switch (field) {
    case CommandField::CStoreRq:
      return kStore;
    case CommandField::CFindRq:
      return kFind;
    case CommandField::CMoveRq:
      return kMove;
    case CommandField::CGetRq:
      return kGet;
    default:
      return kOther;
  }
}

/// PS3.7 §10.1.5.1.6, 0117H: "the SOP Instance UID specified implied a violation of the UID
/// construction rules", of an N-service's Affected or Requested SOP Instance UID.
bool says_invalid_instance(CommandField field, const Error& error) {
  const bool composite = static_cast<std::uint16_t>(field) < 0x0100;  // C-, not N-
  return !composite && error.kind == ErrorKind::Malformed &&
         (error.tag == Tag{0x0000, 0x1000} || error.tag == Tag{0x0000, 0x1001});
}

}  // namespace

// PS3.7 Annex C: 0001H, 0107H, 0116H and BxxxH warn; all else that is not said to be something
// better is a failure.
StatusClass status_class(std::uint16_t status) {
  switch (status) {
    case status::kSuccess:
      return StatusClass::Success;
    case status::kPending:
    case status::kPendingWarning:
      return StatusClass::Pending;
    case status::kCancel:
      return StatusClass::Cancel;
    case 0x0001:
    case 0x0107:
    case 0x0116:
      return StatusClass::Warning;
    default:
      return (status & 0xF000) == 0xB000 ? StatusClass::Warning : StatusClass::Failure;
  }
}

std::uint16_t status_of(CommandField request, ErrorKind kind) {
  return kStatusOfError[static_cast<std::size_t>(kind)].status[operation_of(request)];
}

Command response_to(const Command& request, std::uint16_t status) {
  Command response;
  response.field =
      static_cast<CommandField>(static_cast<std::uint16_t>(request.field) | std::uint16_t{0x8000});
  response.message_id = request.message_id;
  response.sop_class_uid = request.sop_class_uid;
  response.sop_instance_uid = request.sop_instance_uid;
  response.event_type_id = request.event_type_id;
  response.action_type_id = request.action_type_id;
  response.status = status;
  return response;
}

Command failure_response(const Command& request, const Error& error) {
  const std::uint16_t status = says_invalid_instance(request.field, error)
                                   ? status::kInvalidSopInstance
                                   : status_of(request.field, error.kind);
  Command response = response_to(request, status);
  response.error_comment = error.message;
  if (error.tag) response.offending_elements.push_back(*error.tag);
  return response;
}

}  // namespace pacs::network
