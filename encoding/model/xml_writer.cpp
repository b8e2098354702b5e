// write_xml: streamed into the string, element by element.
#include <fmt/format.h>

#include <iterator>

#include "core/dicom_dictionary.h"
#include "encoding/model/base64.h"
#include "encoding/model/dicom_xml.h"
#include "encoding/model/model_writer.h"

namespace pacs {
namespace {

class XmlFormat {
 public:
  explicit XmlFormat(std::string& to) : to_(to) {}

  // PS3.19 Table A.1.5-2. A private tag is given without its block, which the creator names.
  void begin_element(const DataSet& data_set, const Element& element, VR vr,
                     const CharacterSet& charset) {
    const Tag tag = element.tag();
    std::string creator;
    if (tag.is_private() && tag.element() >= 0x1000) {
      const Tag reserved{tag.group(), static_cast<std::uint16_t>(tag.element() >> 8)};
      creator = charset.to_utf8(data_set.text(reserved), VR::LO);
    }
    const std::uint32_t shown = creator.empty() ? tag.value : tag.value & 0xFFFF00FF;
    fmt::format_to(std::back_inserter(to_), "<DicomAttribute tag=\"{:08X}\" vr=\"{}\"", shown,
                   to_string(vr));
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

  void end_element(VR, std::size_t) { to_ += "</DicomAttribute>\n"; }

  void begin_item(std::size_t number) {
    fmt::format_to(std::back_inserter(to_), "<Item number=\"{}\">\n", number);
  }
  void end_item() { to_ += "</Item>\n"; }

  void text(std::size_t number, VR vr, std::string_view value) {
    if (value.empty()) return;  // the numbers of the others keep its place
    if (vr == VR::PN) return write_name(number, value);
    write_value(number, value);
  }
  void number(std::size_t number, std::string_view digits, bool) { write_value(number, digits); }

  void bulk_data(std::string_view uri) {
    to_ += "<BulkData uri=\"";
    escaped(uri);
    to_ += "\"/>\n";
  }
  void inline_binary(ByteView bytes) {
    to_ += "<InlineBinary>";
    append_base64(to_, bytes);
    to_ += "</InlineBinary>\n";
  }

 private:
  void write_value(std::size_t number, std::string_view text) {
    fmt::format_to(std::back_inserter(to_), "<Value number=\"{}\">", number);
    escaped(text);
    to_ += "</Value>\n";
  }

  // PS3.19 §A.1.5: the five components of PS3.5 §6.2.1.1.
  void write_name(std::size_t number, std::string_view name) {
    if (name.find_first_not_of("^= ") == std::string_view::npos) return;  // no component at all
    fmt::format_to(std::back_inserter(to_), "<PersonName number=\"{}\">\n", number);
    for_each_name_group(name, [&](std::string_view group, std::string_view text) {
      fmt::format_to(std::back_inserter(to_), "<{}>\n", group);
      const PersonNameGroup parsed = PersonNameGroup::parse(text);
      for (const NameComponent& component : kNameComponents) {
        write_component(component.name, parsed.*component.text);
      }
      fmt::format_to(std::back_inserter(to_), "</{}>\n", group);
    });
    to_ += "</PersonName>\n";
  }

  void write_component(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    fmt::format_to(std::back_inserter(to_), "<{}>", name);
    escaped(text);
    fmt::format_to(std::back_inserter(to_), "</{}>\n", name);
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
};

}  // namespace

Result<> write_xml(const DataSet& data_set, std::string& to, const ModelOptions& options) {
  // PS3.19 §A.1.5: spaces in values count.
  to += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NativeDicomModel xml:space=\"preserve\">\n";
  XmlFormat format{to};
  ModelWriter{format, options}.write(data_set, CharacterSet{});
  to += "</NativeDicomModel>\n";
  return {};
}

}  // namespace pacs
