// write_xml: streamed into the string, element by element.
#include <fmt/format.h>

#include <iterator>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/person_name.h"
#include "encoding/model/base64.h"
#include "encoding/model/dicom_xml.h"
#include "encoding/model/model_values.h"

namespace pacs {
namespace {

class XmlWriter {
 public:
  XmlWriter(std::string& to, const XmlOptions& options) : to_(to), options_(options) {}

  void document(const DataSet& data_set) {
    // PS3.19 §A.1.5: spaces in values count.
    to_ +=
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NativeDicomModel xml:space=\"preserve\">\n";
    write(data_set, CharacterSet{});
    to_ += "</NativeDicomModel>\n";
  }

 private:
  void write(const DataSet& data_set, const CharacterSet& outer) {
    const bool named = data_set.contains(tags::SpecificCharacterSet);
    const CharacterSet charset = named ? CharacterSet::of(data_set) : outer;  // PS3.5 §7.5.3
    for (const Element& element : data_set) {
      if (element.tag().is_group_length()) continue;
      open_attribute(data_set, element, charset);
      if (element.form() == Element::Form::Sequence) {
        write_items(element, charset);
      } else {
        write_value(element, charset);
      }
      to_ += "</DicomAttribute>\n";
    }
  }

  // PS3.19 Table A.1.5-2. A private tag is given without its block, which the creator names.
  void open_attribute(const DataSet& data_set, const Element& element,
                      const CharacterSet& charset) {
    const Tag tag = element.tag();
    const bool sequence = element.form() == Element::Form::Sequence;
    std::string creator;
    if (tag.is_private() && tag.element() >= 0x1000) {
      const Tag reserved{tag.group(), static_cast<std::uint16_t>(tag.element() >> 8)};
      creator = charset.to_utf8(data_set.text(reserved), VR::LO);
    }
    const std::uint32_t shown = creator.empty() ? tag.value : tag.value & 0xFFFF00FF;
    fmt::format_to(std::back_inserter(to_), "<DicomAttribute tag=\"{:08X}\" vr=\"{}\"", shown,
                   to_string(sequence ? VR::SQ : element.vr()));
    const DictionaryEntry* entry = lookup(tag);
    if (entry != nullptr && !entry->keyword.empty()) {
      fmt::format_to(std::back_inserter(to_), " keyword=\"{}\"", entry->keyword);
    }
    if (!creator.empty()) {
      to_ += " privateCreator=\"";
      escaped(creator);
      to_ += '"';
    }
    to_ += ">\n";
  }

  void write_items(const Element& element, const CharacterSet& charset) {
    std::size_t number = 0;
    for (const Item& item : element.items()) {
      fmt::format_to(std::back_inserter(to_), "<Item number=\"{}\">\n", ++number);
      write(item.data_set, charset);
      to_ += "</Item>\n";
    }
  }

  void write_value(const Element& element, const CharacterSet& charset) {
    const VRKind kind = info(element.vr()).kind;
    const bool binary = kind == VRKind::Bytes || kind == VRKind::Sequence;
    if (binary || element.form() != Element::Form::Value) return write_binary(element);
    std::size_t number = 0;
    if (kind == VRKind::Text) {
      for_each_text(element, charset, [&](std::string_view text) {
        ++number;
        if (text.empty()) return;  // `number` keeps the place
        if (element.vr() == VR::PN) return write_name(number, text);
        open_value(number);
        escaped(text);
        to_ += "</Value>\n";
      });
      return;
    }
    for (std::size_t index = 0; index < element.value_count(); ++index) {
      open_value(index + 1);
      write_number(element, index);
      to_ += "</Value>\n";
    }
  }

  void open_value(std::size_t number) {
    fmt::format_to(std::back_inserter(to_), "<Value number=\"{}\">", number);
  }

  void write_number(const Element& element, std::size_t index) {
    const std::byte* at = element.value().data() + index * info(element.vr()).unit_bytes;
    const ByteOrder order = element.byte_order();
    switch (element.vr()) {
      case VR::FL:
        return append_float(load<float>(at, order));
      case VR::FD:
        return append_float(load<double>(at, order));
      case VR::UV:
        fmt::format_to(std::back_inserter(to_), "{}", load<std::uint64_t>(at, order));
        return;
      case VR::AT: {
        const std::byte* tag = element.value().data() + index * 4;
        fmt::format_to(std::back_inserter(to_), "{:04X}{:04X}", load<std::uint16_t>(tag, order),
                       load<std::uint16_t>(tag + 2, order));
        return;
      }
      default:
        fmt::format_to(std::back_inserter(to_), "{}", element.integer(index).value_or(0));
    }
  }

  template <typename Float>
  void append_float(Float number) {
    if (std::isfinite(number)) return append_shortest(to_, number);
    to_ += std::isnan(number) ? "NaN" : number > 0 ? "inf" : "-inf";
  }

  // PS3.19 §A.1.5: the five components of PS3.5 §6.2.1.1.
  void write_name(std::size_t number, std::string_view name) {
    if (name.find_first_not_of("^= ") == std::string_view::npos) return;  // no component at all
    fmt::format_to(std::back_inserter(to_), "<PersonName number=\"{}\">\n", number);
    for_each_name_group(name, [&](std::string_view group, std::string_view text) {
      fmt::format_to(std::back_inserter(to_), "<{}>\n", group);
      const PersonNameGroup parsed = PersonNameGroup::parse(text);
      component("FamilyName", parsed.family);
      component("GivenName", parsed.given);
      component("MiddleName", parsed.middle);
      component("NamePrefix", parsed.prefix);
      component("NameSuffix", parsed.suffix);
      fmt::format_to(std::back_inserter(to_), "</{}>\n", group);
    });
    to_ += "</PersonName>\n";
  }

  void component(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    fmt::format_to(std::back_inserter(to_), "<{}>", name);
    escaped(text);
    fmt::format_to(std::back_inserter(to_), "</{}>\n", name);
  }

  void write_binary(const Element& element) {
    const bool inside = element.form() == Element::Form::Value;
    const bool large = !inside || element.tag() == kPixelData ||
                       element.value().size() > options_.inline_bytes_max;
    if (large && options_.bulk_data_uri) {
      if (const std::string uri = options_.bulk_data_uri(element); !uri.empty()) {
        to_ += "<BulkData uri=\"";
        escaped(uri);
        to_ += "\"/>\n";
        return;
      }
    }
    if (element.form() == Element::Form::Bulk || (inside && element.value().empty())) return;
    to_ += "<InlineBinary>";
    append_base64(to_, bytes_for_model(element));
    to_ += "</InlineBinary>\n";
  }

  void escaped(std::string_view text) {
    for (const char c : text) {
      switch (c) {
        case '&':
          to_ += "&amp;";
          break;
        case '<':
          to_ += "&lt;";
          break;
        case '>':
          to_ += "&gt;";
          break;
        case '"':
          to_ += "&quot;";
          break;
        case '\r':
          to_ += "&#13;";
          break;  // as it stands it would be read as a line end
        case '\n':
        case '\t':
          to_ += c;
          break;
        default:
          if (static_cast<unsigned char>(c) < 0x20) {
            to_ += "\xEF\xBF\xBD";  // U+FFFD: XML 1.0 has no way to write these
          } else {
            to_ += c;
          }
      }
    }
  }

  std::string& to_;
  const XmlOptions& options_;
};

}  // namespace

Result<> write_xml(const DataSet& data_set, std::string& to, const XmlOptions& options) {
  XmlWriter{to, options}.document(data_set);
  return {};
}

}  // namespace pacs
