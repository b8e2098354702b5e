// Command sets: Implicit VR Little Endian, group 0000, flat (PS3.7 §6.3.1). The decoder and the
// encoder walk the same table.
#include "network/dimse/command.h"

#include <algorithm>
#include <bitset>

#include <fmt/format.h>

#include "core/text.h"
#include "network/dimse/command_table.h"
#include "network/pdu/pdu.h"

namespace pacs::network {
namespace {

// PS3.7 Table E.1-1: "set to the value of 0101H if no Data Set is present; any other value
// indicates a Data Set is included".
constexpr std::uint16_t kNoDataSet = 0x0101;
constexpr std::uint16_t kDataSetPresent = 0x0000;
constexpr std::size_t kElementHeaderBytes = 8;
constexpr std::size_t kErrorCommentCharactersMax = 64;  // LO, PS3.5 Table 6.2-1
constexpr std::size_t kOffendingElementsMax = 1024;     // keeps answers to hostile peers small

/// Where the known elements lie in the command set.
struct FoundElements {
  std::array<ByteView, kCommandElements> value;
  std::array<std::uint64_t, kCommandElements> offset{};
  std::bitset<kCommandElements> present;
};

std::size_t index_of(std::uint16_t element) {
  const auto elements = command_elements();
  const auto found = std::ranges::lower_bound(elements, element, {}, &CommandElement::element);
  return found != elements.end() && found->element == element
             ? static_cast<std::size_t>(found - elements.begin())
             : kCommandElements;
}

Error malformed(std::string message, Tag tag, std::uint64_t offset) {
  return Error{ErrorKind::Malformed, std::move(message), tag, offset, {}};
}

// Elements we do not know (retired ones, group length) are skipped.
Result<FoundElements> find_elements(ByteView bytes) {
  FoundElements found;
  std::uint64_t offset = 0;
  while (offset < bytes.size()) {
    const ByteView rest = bytes.subspan(offset);
    if (rest.size() < kElementHeaderBytes) {
      return fail(
          Error{ErrorKind::Truncated, "command set ends inside an element header", {}, offset, {}});
    }
    const Tag tag{load<std::uint16_t>(rest.data(), ByteOrder::Little),
                  load<std::uint16_t>(rest.data() + 2, ByteOrder::Little)};
    const auto length = load<std::uint32_t>(rest.data() + 4, ByteOrder::Little);
    if (tag.group() != 0) {
      return fail(malformed("an element outside of group 0000 in a command set", tag, offset));
    }
    if (length > rest.size() - kElementHeaderBytes) {
      return fail(malformed(fmt::format("length {} passes the end of the command set", length), tag,
                            offset));
    }
    if (const std::size_t i = index_of(tag.element()); i < kCommandElements) {
      const bool again = found.present[i];
      if (again && command_elements()[i].weight == Weight::Needed) {
        return fail(malformed("the element comes twice", tag, offset));
      }
      if (!again) {
        found.present.set(i);
        found.value[i] = rest.subspan(kElementHeaderBytes, length);
        found.offset[i] = offset;
      }
    }
    offset += kElementHeaderBytes + length;
  }
  return found;
}

/// Stores one value into its member; the message when it is not what the VR allows.
struct ValueReader {
  Command& command;
  CommandVr vr;
  ByteView value;

  std::string_view operator()(std::string Command::*member) const {
    std::string_view text =
        vr == CommandVr::AE ? trimmed(as_text(value)) : trimmed_end(as_text(value));
    if (vr == CommandVr::UI && text.size() > kUidCharactersMax) {
      return "UID above 64 characters";
    }
    if (vr == CommandVr::AE && text.size() > kAeTitleCharacters) {
      return "AE title above 16 characters";
    }
    if (vr == CommandVr::LO) text = text.substr(0, kErrorCommentCharactersMax);
    command.*member = text;
    return {};
  }
  std::string_view operator()(std::uint16_t Command::*member) const {
    std::uint16_t number = 0;
    const std::string_view wrong = read_number(number);
    if (wrong.empty()) command.*member = number;
    return wrong;
  }
  std::string_view operator()(std::optional<std::uint16_t> Command::*member) const {
    if (value.empty()) return {};  // sent empty: as good as absent
    std::uint16_t number = 0;
    const std::string_view wrong = read_number(number);
    if (wrong.empty()) command.*member = number;
    return wrong;
  }
  std::string_view operator()(CommandField Command::*member) const {
    std::uint16_t number = 0;
    const std::string_view wrong = read_number(number);
    command.*member = static_cast<CommandField>(number);
    return wrong;
  }
  std::string_view operator()(bool Command::*member) const {
    std::uint16_t number = 0;
    const std::string_view wrong = read_number(number);
    command.*member = number != kNoDataSet;
    return wrong;
  }
  std::string_view operator()(std::vector<Tag> Command::*member) const {
    if (value.size() % 4 != 0) return "list of tags whose length is not a multiple of 4";
    for (std::size_t i = 0; i < value.size(); i += 4) {
      (command.*member)
          .emplace_back(load<std::uint16_t>(value.data() + i, ByteOrder::Little),
                        load<std::uint16_t>(value.data() + i + 2, ByteOrder::Little));
    }
    return {};
  }

 private:
  std::string_view read_number(std::uint16_t& number) const {
    if (value.size() != 2) return "number that is not two bytes long";
    number = load<std::uint16_t>(value.data(), ByteOrder::Little);
    return {};
  }
};

/// Reads what `row` allows and is there. The first wrong value ends it, unless it is only told.
Result<> read_elements(const FoundElements& found, const CommandRow& row, Command& command) {
  for (std::size_t i = 0; i < kCommandElements; ++i) {
    if (row.presence[i] == Presence::None || !found.present[i]) continue;
    const CommandElement& element = command_elements()[i];
    const std::string_view wrong =
        std::visit(ValueReader{command, element.vr, found.value[i]}, element.member);
    if (wrong.empty()) continue;
    std::string what = fmt::format("{} of {}: {}", element.keyword, row.name, wrong);
    if (element.weight == Weight::Needed) {
      return fail(malformed(std::move(what), element.tag(), found.offset[i]));
    }
    if (!command.ignored.empty()) command.ignored += "; ";
    command.ignored += what;
  }
  return {};
}

Result<> check_mandatory(const FoundElements& found, const CommandRow& row,
                         const Command& command) {
  for (std::size_t i = 0; i < kCommandElements; ++i) {
    const CommandElement& element = command_elements()[i];
    if (row.presence[i] != Presence::M || element.weight == Weight::Told) continue;
    const bool empty_text = element.vr == CommandVr::UI || element.vr == CommandVr::AE
                                ? trimmed_end(as_text(found.value[i])).empty()
                                : found.value[i].empty();
    if (!found.present[i] || empty_text) {
      return fail(Error{ErrorKind::Malformed,
                        fmt::format("{} without {}", row.name, element.keyword),
                        element.tag(),
                        {},
                        {}});
    }
  }
  if ((row.data_set == DataSetRule::Always && !command.has_data_set) ||
      (row.data_set == DataSetRule::None && command.has_data_set)) {
    return fail(Error{ErrorKind::Malformed,
                      fmt::format("{} {} a data set", row.name,
                                  command.has_data_set ? "may not have" : "must have"),
                      Tag{0x0000, 0x0800},
                      {},
                      {}});
  }
  return {};
}

Result<CommandField> read_field(const FoundElements& found) {
  static const std::size_t kIndex = index_of(0x0100);
  if (!found.present[kIndex] || found.value[kIndex].size() != 2) {
    return fail(Error{
        ErrorKind::Malformed, "command set without a Command Field", Tag{0x0000, 0x0100}, {}, {}});
  }
  return static_cast<CommandField>(
      load<std::uint16_t>(found.value[kIndex].data(), ByteOrder::Little));
}

void append_header(Bytes& to, Tag tag, std::size_t length) {
  append(to, tag.group(), ByteOrder::Little);
  append(to, tag.element(), ByteOrder::Little);
  append(to, static_cast<std::uint32_t>(length), ByteOrder::Little);
}

/// What an error comment may hold (LO, default repertoire): without the section sign of our own
/// texts ("PS3.5 9.1"), and with '?' for every other letter outside.
std::string error_comment(std::string_view text) {
  constexpr std::string_view kSectionSign = "§";
  std::string comment;
  while (!text.empty() && comment.size() < kErrorCommentCharactersMax) {
    if (text.starts_with(kSectionSign)) {
      text.remove_prefix(kSectionSign.size());
      continue;
    }
    const char c = text.front();
    const bool continues_a_letter = (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
    if (!continues_a_letter) comment += c < ' ' || c > '~' || c == '\\' ? '?' : c;
    text.remove_prefix(1);
  }
  return std::string{trimmed(comment)};
}

struct ValueWriter {
  Bytes& to;
  const Command& command;
  const CommandElement& element;
  bool mandatory;

  void operator()(std::string Command::*member) const {
    const std::string& held = command.*member;
    const std::string text = element.vr == CommandVr::LO ? error_comment(held) : held;
    if (text.empty() && !mandatory) return;
    append_header(to, element.tag(), text.size() + text.size() % 2);
    append(to, as_bytes(text));
    // PS3.5 §6.2: UIDs are made even with a NUL, text with a space.
    if (text.size() % 2 != 0) {
      to.push_back(element.vr == CommandVr::UI ? std::byte{0} : std::byte{' '});
    }
  }
  void operator()(std::uint16_t Command::*member) const { number(command.*member); }
  void operator()(std::optional<std::uint16_t> Command::*member) const {
    if (command.*member || mandatory) number((command.*member).value_or(0));
  }
  void operator()(CommandField Command::*member) const {
    number(static_cast<std::uint16_t>(command.*member));
  }
  void operator()(bool Command::*member) const {
    number(command.*member ? kDataSetPresent : kNoDataSet);
  }
  void operator()(std::vector<Tag> Command::*member) const {
    const std::vector<Tag>& tags = command.*member;
    if (tags.empty() && !mandatory) return;
    const std::size_t count = std::min(tags.size(), kOffendingElementsMax);
    append_header(to, element.tag(), count * 4);
    for (std::size_t i = 0; i < count; ++i) {
      append(to, tags[i].group(), ByteOrder::Little);
      append(to, tags[i].element(), ByteOrder::Little);
    }
  }

 private:
  void number(std::uint16_t value) const {
    append_header(to, element.tag(), 2);
    append(to, value, ByteOrder::Little);
  }
};

}  // namespace

Result<Command> decode_command(ByteView command_set) {
  PACS_TRY(const FoundElements found, find_elements(command_set));
  PACS_TRY(const CommandField field, read_field(found));
  const CommandRow& row = command_row(field);
  Command command;
  PACS_TRY(read_elements(found, row, command));
  PACS_TRY(check_mandatory(found, row, command));
  return command;
}

std::optional<Command> salvage_request(ByteView command_set) {
  const auto found = find_elements(command_set);
  if (!found) return std::nullopt;
  const auto field = read_field(*found);
  if (!field || is_response(*field) || *field == CommandField::CCancelRq) return std::nullopt;
  Command command;
  // Every value by itself: a wrong one must not hide the others.
  for (std::size_t i = 0; i < kCommandElements; ++i) {
    if (command_row(*field).presence[i] == Presence::None || !found->present[i]) continue;
    const CommandElement& element = command_elements()[i];
    const std::string_view wrong =
        std::visit(ValueReader{command, element.vr, found->value[i]}, element.member);
    const bool needed = element.element == 0x0110 || element.element == 0x0800;
    if (needed && !wrong.empty()) return std::nullopt;
  }
  const bool answerable = found->present[index_of(0x0110)] && found->present[index_of(0x0800)];
  return answerable ? std::optional{std::move(command)} : std::nullopt;
}

Bytes encode_command(const Command& command) {
  Bytes bytes;
  append_header(bytes, Tag{0x0000, 0x0000}, 4);
  append(bytes, std::uint32_t{0}, ByteOrder::Little);
  const std::size_t start = bytes.size();
  const CommandRow& row = command_row(command.field);
  for (std::size_t i = 0; i < kCommandElements; ++i) {
    if (row.presence[i] == Presence::None) continue;
    const CommandElement& element = command_elements()[i];
    std::visit(ValueWriter{bytes, command, element, row.presence[i] == Presence::M},
               element.member);
  }
  // Command Group Length: "the even number of bytes from the end of the value field to the
  // beginning of the next group" (PS3.7 Table E.1-1).
  store(bytes.data() + start - 4, static_cast<std::uint32_t>(bytes.size() - start),
        ByteOrder::Little);
  return bytes;
}

}  // namespace pacs::network
