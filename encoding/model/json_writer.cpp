// write_json: streamed into the string, element by element; no document is built.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include "core/dicom_tags.h"
#include "encoding/character_set.h"
#include "encoding/model/base64.h"
#include "encoding/model/dicom_json.h"
#include "encoding/model/model_values.h"

namespace pacs {
namespace {

// Above it a JSON number does not survive readers that use doubles; PS3.18 Table F.2.3-1 allows SV
// and UV as strings.
constexpr std::uint64_t kExactInDouble = 1ULL << 53;

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

class JsonWriter {
 public:
  JsonWriter(std::string& to, const JsonOptions& options) : to_(to), options_(options) {}

  void write(const DataSet& data_set, const CharacterSet& outer) {
    const Element* named = data_set.find(tags::SpecificCharacterSet);
    const CharacterSet own = named != nullptr ? CharacterSet::of(data_set) : CharacterSet{};
    const CharacterSet& charset = named != nullptr ? own : outer;  // PS3.5 §7.5.3: items inherit it
    open('{');
    bool first = true;
    for (const Element& element : data_set) {
      if (element.tag().is_group_length()) continue;  // PS3.18 §F.2.2
      next(first);
      write(element, charset);
    }
    close('}', first);
  }

 private:
  void write(const Element& element, const CharacterSet& charset) {
    fmt::format_to(std::back_inserter(to_), "\"{:08X}\":{}", element.tag().value, space());
    // UN that was read as a sequence is one; with VR UN it could have no Value.
    const bool sequence = element.form() == Element::Form::Sequence;
    const VR vr = sequence ? VR::SQ : element.vr();
    fmt::format_to(std::back_inserter(to_), "{{\"vr\":{}\"{}\"", space(), to_string(vr));
    if (sequence) {
      write_items(element, charset);
    } else {
      write_value(element, charset);
    }
    to_ += '}';
  }

  void write_items(const Element& element, const CharacterSet& charset) {
    if (element.items().empty()) return;
    key("Value");
    open('[');
    bool first = true;
    for (const Item& item : element.items()) {
      next(first);
      write(item.data_set, charset);
    }
    close(']', first);
  }

  void write_value(const Element& element, const CharacterSet& charset) {
    const VRInfo& row = info(element.vr());
    const bool binary = row.kind == VRKind::Bytes || row.kind == VRKind::Sequence;
    if (binary || element.form() != Element::Form::Value) return write_binary(element);
    if (element.value().empty()) return;  // PS3.18 §F.2.5: neither Value nor BulkDataURI
    if (row.kind == VRKind::Text) return write_texts(element, charset);
    const std::size_t count = element.value_count();
    if (count == 0) return;
    key("Value");
    to_ += '[';
    for (std::size_t index = 0; index < count; ++index) {
      if (index > 0) comma();
      write_number(element, index);
    }
    to_ += ']';
  }

  // PS3.18 §F.2.6 and §F.2.7.
  void write_binary(const Element& element) {
    const bool inside = element.form() == Element::Form::Value;
    const bool large = !inside || element.tag() == kPixelData ||
                       element.value().size() > options_.inline_bytes_max;
    if (large && options_.bulk_data_uri) {
      if (const std::string uri = options_.bulk_data_uri(element); !uri.empty()) {
        key("BulkDataURI");
        return write_string(uri);
      }
    }
    if (element.form() == Element::Form::Bulk || (inside && element.value().empty())) return;
    key("InlineBinary");
    to_ += '"';
    append_base64(to_, bytes_for_model(element));
    to_ += '"';
  }

  void write_texts(const Element& element, const CharacterSet& charset) {
    bool first = true;
    for_each_text(element, charset, [&](std::string_view value) {
      if (first) {
        key("Value");
        to_ += '[';
      } else {
        comma();
      }
      first = false;
      write_text(value, element.vr());
    });
    if (!first) to_ += ']';
  }

  void write_text(std::string_view value, VR vr) {
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
      write_float(number);
    }
  }

  void write_number(const Element& element, std::size_t index) {
    const std::byte* at = element.value().data() + index * info(element.vr()).unit_bytes;
    const ByteOrder order = element.byte_order();
    switch (element.vr()) {
      case VR::FL:
        return write_float(load<float>(at, order));
      case VR::FD:
        return write_float(load<double>(at, order));
      case VR::US:
        return write_integer(load<std::uint16_t>(at, order));
      case VR::SS:
        return write_integer(load<std::int16_t>(at, order));
      case VR::UL:
        return write_integer(load<std::uint32_t>(at, order));
      case VR::SL:
        return write_integer(load<std::int32_t>(at, order));
      case VR::UV:
        return write_large(load<std::uint64_t>(at, order), false);
      case VR::SV: {
        const auto number = load<std::int64_t>(at, order);
        const auto magnitude = static_cast<std::uint64_t>(number);
        return write_large(number < 0 ? 0 - magnitude : magnitude, number < 0);
      }
      default:
        break;
    }
    const std::byte* tag = element.value().data() + index * 4;
    fmt::format_to(std::back_inserter(to_), "\"{:04X}{:04X}\"", load<std::uint16_t>(tag, order),
                   load<std::uint16_t>(tag + 2, order));
  }

  template <typename Integer>
  void write_integer(Integer number) {
    fmt::format_to(std::back_inserter(to_), "{}", number);
  }

  void write_large(std::uint64_t magnitude, bool negative) {
    const char* quote = magnitude > kExactInDouble ? "\"" : "";
    fmt::format_to(std::back_inserter(to_), "{}{}{}{}", quote, negative ? "-" : "", magnitude,
                   quote);
  }

  template <typename Float>
  void write_float(Float number) {
    // Departs from PS3.18 Table F.2.3-1: JSON has no such numbers, and leaving a value out would
    // move the others.
    if (std::isnan(number)) return write_string("NaN");
    if (std::isinf(number)) return write_string(number > 0 ? "inf" : "-inf");
    append_shortest(to_, number);
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

  [[nodiscard]] std::string_view space() const { return options_.pretty ? " " : ""; }
  void comma() {
    to_ += ',';
    to_ += space();
  }
  void open(char bracket) {
    to_ += bracket;
    ++indent_;
  }
  void next(bool& first) {
    if (!std::exchange(first, false)) to_ += ',';
    new_line();
  }
  void close(char bracket, bool empty) {
    --indent_;
    if (!empty) new_line();
    to_ += bracket;
  }
  void new_line() {
    if (!options_.pretty) return;
    to_ += '\n';
    to_.append(2 * indent_, ' ');
  }

  std::string& to_;
  const JsonOptions& options_;
  std::size_t indent_ = 0;
};

}  // namespace

Result<> write_json(const DataSet& data_set, std::string& to, const JsonOptions& options) {
  JsonWriter{to, options}.write(data_set, CharacterSet{});
  return {};
}

}  // namespace pacs
