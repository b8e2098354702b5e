// PS3.7 Tables 9.3-1 to 9.3-13, 10.3-1 to 10.3-12 and E.1-1.
#include "network/dimse/command_table.h"

namespace pacs::network {
namespace {

constexpr Weight Needed = Weight::Needed;
constexpr Weight Told = Weight::Told;

// Told: medium when there is no readable Priority (PS3.7 Tables 9.1-1, 9.1-2, 9.1-3, 9.1-4: LOW,
// MEDIUM or HIGH; we serve all alike), whom a sub-operation of C-MOVE is for, how many there are,
// and why a request failed, which its Status says as well.
// clang-format off
constexpr CommandElement kElements[kCommandElements] = {
    {0x0002, "AffectedSOPClassUID",                  CommandVr::UI, Needed, &Command::sop_class_uid},
    {0x0003, "RequestedSOPClassUID",                 CommandVr::UI, Needed, &Command::sop_class_uid},
    {0x0100, "CommandField",                         CommandVr::US, Needed, &Command::field},
    {0x0110, "MessageID",                            CommandVr::US, Needed, &Command::message_id},
    {0x0120, "MessageIDBeingRespondedTo",            CommandVr::US, Needed, &Command::message_id},
    {0x0600, "MoveDestination",                      CommandVr::AE, Needed, &Command::move_destination},
    {0x0700, "Priority",                             CommandVr::US, Told,   &Command::priority},
    {0x0800, "CommandDataSetType",                   CommandVr::US, Needed, &Command::has_data_set},
    {0x0900, "Status",                               CommandVr::US, Needed, &Command::status},
    {0x0901, "OffendingElement",                     CommandVr::AT, Told,   &Command::offending_elements},
    {0x0902, "ErrorComment",                         CommandVr::LO, Told,   &Command::error_comment},
    {0x0903, "ErrorID",                              CommandVr::US, Told,   &Command::error_id},
    {0x1000, "AffectedSOPInstanceUID",               CommandVr::UI, Needed, &Command::sop_instance_uid},
    {0x1001, "RequestedSOPInstanceUID",              CommandVr::UI, Needed, &Command::sop_instance_uid},
    {0x1002, "EventTypeID",                          CommandVr::US, Needed, &Command::event_type_id},
    {0x1005, "AttributeIdentifierList",              CommandVr::AT, Needed, &Command::attribute_identifiers},
    {0x1008, "ActionTypeID",                         CommandVr::US, Needed, &Command::action_type_id},
    {0x1020, "NumberOfRemainingSuboperations",       CommandVr::US, Told,   &Command::remaining},
    {0x1021, "NumberOfCompletedSuboperations",       CommandVr::US, Told,   &Command::completed},
    {0x1022, "NumberOfFailedSuboperations",          CommandVr::US, Told,   &Command::failed},
    {0x1023, "NumberOfWarningSuboperations",         CommandVr::US, Told,   &Command::warning},
    {0x1030, "MoveOriginatorApplicationEntityTitle", CommandVr::AE, Told,   &Command::move_originator_ae},
    {0x1031, "MoveOriginatorMessageID",              CommandVr::US, Told,   &Command::move_originator_message_id},
};

constexpr Presence M = Presence::M;
constexpr Presence U = Presence::U;
constexpr Presence o = Presence::None;
constexpr DataSetRule Absent = DataSetRule::None;
constexpr DataSetRule Always = DataSetRule::Always;
constexpr DataSetRule Maybe = DataSetRule::Maybe;

// A response may carry Offending Element, Error Comment, Error ID and Attribute Identifier List
// whatever the operation: PS3.7 Annex C says with which status.
constexpr CommandRow kRows[] = {
// field                          name                      data set 0002 0003 0100 0110 0120 0600 0700 0800 0900 0901 0902 0903 1000 1001 1002 1005 1008 1020 1021 1022 1023 1030 1031
{CommandField::CStoreRq,         "C-STORE-RQ",            Always, {M,   o,   M,   M,   o,   o,   M,   M,   o,   o,   o,   o,   M,   o,   o,   o,   o,   o,   o,   o,   o,   U,   U}},
{CommandField::CStoreRsp,        "C-STORE-RSP",           Absent, {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   U,   o,   o,   U,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::CFindRq,          "C-FIND-RQ",             Always, {M,   o,   M,   M,   o,   o,   M,   M,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::CFindRsp,         "C-FIND-RSP",            Maybe,  {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   o,   o,   o,   U,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::CCancelRq,        "C-CANCEL-RQ",           Absent, {o,   o,   M,   o,   M,   o,   o,   M,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::CGetRq,           "C-GET-RQ",              Always, {M,   o,   M,   M,   o,   o,   M,   M,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::CGetRsp,          "C-GET-RSP",             Maybe,  {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   o,   o,   o,   U,   o,   U,   U,   U,   U,   o,   o}},
{CommandField::CMoveRq,          "C-MOVE-RQ",             Always, {M,   o,   M,   M,   o,   M,   M,   M,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::CMoveRsp,         "C-MOVE-RSP",            Maybe,  {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   o,   o,   o,   U,   o,   U,   U,   U,   U,   o,   o}},
{CommandField::CEchoRq,          "C-ECHO-RQ",             Absent, {M,   o,   M,   M,   o,   o,   o,   M,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::CEchoRsp,         "C-ECHO-RSP",            Absent, {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   o,   o,   o,   U,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::NEventReportRq,   "N-EVENT-REPORT-RQ",     Maybe,  {M,   o,   M,   M,   o,   o,   o,   M,   o,   o,   o,   o,   M,   o,   M,   o,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::NEventReportRsp,  "N-EVENT-REPORT-RSP",    Maybe,  {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   U,   o,   U,   U,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::NGetRq,           "N-GET-RQ",              Absent, {o,   M,   M,   M,   o,   o,   o,   M,   o,   o,   o,   o,   o,   M,   o,   U,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::NGetRsp,          "N-GET-RSP",             Maybe,  {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   U,   o,   o,   U,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::NSetRq,           "N-SET-RQ",              Always, {o,   M,   M,   M,   o,   o,   o,   M,   o,   o,   o,   o,   o,   M,   o,   o,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::NSetRsp,          "N-SET-RSP",             Maybe,  {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   U,   o,   o,   U,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::NActionRq,        "N-ACTION-RQ",           Maybe,  {o,   M,   M,   M,   o,   o,   o,   M,   o,   o,   o,   o,   o,   M,   o,   o,   M,   o,   o,   o,   o,   o,   o}},
{CommandField::NActionRsp,       "N-ACTION-RSP",          Maybe,  {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   U,   o,   o,   U,   U,   o,   o,   o,   o,   o,   o}},
{CommandField::NCreateRq,        "N-CREATE-RQ",           Maybe,  {M,   o,   M,   M,   o,   o,   o,   M,   o,   o,   o,   o,   U,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::NCreateRsp,       "N-CREATE-RSP",          Maybe,  {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   U,   o,   o,   U,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::NDeleteRq,        "N-DELETE-RQ",           Absent, {o,   M,   M,   M,   o,   o,   o,   M,   o,   o,   o,   o,   o,   M,   o,   o,   o,   o,   o,   o,   o,   o,   o}},
{CommandField::NDeleteRsp,       "N-DELETE-RSP",          Absent, {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   U,   o,   o,   U,   o,   o,   o,   o,   o,   o,   o}},
};

// What is read of, and written for, commands that no table describes.
constexpr CommandRow kUnknownRequest =
{CommandField{},                 "unknown request",       Maybe,  {U,   U,   M,   M,   o,   o,   U,   M,   o,   o,   o,   o,   U,   U,   o,   o,   o,   o,   o,   o,   o,   o,   o}};
constexpr CommandRow kUnknownResponse =
{CommandField{0x8000},           "unknown response",      Maybe,  {U,   o,   M,   o,   M,   o,   o,   M,   M,   U,   U,   U,   U,   o,   o,   o,   o,   o,   o,   o,   o,   o,   o}};
// clang-format on

}  // namespace

std::span<const CommandElement> command_elements() {
  return kElements;
}
std::span<const CommandRow> command_rows() {
  return kRows;
}

const CommandRow& command_row(CommandField field) {
  for (const CommandRow& row : kRows) {
    if (row.field == field) return row;
  }
  return is_response(field) ? kUnknownResponse : kUnknownRequest;
}

std::string_view to_string(CommandField field) {
  return command_row(field).name;
}

}  // namespace pacs::network
