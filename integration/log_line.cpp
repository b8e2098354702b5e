#include "integration/log_line.h"

#include <cstdint>
#include <iterator>

namespace pacs::integration {
namespace {

/// Length of the printable UTF-8 character at the front of `text`; 0 if there is none: malformed,
/// overlong, a surrogate, or a control character (C0, DEL, C1).
std::size_t printable_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7F ? 1 : 0;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xC2 && byte(1) < 0xA0) return 0;   // C1 controls
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;   // overlong
  if (lead == 0xED && byte(1) >= 0xA0) return 0;  // surrogates
  if (lead == 0xF0 && byte(1) < 0x90) return 0;   // overlong
  if (lead == 0xF4 && byte(1) >= 0x90) return 0;  // above U+10FFFF
  return length;
}

void append(LineBuffer& to, std::string_view text) {
  to.append(text.data(), text.data() + text.size());
}

/// Appends `text` escaped: `quoted` escapes quote and backslash, `json` uses only JSON's escapes.
void append_escaped(LineBuffer& to, std::string_view text, bool quoted, bool json) {
  const bool cut = text.size() > kLogValueBytesMax;
  if (cut) text = text.substr(0, kLogValueBytesMax);
  while (!text.empty()) {
    const std::size_t length = printable_length(text);
    const char c = text.front();
    if (length == 0) {
      const auto byte = static_cast<std::uint8_t>(c);
      if (c == '\n')
        append(to, "\\n");
      else if (c == '\r')
        append(to, "\\r");
      else if (c == '\t')
        append(to, "\\t");
      else if (!json)
        fmt::format_to(std::back_inserter(to), "\\x{:02x}", byte);
      else if (byte < 0x80)
        fmt::format_to(std::back_inserter(to), "\\u{:04x}", byte);
      else
        append(to, "\\ufffd");
      text.remove_prefix(1);
      continue;
    }
    if (quoted && (c == '"' || c == '\\')) to.push_back('\\');
    append(to, text.substr(0, length));
    text.remove_prefix(length);
  }
  if (cut) append(to, "...");
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (c == ' ' || c == '"' || c == '=' || c == '\\' || static_cast<std::uint8_t>(c) < 0x20)
      return true;
  }
  return false;
}

}  // namespace

void compose_text(LineBuffer& to, std::string_view trace_id, std::string_view message,
                  std::initializer_list<LogField> fields) {
  if (!trace_id.empty()) {
    to.push_back('[');
    append_escaped(to, trace_id, false, false);
    append(to, "] ");
  }
  append_escaped(to, message, false, false);
  for (const auto& [key, value] : fields) {
    to.push_back(' ');
    append(to, key);
    to.push_back('=');
    const bool quoted = needs_quotes(value);
    if (quoted) to.push_back('"');
    append_escaped(to, value, quoted, false);
    if (quoted) to.push_back('"');
  }
}

void compose_json(LineBuffer& to, std::string_view trace_id, std::string_view message,
                  std::initializer_list<LogField> fields) {
  const auto member = [&](std::string_view key, std::string_view value) {
    to.push_back('"');
    append_escaped(to, key, true, true);
    append(to, "\":\"");
    append_escaped(to, value, true, true);
    to.push_back('"');
  };
  if (!trace_id.empty()) {
    member("id", trace_id);
    to.push_back(',');
  }
  member("message", message);
  for (const auto& [key, value] : fields) {
    to.push_back(',');
    member(key, value);
  }
}

}  // namespace pacs::integration
