// DIMSE commands (PS3.7 §9.3, §10.3, Annex E): the command set as one struct, its decoder and
// encoder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "core/tag.h"

namespace pacs::network {

/// Command Field (0000,0100), PS3.7 Table E.1-1; a response is its request with 8000H set.
enum class CommandField : std::uint16_t {
  CStoreRq = 0x0001,
  CStoreRsp = 0x8001,
  CGetRq = 0x0010,
  CGetRsp = 0x8010,
  CFindRq = 0x0020,
  CFindRsp = 0x8020,
  CMoveRq = 0x0021,
  CMoveRsp = 0x8021,
  CEchoRq = 0x0030,
  CEchoRsp = 0x8030,
  NEventReportRq = 0x0100,
  NEventReportRsp = 0x8100,
  NGetRq = 0x0110,
  NGetRsp = 0x8110,
  NSetRq = 0x0120,
  NSetRsp = 0x8120,
  NActionRq = 0x0130,
  NActionRsp = 0x8130,
  NCreateRq = 0x0140,
  NCreateRsp = 0x8140,
  NDeleteRq = 0x0150,
  NDeleteRsp = 0x8150,
  CCancelRq = 0x0FFF,
};
[[nodiscard]] constexpr bool is_response(CommandField f) {
  return (static_cast<std::uint16_t>(f) & 0x8000) != 0;
}
/// "C-STORE-RQ", for logs and metric labels.
[[nodiscard]] std::string_view to_string(CommandField field);

/// A command set. Absent elements are nullopt or empty. UIDs are without padding.
struct Command {
  CommandField field{};
  std::uint16_t message_id =
      0;  ///< Message ID, or Message ID Being Responded To in responses and C-CANCEL
  std::string sop_class_uid;     ///< Affected or Requested SOP Class UID, whichever the command has
  std::string sop_instance_uid;  ///< Affected or Requested SOP Instance UID
  bool has_data_set = false;     ///< Command Data Set Type is not 0101H
  std::optional<std::uint16_t> priority{};
  std::optional<std::uint16_t> status{};
  std::string move_destination;
  std::string move_originator_ae;
  std::optional<std::uint16_t> move_originator_message_id{};
  std::optional<std::uint16_t> remaining{}, completed{}, failed{}, warning{};  ///< sub-operations
  std::string error_comment;  ///< LO, cut to 64 characters when written
  std::vector<Tag> offending_elements;
  std::optional<std::uint16_t> error_id{}, event_type_id{}, action_type_id{};
  std::vector<Tag> attribute_identifiers;
  std::string ignored;  ///< which information could not be read, in words; not written
};

/// Reads a whole command set (Implicit VR LE, PS3.7 §6.3.1). Errors: Malformed with the offending
/// tag when an element that the command's table requires is missing or has a wrong value. What is
/// only information (PS3.7 Table 9.1-1: Priority, Move Originator, ...) may be missing or wrong:
/// `ignored` says what was.
/// A Command Field that the standard does not know is no error: the caller answers it
/// (status::kUnrecognizedOperation).
[[nodiscard]] Result<Command> decode_command(ByteView command_set);
/// For a request that decode_command refused: as much of it as a response needs (command field,
/// message id, whether a data set follows). nullopt when not even that can be read.
[[nodiscard]] std::optional<Command> salvage_request(ByteView command_set);
/// Writes it with group length, elements in the order and presence of the command's table.
[[nodiscard]] Bytes encode_command(const Command& command);

}  // namespace pacs::network
