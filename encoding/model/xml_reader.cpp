// read_xml: pugixml's tree into a data set.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <pugixml.hpp>

#include "encoding/model/dicom_xml.h"
#include "encoding/model/model_reader.h"
#include "encoding/model/model_values.h"

namespace pacs {
namespace {

/// Of all attributes: a high `number` must not cost memory.
constexpr std::size_t kValuesMax = 1U << 20;

/// All text in a node; a comment or CDATA section may divide it.
std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
  }
  return text;
}

class XmlReader {
 public:
  explicit XmlReader(const ModelReadOptions& options) : model_(options) {}

  Result<DataSet> read(const pugi::xml_node& parent, std::uint32_t depth) {
    DataSet data_set;
    for (const pugi::xml_node& node : parent.children("DicomAttribute")) {
      PACS_TRY(const Tag tag, read_tag(node, data_set));
      if (tag.is_group_length()) continue;
      PACS_TRY(Element element, read(tag, node, depth));
      data_set.set(std::move(element));
    }
    model_.name_utf8(data_set, depth == 0);
    return data_set;
  }

 private:
  /// PS3.19 Table A.1.5-2: a private tag is given without its block; the creator that came before
  /// it in the data set says which.
  static Result<Tag> read_tag(const pugi::xml_node& node, const DataSet& data_set) {
    PACS_TRY(const Tag tag, read_model_tag(node.attribute("tag").value()));
    const std::string_view creator = node.attribute("privateCreator").value();
    if (creator.empty() || !tag.is_private() || tag.element() > 0xFF) return tag;
    for (const Element& element : data_set) {
      if (element.tag().group() == tag.group() && element.tag().is_private_creator() &&
          element.text() == creator) {
        return Tag{tag.group(),
                   static_cast<std::uint16_t>(element.tag().element() << 8 | tag.element())};
      }
    }
    return malformed(tag, "its private creator reserves no block");
  }

  Result<Element> read(Tag tag, const pugi::xml_node& node, std::uint32_t depth) {
    const pugi::xml_attribute named = node.attribute("vr");
    PACS_TRY(const VR vr, read_model_vr(tag, named ? std::optional{named.value()} : std::nullopt));
    if (const pugi::xml_node binary = node.child("InlineBinary")) {
      return ModelReader::inline_binary(tag, vr, without_line_breaks(text_of(binary)));
    }
    if (const pugi::xml_node bulk = node.child("BulkData")) {
      return model_.bulk_data(tag, vr, bulk.attribute("uri").value());
    }
    if (vr == VR::SQ) return read_items(tag, node, depth);
    return read_values(tag, vr, node);
  }

  static std::string without_line_breaks(std::string text) {
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    return text;
  }

  Result<Element> read_items(Tag tag, const pugi::xml_node& node, std::uint32_t depth) {
    PACS_TRY(model_.check_depth(tag, depth));
    Sequence items;
    for (const pugi::xml_node& child : node.children("Item")) {
      PACS_TRY(items.emplace_back().data_set, read(child, depth + 1));
    }
    return Element::sequence(tag, std::move(items), true);
  }

  Result<Element> read_values(Tag tag, VR vr, const pugi::xml_node& node) {
    const bool text = info(vr).kind == VRKind::Text;
    Bytes bytes;
    std::size_t values = 0;
    for (const pugi::xml_node& child : node.children(vr == VR::PN ? "PersonName" : "Value")) {
      PACS_TRY(takes_values(tag, vr));
      const std::size_t number = child.attribute("number").as_ullong(values + 1);
      if (number <= values) return malformed(tag, "values out of order");
      if ((values_ += number - values) > kValuesMax) {
        return malformed(tag, fmt::format("the document has more than {} values", kValuesMax));
      }
      if (!text && number != values + 1) return malformed(tag, "a number is missing among others");
      if (text)
        bytes.insert(bytes.end(), number - std::max<std::size_t>(values, 1), std::byte{'\\'});
      values = number;
      const std::string value = vr == VR::PN ? name_of(child) : text_of(child);
      PACS_TRY(model_.append_value(bytes, tag, vr, value));
    }
    return Element::padded(tag, vr, std::move(bytes));
  }

  static std::string name_of(const pugi::xml_node& node) {
    std::array<std::string, kNameGroups.size()> groups;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const pugi::xml_node parent = node.child(kNameGroups[i].data());
      PersonNameGroup group;
      for (const NameComponent& component : kNameComponents) {
        group.*component.text = text_of(parent.child(component.name));
      }
      groups[i] = group.to_string();
    }
    return join_name(groups, '=');
  }

  ModelReader model_;
  std::size_t values_ = 0;  // of all attributes, those that are left out between others included
};

}  // namespace

Result<DataSet> read_xml(std::string_view xml, const ModelReadOptions& options) {
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
  return XmlReader{options}.read(root, 0);
}

}  // namespace pacs
