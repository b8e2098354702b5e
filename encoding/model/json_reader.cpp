// read_json: Boost.JSON's tokens into a small tree that keeps the digits of numbers, and that into
// a data set. (Boost 1.81 rounds every fourth double wrongly; the digits are parsed here.)
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/model/base64.h"
#include "encoding/model/dicom_json.h"
#include "encoding/model/model_values.h"

namespace pacs {
namespace {

namespace json = boost::json;

struct Node {
  enum class Kind : std::uint8_t { Null, Bool, Number, String, Array, Object };
  Kind kind = Kind::Null;
  std::string name;  // of a member of an object
  std::string text;  // String: decoded; Number: its digits
  std::vector<Node> children;

  [[nodiscard]] const Node* member(std::string_view key) const {
    for (const Node& child : children) {
      if (child.name == key) return &child;
    }
    return nullptr;
  }
};

/// What Boost's parser calls: builds the tree. Names as the library wants them.
struct TreeBuilder {
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;
  using Code = json::error_code;

  Node root;
  std::vector<Node> open;
  std::string key;
  std::string text;

  bool add(Node node) {
    node.name = std::move(key);
    key.clear();
    if (open.empty()) {
      root = std::move(node);
    } else {
      open.back().children.push_back(std::move(node));
    }
    return true;
  }
  bool begin(Node::Kind kind) {
    open.push_back(Node{kind, std::move(key), {}, {}});
    key.clear();
    return true;
  }
  bool end() {
    Node node = std::move(open.back());
    open.pop_back();
    key = std::move(node.name);
    return add(std::move(node));
  }
  bool scalar(Node::Kind kind, json::string_view last_part) {
    text.append(last_part.data(), last_part.size());
    Node node{kind, {}, std::move(text), {}};
    text.clear();
    return add(std::move(node));
  }
  bool part(json::string_view piece) {
    text.append(piece.data(), piece.size());
    return true;
  }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return begin(Node::Kind::Object); }
  bool on_object_end(std::size_t, Code&) { return end(); }
  bool on_array_begin(Code&) { return begin(Node::Kind::Array); }
  bool on_array_end(std::size_t, Code&) { return end(); }
  bool on_key_part(json::string_view piece, std::size_t, Code&) {
    key.append(piece.data(), piece.size());
    return true;
  }
  bool on_key(json::string_view piece, std::size_t n, Code& code) {
    return on_key_part(piece, n, code);
  }
  bool on_string_part(json::string_view piece, std::size_t, Code&) { return part(piece); }
  bool on_string(json::string_view piece, std::size_t, Code&) {
    return scalar(Node::Kind::String, piece);
  }
  bool on_number_part(json::string_view piece, Code&) { return part(piece); }
  bool on_int64(std::int64_t, json::string_view piece, Code&) {
    return scalar(Node::Kind::Number, piece);
  }
  bool on_uint64(std::uint64_t, json::string_view piece, Code&) {
    return scalar(Node::Kind::Number, piece);
  }
  bool on_double(double, json::string_view piece, Code&) {
    return scalar(Node::Kind::Number, piece);
  }
  bool on_bool(bool, Code&) { return scalar(Node::Kind::Bool, {}); }
  bool on_null(Code&) { return scalar(Node::Kind::Null, {}); }
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }
};

Result<Node> parse_tree(std::string_view text, std::uint32_t nesting_depth_max) {
  json::parse_options options;
  options.max_depth =
      std::size_t{nesting_depth_max} * 3 + 4;  // element, Value and item for each level
  json::basic_parser<TreeBuilder> parser{options};
  json::error_code code;
  const std::size_t taken = parser.write_some(false, text.data(), text.size(), code);
  if (!code && taken < text.size()) code = json::error::extra_data;
  if (!code && !parser.done()) code = json::error::incomplete;
  if (code) {
    const ErrorKind kind = code == json::error::incomplete ? ErrorKind::Truncated
                           : code == json::error::too_deep ? ErrorKind::LimitExceeded
                                                           : ErrorKind::Malformed;
    return fail(Error{kind, "not JSON: " + code.message()}.at(taken));
  }
  return std::move(parser.handler().root);
}

tl::unexpected<Error> malformed(Tag tag, std::string message) {
  return fail(Error{ErrorKind::Malformed, std::move(message)}.on(tag));
}

class Reader {
 public:
  explicit Reader(const JsonReadOptions& options) : options_(options) {}

  Result<DataSet> read(const Node& object) {
    if (object.kind != Node::Kind::Object)
      return fail(ErrorKind::Malformed, "a data set is a JSON object");
    DataSet data_set;
    data_set.reserve(object.children.size());
    for (const Node& member : object.children) {
      const auto tag = member.name.size() == 8 ? Tag::parse(member.name) : std::nullopt;
      if (!tag)
        return fail(ErrorKind::Malformed, "a member is not named by the eight digits of a tag");
      if (tag->group() == 0xFFFE)
        return malformed(*tag, "items and delimiters have no place in JSON");
      if (tag->is_group_length()) continue;  // PS3.18 §F.2.2: not part of the model
      auto element = read(*tag, member);
      if (!element) return fail(std::move(element.error()));
      data_set.set(std::move(*element));
    }
    // PS3.18 §F.1: the text is UTF-8 whatever (0008,0005) said before.
    if (data_set.contains(tags::SpecificCharacterSet)) {
      data_set.set_text(tags::SpecificCharacterSet, VR::CS, "ISO_IR 192");
    }
    return data_set;
  }
  [[nodiscard]] bool has_non_ascii() const { return has_non_ascii_; }

 private:
  Result<Element> read(Tag tag, const Node& node) {
    if (node.kind != Node::Kind::Object) return malformed(tag, "an element is a JSON object");
    VR vr = dictionary_vr(tag);
    if (const Node* named = node.member("vr")) {
      const auto parsed =
          named->text.size() == 2 ? parse_vr(named->text[0], named->text[1]) : std::nullopt;
      if (!parsed) return malformed(tag, "vr names no value representation");
      vr = *parsed;
    }
    const Node* value = node.member("Value");
    const Node* inline_binary = node.member("InlineBinary");
    const Node* uri = node.member("BulkDataURI");
    if ((value != nullptr) + (inline_binary != nullptr) + (uri != nullptr) > 1) {
      return malformed(tag, "more than one of Value, InlineBinary and BulkDataURI");
    }
    if (inline_binary != nullptr) return read_inline(tag, vr, *inline_binary);
    if (uri != nullptr) return read_bulk(tag, vr, *uri);
    if (value == nullptr || value->kind == Node::Kind::Null) {
      return vr == VR::SQ ? Element::sequence(tag, {}, true) : Element::owning(tag, vr, {});
    }
    if (value->kind != Node::Kind::Array) return malformed(tag, "Value is not an array");
    return vr == VR::SQ ? read_items(tag, *value) : read_values(tag, vr, *value);
  }

  Result<Element> read_inline(Tag tag, VR vr, const Node& node) {
    if (node.kind != Node::Kind::String) return malformed(tag, "InlineBinary is not a string");
    auto bytes = parse_base64(node.text);
    if (!bytes) return malformed(tag, "InlineBinary is not base64");
    return owning(tag, vr, std::move(*bytes));
  }

  Result<Element> read_bulk(Tag tag, VR vr, const Node& node) {
    if (!options_.resolve_bulk) {
      return fail(Error{ErrorKind::Unsupported, "a BulkDataURI cannot be resolved here"}.on(tag));
    }
    auto bytes = options_.resolve_bulk(node.text, tag, vr);
    if (!bytes) return fail(std::move(bytes.error()));
    return owning(tag, vr, std::move(*bytes));
  }

  Result<Element> read_items(Tag tag, const Node& value) {
    Sequence items;
    items.reserve(value.children.size());
    for (const Node& child : value.children) {
      if (child.kind == Node::Kind::Null) {  // PS3.18 §F.2.5: an empty item
        items.emplace_back();
        continue;
      }
      auto item = read(child);
      if (!item) return fail(std::move(item.error()));
      items.push_back(Item{std::move(*item), true});
    }
    return Element::sequence(tag, std::move(items), true);
  }

  Result<Element> read_values(Tag tag, VR vr, const Node& value) {
    const VRKind kind = info(vr).kind;
    if (kind == VRKind::Bytes) return malformed(tag, "a binary value is not given as Value");
    Bytes bytes;
    bool first = true;
    for (const Node& child : value.children) {
      if (kind == VRKind::Text) {
        if (!first) bytes.push_back(std::byte{'\\'});
        if (Result<> status = append_text(tag, vr, child, bytes); !status)
          return fail(std::move(status.error()));
      } else if (!append_binary(vr, child, bytes)) {
        return malformed(
            tag, fmt::format("'{:.32}' is not a value of VR {}", child.text, to_string(vr)));
      }
      first = false;
    }
    return owning(tag, vr, std::move(bytes));
  }

  static Element owning(Tag tag, VR vr, Bytes bytes) {
    if (bytes.size() % 2 != 0) bytes.push_back(static_cast<std::byte>(info(vr).padding));
    return Element::owning(tag, vr, std::move(bytes));
  }

  Result<> append_text(Tag tag, VR vr, const Node& node, Bytes& to) {
    const std::size_t start = to.size();
    if (vr == VR::PN && node.kind == Node::Kind::Object) {
      if (Result<> status = append_name(tag, node, to); !status) return status;
    } else if (node.kind == Node::Kind::String ||
               (node.kind == Node::Kind::Number && (vr == VR::DS || vr == VR::IS))) {
      append(to, as_bytes(node.text));
    } else if (node.kind != Node::Kind::Null) {
      return malformed(tag, fmt::format("not a value of VR {}", to_string(vr)));
    }
    const std::string_view added = as_text(ByteView{to}.subspan(start));
    const auto high = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
    has_non_ascii_ = has_non_ascii_ || std::ranges::any_of(added, high);
    return {};
  }

  static Result<> append_name(Tag tag, const Node& node, Bytes& to) {
    std::size_t separators = 0;  // of groups before the next one that is there
    for (const std::string_view group : kNameGroups) {
      const Node* text = node.member(group);
      if (text != nullptr && text->kind != Node::Kind::String) {
        return malformed(tag, fmt::format("{} of a person name is not a string", group));
      }
      if (text != nullptr && !text->text.empty()) {
        to.insert(to.end(), separators, std::byte{'='});
        append(to, as_bytes(text->text));
        separators = 0;
      }
      ++separators;
    }
    return {};
  }

  static bool append_binary(VR vr, const Node& node, Bytes& to) {
    const bool has_digits = node.kind == Node::Kind::Number || node.kind == Node::Kind::String;
    return has_digits && append_from_text(to, vr, node.text);
  }

  const JsonReadOptions& options_;
  bool has_non_ascii_ = false;
};

}  // namespace

Result<DataSet> read_json(std::string_view json_text, const JsonReadOptions& options) {
  const auto tree = parse_tree(json_text, options.nesting_depth_max);
  if (!tree) return fail(tree.error());
  Reader reader{options};
  auto data_set = reader.read(*tree);
  if (data_set && reader.has_non_ascii()) {
    data_set->set_text(tags::SpecificCharacterSet, VR::CS, "ISO_IR 192");
  }
  return data_set;
}

}  // namespace pacs
