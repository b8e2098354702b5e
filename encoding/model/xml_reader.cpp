// read_xml: pugixml's tree into a data set.
#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/model/base64.h"
#include "encoding/model/dicom_xml.h"
#include "encoding/model/model_values.h"

namespace pacs {
namespace {

constexpr std::size_t kValuesMax = 1
                                   << 20;  // of one attribute: a high `number` must not cost memory

tl::unexpected<Error> malformed(Tag tag, std::string message) {
  return fail(Error{ErrorKind::Malformed, std::move(message)}.on(tag));
}

Element owning(Tag tag, VR vr, Bytes bytes) {
  if (bytes.size() % 2 != 0) bytes.push_back(static_cast<std::byte>(info(vr).padding));
  return Element::owning(tag, vr, std::move(bytes));
}

/// All text in a node; a comment or CDATA section may divide it.
std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
  }
  return text;
}

class Reader {
 public:
  explicit Reader(const XmlReadOptions& options) : options_(options) {}

  Result<DataSet> read(const pugi::xml_node& parent, std::uint32_t depth) {
    if (depth > options_.nesting_depth_max) {
      return fail(ErrorKind::LimitExceeded,
                  fmt::format("sequences are nested deeper than nesting_depth_max = {}",
                              options_.nesting_depth_max));
    }
    DataSet data_set;
    for (const pugi::xml_node& node : parent.children("DicomAttribute")) {
      auto tag = read_tag(node, data_set);
      if (!tag) return fail(std::move(tag.error()));
      if (tag->is_group_length()) continue;
      auto element = read(*tag, node, depth);
      if (!element) return fail(std::move(element.error()));
      data_set.set(std::move(*element));
    }
    if (data_set.contains(tags::SpecificCharacterSet)) {
      data_set.set_text(tags::SpecificCharacterSet, VR::CS, "ISO_IR 192");
    }
    return data_set;
  }
  [[nodiscard]] bool has_non_ascii() const { return has_non_ascii_; }

 private:
  /// PS3.19 Table A.1.5-2: a private tag is given without its block; the creator that came before
  /// it in the data set says which.
  static Result<Tag> read_tag(const pugi::xml_node& node, const DataSet& data_set) {
    const std::string_view text = node.attribute("tag").value();
    const auto tag = text.size() == 8 ? Tag::parse(text) : std::nullopt;
    if (!tag) return fail(ErrorKind::Malformed, "an attribute without the eight digits of a tag");
    if (tag->group() == 0xFFFE) return malformed(*tag, "items and delimiters have no place in XML");
    const std::string_view creator = node.attribute("privateCreator").value();
    if (creator.empty() || !tag->is_private() || tag->element() > 0xFF) return *tag;
    for (const Element& element : data_set) {
      if (element.tag().group() == tag->group() && element.tag().is_private_creator() &&
          element.text() == creator) {
        return Tag{tag->group(),
                   static_cast<std::uint16_t>(element.tag().element() << 8 | tag->element())};
      }
    }
    return malformed(*tag, "its private creator reserves no block");
  }

  Result<Element> read(Tag tag, const pugi::xml_node& node, std::uint32_t depth) {
    VR vr = dictionary_vr(tag);
    if (const pugi::xml_attribute named = node.attribute("vr")) {
      const std::string_view text = named.value();
      const auto parsed = text.size() == 2 ? parse_vr(text[0], text[1]) : std::nullopt;
      if (!parsed) return malformed(tag, "vr names no value representation");
      vr = *parsed;
    }
    if (vr == VR::SQ) return read_items(tag, node, depth);
    if (const pugi::xml_node binary = node.child("InlineBinary")) {
      auto bytes = parse_base64(without_line_breaks(text_of(binary)));
      if (!bytes) return malformed(tag, "InlineBinary is not base64");
      return owning(tag, vr, std::move(*bytes));
    }
    if (const pugi::xml_node bulk = node.child("BulkData")) return read_bulk(tag, vr, bulk);
    if (info(vr).kind == VRKind::Bytes && node.child("Value")) {
      return malformed(tag, "a binary value is not given as Value");
    }
    return read_values(tag, vr, node);
  }

  static std::string without_line_breaks(std::string text) {
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    return text;
  }

  Result<Element> read_bulk(Tag tag, VR vr, const pugi::xml_node& bulk) {
    if (!options_.resolve_bulk) {
      return fail(Error{ErrorKind::Unsupported, "a BulkData cannot be resolved here"}.on(tag));
    }
    auto bytes = options_.resolve_bulk(bulk.attribute("uri").value(), tag, vr);
    if (!bytes) return fail(std::move(bytes.error()));
    return owning(tag, vr, std::move(*bytes));
  }

  Result<Element> read_items(Tag tag, const pugi::xml_node& node, std::uint32_t depth) {
    Sequence items;
    for (const pugi::xml_node& child : node.children("Item")) {
      auto item = read(child, depth + 1);
      if (!item) return fail(std::move(item.error()));
      items.push_back(Item{std::move(*item), true});
    }
    return Element::sequence(tag, std::move(items), true);
  }

  Result<Element> read_values(Tag tag, VR vr, const pugi::xml_node& node) {
    const bool text = info(vr).kind == VRKind::Text;
    Bytes bytes;
    std::size_t values = 0;
    for (const pugi::xml_node& child : node.children(vr == VR::PN ? "PersonName" : "Value")) {
      const std::size_t number = child.attribute("number").as_ullong(values + 1);
      if (number <= values || number > kValuesMax) return malformed(tag, "values out of order");
      if (!text && number != values + 1) return malformed(tag, "a number is missing among others");
      if (text)
        bytes.insert(bytes.end(), number - std::max<std::size_t>(values, 1), std::byte{'\\'});
      values = number;
      const std::string value = vr == VR::PN ? name_of(child) : text_of(child);
      if (!text && !append_from_text(bytes, vr, value)) {
        return malformed(tag,
                         fmt::format("'{:.32}' is not a value of VR {}", value, to_string(vr)));
      }
      if (text) append(bytes, as_bytes(value));
    }
    const auto high = [](std::byte byte) { return std::to_integer<unsigned>(byte) >= 0x80; };
    has_non_ascii_ = has_non_ascii_ || (text && std::ranges::any_of(bytes, high));
    return owning(tag, vr, std::move(bytes));
  }

  static std::string name_of(const pugi::xml_node& node) {
    const auto joined = [](std::string& to, char separator, std::size_t& pending,
                           std::string_view part) {
      if (!part.empty()) {
        to.append(pending, separator);
        to += part;
        pending = 0;
      }
      ++pending;
    };
    std::string name;
    std::size_t groups = 0;
    for (const std::string_view group : kNameGroups) {
      const pugi::xml_node parent = node.child(group.data());
      std::string text;
      std::size_t components = 0;
      for (const char* part :
           {"FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix"}) {
        joined(text, '^', components, text_of(parent.child(part)));
      }
      joined(name, '=', groups, text);
    }
    return name;
  }

  const XmlReadOptions& options_;
  bool has_non_ascii_ = false;
};

}  // namespace

Result<DataSet> read_xml(std::string_view xml, const XmlReadOptions& options) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(
      xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
  if (!parsed) {
    const auto offset = static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(parsed.offset, 0));
    return fail(
        Error{ErrorKind::Malformed, fmt::format("not XML: {}", parsed.description())}.at(offset));
  }
  const pugi::xml_node root = document.child("NativeDicomModel");
  if (!root) return fail(ErrorKind::Malformed, "the document is not a NativeDicomModel");
  Reader reader{options};
  auto data_set = reader.read(root, 0);
  if (data_set && reader.has_non_ascii()) {
    data_set->set_text(tags::SpecificCharacterSet, VR::CS, "ISO_IR 192");
  }
  return data_set;
}

}  // namespace pacs
