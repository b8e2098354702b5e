#include "core/dicom_print.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/uid_registry.h"

namespace pacs {
namespace {

constexpr std::size_t kValueColumn = 40;  // dcmdump pads values so that comments align

class Printer {
 public:
  Printer(const std::function<void(std::string_view)>& sink, const PrintOptions& options)
      : sink_(sink), options_(options) {}

  void data_set(const DataSet& data_set, const TextDecoder& inherited, std::size_t depth);

 private:
  void element(const Element& element, const DataSet& in, const TextDecoder& decode,
               std::size_t depth);
  void sequence(const Element& element, const TextDecoder& decode, std::size_t depth);
  void fragments(const Element& element, std::size_t depth);
  void line(std::size_t depth, Tag tag, std::string_view vr, std::string_view value,
            std::string_view length, std::size_t vm, std::string_view name);

  [[nodiscard]] std::string value_of(const Element& element, const TextDecoder& decode) const;
  [[nodiscard]] std::string text_of(const Element& element, const TextDecoder& decode) const;
  [[nodiscard]] std::string numbers_of(const Element& element) const;
  [[nodiscard]] std::string bytes_of(ByteView bytes, std::size_t unit, ByteOrder order) const;
  [[nodiscard]] std::size_t columns() const {
    return options_.value_columns_max == 0 ? SIZE_MAX : options_.value_columns_max;
  }

  const std::function<void(std::string_view)>& sink_;
  const PrintOptions& options_;
};

/// Whether the text from `at` on begins with a character beyond ASCII that is whole and no control
/// character; its length in bytes then, else 0.
std::size_t wide_character(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[at + i]) & 0xC0) != 0x80) return 0;
  }
  // U+0080 to U+009F are control characters too: terminals act on some.
  if (lead == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0) return 0;
  return length;
}

/// Printable text in brackets; `utf8` tells whether bytes beyond ASCII are known to be UTF-8. Cut
/// to `columns`, without the closing bracket then.
std::string bracketed(std::string_view text, bool utf8, std::size_t columns) {
  std::string out = "[";
  std::size_t shown = 0;
  for (std::size_t at = 0; at < text.size(); ++shown) {
    if (shown >= columns) return out + "...";
    const char c = text[at];
    const std::size_t wide = utf8 ? wide_character(text, at) : 0;
    if (wide != 0) {
      out.append(text.substr(at, wide));
      at += wide;
      continue;
    }
    if (c >= ' ' && c < 0x7F)
      out += c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    ++at;
  }
  return out + "]";
}

// As dcmdump names elements: the keyword; where there is none, the name without its spaces.
std::string name_of(Tag tag, std::string_view creator) {
  std::string name;
  if (const DictionaryEntry* entry = lookup(tag)) {
    if (!entry->keyword.empty()) return std::string{entry->keyword};
    name = entry->name;
  } else if (const auto known = lookup_private(tag, creator)) {
    name = known->name;
  } else {
    return "Unknown Tag & Data";
  }
  std::erase(name, ' ');
  return name;
}

void Printer::line(std::size_t depth, Tag tag, std::string_view vr, std::string_view value,
                   std::string_view length, std::size_t vm, std::string_view name) {
  sink_(fmt::format("{:{}}{} {} {:<{}} # {:>3},{:>2} {}", "", depth * 2, tag.to_string(), vr, value,
                    kValueColumn, length, vm, name));
}

std::string Printer::bytes_of(ByteView bytes, std::size_t unit, ByteOrder order) const {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += unit) {
    if (text.size() >= columns()) return text + "...";
    if (at != 0) text += '\\';
    if (bytes.size() - at < unit) {  // an incomplete number at the end: its bytes
      for (const std::byte b : bytes.subspan(at)) text += fmt::format("{:02x}", b);
      break;
    }
    const std::byte* from = bytes.data() + at;
    switch (unit) {
      case 1:
        text += fmt::format("{:02x}", *from);
        break;
      case 2:
        text += fmt::format("{:04x}", load<std::uint16_t>(from, order));
        break;
      case 4:
        text += fmt::format("{:08x}", load<std::uint32_t>(from, order));
        break;
      default:
        text += fmt::format("{:016x}", load<std::uint64_t>(from, order));
        break;
    }
  }
  return text;
}

std::string Printer::numbers_of(const Element& element) const {
  std::string text;
  const std::size_t count = element.value_count();
  const VRInfo& row = info(element.vr());
  for (std::size_t i = 0; i < count; ++i) {
    if (text.size() >= columns()) return text + "...";
    if (i != 0) text += '\\';
    const std::byte* at = element.value().data() + i * row.unit_bytes;
    if (row.kind == VRKind::Tag) {
      text += Tag{static_cast<std::uint32_t>(element.integer(i).value_or(0))}.to_string();
    } else if (element.vr() == VR::FL) {
      text += fmt::format("{}", load<float>(at, element.byte_order()));
    } else if (element.vr() == VR::FD) {
      text += fmt::format("{}", load<double>(at, element.byte_order()));
    } else if (element.vr() == VR::UV) {
      text += fmt::format("{}", load<std::uint64_t>(at, element.byte_order()));
    } else {
      text += fmt::format("{}", element.integer(i).value_or(0));
    }
  }
  return text;
}

std::string Printer::text_of(const Element& element, const TextDecoder& decode) const {
  const std::string_view stored = element.text();
  if (element.vr() == VR::UI && options_.uid_names) {
    const UidEntry* entry = find_uid(stored);
    if (entry != nullptr && !entry->keyword.empty()) return fmt::format("={}", entry->keyword);
  }
  if (decode && info(element.vr()).charset_dependent) {
    return bracketed(decode(stored, element.vr()), true, columns());
  }
  return bracketed(stored, false, columns());
}

std::string Printer::value_of(const Element& element, const TextDecoder& decode) const {
  if (element.form() == Element::Form::Bulk) {
    return fmt::format("(bulk data at {})", element.bulk()->offset);
  }
  if (element.value().empty()) return "(no value available)";
  const VRInfo& row = info(element.vr());
  switch (row.kind) {
    case VRKind::Text:
      return text_of(element, decode);
    case VRKind::Bytes:
      if (element.vr() == VR::OF || element.vr() == VR::OD) break;
      return bytes_of(element.value(), row.unit_bytes, element.byte_order());
    case VRKind::Sequence:
      return bytes_of(element.value(), 1, element.byte_order());
    default:
      if (element.value_count() > 0) return numbers_of(element);
      return bytes_of(element.value(), 1, element.byte_order());
  }
  std::string text;
  const std::size_t count = element.value().size() / row.unit_bytes;
  for (std::size_t i = 0; i < count; ++i) {
    if (text.size() >= columns()) return text + "...";
    if (i != 0) text += '\\';
    text += fmt::format("{}", element.number(i).value_or(0));
  }
  return text;
}

void Printer::sequence(const Element& element, const TextDecoder& decode, std::size_t depth) {
  for (const Item& item : element.items()) {
    line(depth, kItem, "na",
         fmt::format("(Item with {} length #={})", item.undefined_length ? "undefined" : "explicit",
                     item.data_set.size()),
         item.undefined_length ? "u/l" : "-", 1, "Item");
    data_set(item.data_set, decode, depth + 1);
    line(
        depth, kItemDelimitation, "na",
        item.undefined_length ? "(ItemDelimitationItem)" : "(ItemDelimitationItem for re-encoding)",
        "0", 0, "ItemDelimitationItem");
  }
  line(depth - 1, kSequenceDelimitation, "na",
       element.undefined_length() ? "(SequenceDelimitationItem)"
                                  : "(SequenceDelimitationItem for re-encod.)",
       "0", 0, "SequenceDelimitationItem");
}

void Printer::fragments(const Element& element, std::size_t depth) {
  const Fragments& pixels = *element.fragments();
  const auto item = [&](ByteView bytes) {
    const std::string value =
        bytes.empty() ? "(no value available)" : bytes_of(bytes, 1, ByteOrder::Little);
    line(depth, kItem, "pi", value, std::to_string(bytes.size()), 1, "Item");
  };
  item(pixels.basic_offset_table);
  for (const ByteView fragment : pixels.fragments) item(fragment);
  line(depth - 1, kSequenceDelimitation, "na", "(SequenceDelimitationItem)", "0", 0,
       "SequenceDelimitationItem");
}

void Printer::element(const Element& element, const DataSet& in, const TextDecoder& decode,
                      std::size_t depth) {
  const std::string name = name_of(element.tag(), in.private_creator(element.tag()));
  const std::string_view vr = to_string(element.vr());
  const std::size_t count = element.value_count();
  switch (element.form()) {
    case Element::Form::Sequence:
      line(depth, element.tag(), vr,
           fmt::format("(Sequence with {} length #={})",
                       element.undefined_length() ? "undefined" : "explicit", count),
           element.undefined_length() ? "u/l" : "-", 1, name);
      return sequence(element, decode, depth + 1);
    case Element::Form::Fragments:
      line(depth, element.tag(), vr,
           fmt::format("(PixelSequence #={})", element.fragments()->fragments.size() + 1), "u/l", 1,
           name);
      return fragments(element, depth + 1);
    case Element::Form::Bulk:
      return line(depth, element.tag(), vr, value_of(element, decode),
                  std::to_string(element.bulk()->length), 1, name);
    case Element::Form::Value:
      return line(depth, element.tag(), vr, value_of(element, decode),
                  std::to_string(element.value().size()), count, name);
  }
}

void Printer::data_set(const DataSet& data_set, const TextDecoder& inherited, std::size_t depth) {
  // PS3.5 §7.5.3: an item without its own Specific Character Set has that of the data set around
  // it.
  const Element* character_set = data_set.find(tags::SpecificCharacterSet);
  const bool own = options_.decoder_for && (character_set != nullptr || depth == 0);
  const TextDecoder decode =
      own ? options_.decoder_for(character_set != nullptr ? character_set->text() : "") : inherited;
  for (const Element& one : data_set) element(one, data_set, decode, depth);
}

}  // namespace

void print(const DataSet& data_set, const std::function<void(std::string_view)>& sink,
           const PrintOptions& options) {
  Printer{sink, options}.data_set(data_set, {}, 0);
}

std::string print(const DataSet& data_set, const PrintOptions& options) {
  std::string all;
  print(
      data_set, [&all](std::string_view line) { all.append(line).append("\n"); }, options);
  return all;
}

}  // namespace pacs
