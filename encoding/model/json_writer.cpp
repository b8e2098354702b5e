// write_json: streamed into the string, element by element; no document is built.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include "encoding/model/base64.h"
#include "encoding/model/dicom_json.h"
#include "encoding/model/model_writer.h"

namespace pacs {
namespace {

/// RFC 8259 §6: whether the digits of a decimal string are a JSON number as they stand.
bool is_json_number(std::string_view text) {
  const auto digits = [&text] {
    const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(end);
    return end;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.starts_with('0')) {
    text.remove_prefix(1);
  } else if (digits() == 0) {
    return false;
  }
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

class JsonFormat {
 public:
  JsonFormat(std::string& to, bool pretty) : to_(to), pretty_(pretty) {}

  void open(char bracket) {
    to_ += bracket;
    ++indent_;
    empty_ = true;
  }
  void close(char bracket) {
    --indent_;
    if (!empty_) new_line();
    to_ += bracket;
    empty_ = false;
  }

  void begin_element(const DataSet&, const Element& element, VR vr, const CharacterSet&) {
    next();
    fmt::format_to(std::back_inserter(to_), "\"{:08X}\":{}", element.tag().value, space());
    fmt::format_to(std::back_inserter(to_), "{{\"vr\":{}\"{}\"", space(), to_string(vr));
  }
  void end_element(VR vr, std::size_t count) {
    if (count > 0 && vr == VR::SQ) {
      close(']');
    } else if (count > 0) {
      to_ += ']';
    }
    to_ += '}';
  }

  void begin_item(std::size_t number) {
    if (number == 1) {
      key("Value");
      open('[');
    }
    next();
    open('{');
  }
  void end_item() { close('}'); }

  void text(std::size_t number, VR vr, std::string_view value) {
    begin_value(number);
    if (value.empty()) {
      to_ += "null";  // PS3.18 §F.2.5: keeps the place among several values
    } else if (vr == VR::PN) {
      write_name(value);
    } else if (vr == VR::DS || vr == VR::IS) {
      write_decimal(value);
    } else {
      write_string(value);
    }
  }

  // Departs from PS3.18 Table F.2.3-1: JSON has no NaN and no infinity. They become strings, for
  // leaving a value out would move the others.
  void number(std::size_t number, std::string_view digits, bool plain) {
    begin_value(number);
    if (plain) {
      to_ += digits;
    } else {
      write_string(digits);
    }
  }

  void bulk_data(std::string_view uri) {
    key("BulkDataURI");
    write_string(uri);
  }
  void inline_binary(ByteView bytes) {
    key("InlineBinary");
    to_ += '"';
    append_base64(to_, bytes);
    to_ += '"';
  }

 private:
  void begin_value(std::size_t number) {
    if (number > 1) return comma();
    key("Value");
    to_ += '[';
  }

  // PS3.18 §F.2.2: "each component group is a member; empty ones are left out".
  void write_name(std::string_view name) {
    to_ += '{';
    bool first = true;
    for_each_name_group(name, [&](std::string_view group, std::string_view text) {
      if (!std::exchange(first, false)) comma();
      write_string(group);
      to_ += ':';
      to_ += space();
      write_string(text);
    });
    to_ += '}';
  }

  /// The digits as they stand where JSON allows, so that nothing is rounded.
  void write_decimal(std::string_view text) {
    double number = 0;
    const std::string_view unsigned_text = text.starts_with('+') ? text.substr(1) : text;
    const char* last = unsigned_text.data() + unsigned_text.size();
    const auto [end, error] = std::from_chars(unsigned_text.data(), last, number);
    if (error != std::errc{} || end != last || !std::isfinite(number) ||
        unsigned_text.starts_with('+')) {
      return write_string(text);  // PS3.18 Table F.2.3-1: DS and IS are "Number or String"
    }
    if (is_json_number(text)) {
      to_ += text;
    } else {
      append_shortest(to_, number);
    }
  }

  void write_string(std::string_view text) {
    to_ += '"';
    for (const char c : text) {
      switch (c) {
        case '"':
          to_ += "\\\"";
          break;
        case '\\':
          to_ += "\\\\";
          break;
        case '\n':
          to_ += "\\n";
          break;
        case '\r':
          to_ += "\\r";
          break;
        case '\t':
          to_ += "\\t";
          break;
        default:
          if (static_cast<unsigned char>(c) < 0x20) {
            fmt::format_to(std::back_inserter(to_), "\\u{:04x}", static_cast<unsigned>(c));
          } else {
            to_ += c;
          }
      }
    }
    to_ += '"';
  }

  void key(std::string_view name) {
    comma();
    write_string(name);
    to_ += ':';
    to_ += space();
  }

  [[nodiscard]] std::string_view space() const { return pretty_ ? " " : ""; }
  void comma() {
    to_ += ',';
    to_ += space();
  }
  /// The place of a member or item in the bracket that is open.
  void next() {
    if (!std::exchange(empty_, false)) to_ += ',';
    new_line();
  }
  void new_line() {
    if (!pretty_) return;
    to_ += '\n';
    to_.append(2 * indent_, ' ');
  }

  std::string& to_;
  bool pretty_;
  bool empty_ = true;  ///< nothing is in the bracket that is open
  std::size_t indent_ = 0;
};

}  // namespace

Result<> write_json(const DataSet& data_set, std::string& to, const ModelOptions& options) {
  JsonFormat format{to, options.pretty};
  format.open('{');
  ModelWriter{format, options}.write(data_set, CharacterSet{});
  format.close('}');
  return {};
}

}  // namespace pacs
