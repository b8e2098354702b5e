// Which elements each DIMSE command has: PS3.7 §9.3 and §10.3 as one table.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "network/dimse/command.h"

namespace pacs::network {

/// M mandatory, U at the user's option or conditional, None: not of this command.
enum class Presence : std::uint8_t { None, M, U };
/// Whether a data set follows: Command Data Set Type (0000,0800).
enum class DataSetRule : std::uint8_t { None, Always, Maybe };

/// How the value of a command element is written (PS3.7 Table E.1-1).
enum class CommandVr : std::uint8_t { UI, US, AE, LO, AT };

/// Needed: a wrong value makes the command set wrong. Told: information on which nothing of ours
/// depends, so that a value that cannot be read is as good as absent.
enum class Weight : std::uint8_t { Needed, Told };

/// One element of group 0000 and the member of Command that holds it.
struct CommandElement {
  std::uint16_t element;
  std::string_view keyword;
  CommandVr vr;
  Weight weight;
  std::variant<std::string Command::*, std::uint16_t Command::*,
               std::optional<std::uint16_t> Command::*, std::vector<Tag> Command::*,
               CommandField Command::*, bool Command::*>
      member;
  [[nodiscard]] constexpr Tag tag() const { return Tag{0x0000, element}; }
};
inline constexpr std::size_t kCommandElements = 23;

struct CommandRow {
  CommandField field;
  std::string_view name;  ///< "C-STORE-RQ"
  DataSetRule data_set;
  std::array<Presence, kCommandElements> presence;  ///< in the order of command_elements()
};

/// In ascending tag order; group length is not among them.
[[nodiscard]] std::span<const CommandElement> command_elements();
[[nodiscard]] std::span<const CommandRow> command_rows();
/// The row of a command. For a field that the standard does not know, a row that reads whatever is
/// there, so that it can be answered (PS3.7 §C.5.23, unrecognized operation).
[[nodiscard]] const CommandRow& command_row(CommandField field);

}  // namespace pacs::network
