// read_json: Boost.JSON's tokens into a small tree that keeps the digits of numbers, and that into
// a data set. (Boost 1.81 rounds every fourth double wrongly; the digits are parsed here.)
#include <fmt/format.h>

#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>

#include "core/person_name.h"
#include "encoding/model/dicom_json.h"
#include "encoding/model/model_reader.h"
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

  std::size_t nodes_left = 0;
  Node root;
  std::vector<Node> open;
  std::string key;
  std::string text;

  bool add(Node node, Code& code) {
    if (nodes_left == 0) {
      code = make_error_code(boost::system::errc::value_too_large);
      return false;
    }
    --nodes_left;
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
  bool end(Code& code) {
    Node node = std::move(open.back());
    open.pop_back();
    key = std::move(node.name);
    return add(std::move(node), code);
  }
  bool scalar(Node::Kind kind, json::string_view last_part, Code& code) {
    text.append(last_part.data(), last_part.size());
    Node node{kind, {}, std::move(text), {}};
    text.clear();
    return add(std::move(node), code);
  }
  bool part(json::string_view piece) {
    text.append(piece.data(), piece.size());
    return true;
  }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return begin(Node::Kind::Object); }
  bool on_object_end(std::size_t, Code& code) { return end(code); }
  bool on_array_begin(Code&) { return begin(Node::Kind::Array); }
  bool on_array_end(std::size_t, Code& code) { return end(code); }
  bool on_key_part(json::string_view piece, std::size_t, Code&) {
    key.append(piece.data(), piece.size());
    return true;
  }
  bool on_key(json::string_view piece, std::size_t n, Code& code) {
    return on_key_part(piece, n, code);
  }
  bool on_string_part(json::string_view piece, std::size_t, Code&) { return part(piece); }
  bool on_string(json::string_view piece, std::size_t, Code& code) {
    return scalar(Node::Kind::String, piece, code);
  }
  bool on_number_part(json::string_view piece, Code&) { return part(piece); }
  bool on_int64(std::int64_t, json::string_view piece, Code& code) {
    return scalar(Node::Kind::Number, piece, code);
  }
  bool on_uint64(std::uint64_t, json::string_view piece, Code& code) {
    return scalar(Node::Kind::Number, piece, code);
  }
  bool on_double(double, json::string_view piece, Code& code) {
    return scalar(Node::Kind::Number, piece, code);
  }
  bool on_bool(bool, Code& code) { return scalar(Node::Kind::Bool, {}, code); }
  bool on_null(Code& code) { return scalar(Node::Kind::Null, {}, code); }
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }
};

Result<Node> parse_tree(std::string_view text, const ModelReadOptions& limits) {
  json::parse_options options;
  // Element, Value and item for each level, and a name in the inmost one; JsonReader counts
  // exactly.
  options.max_depth = (std::size_t{limits.nesting_depth_max} + 1) * 3 + 4;
  json::basic_parser<TreeBuilder> parser{options};
  parser.handler().nodes_left = limits.nodes_max;
  json::error_code code;
  const std::size_t taken = parser.write_some(false, text.data(), text.size(), code);
  if (!code && taken < text.size()) code = json::error::extra_data;
  if (!code && !parser.done()) code = json::error::incomplete;
  if (code == boost::system::errc::value_too_large) {
    return fail(
        Error{ErrorKind::LimitExceeded,
              fmt::format("the JSON has more than nodes_max = {} values, arrays and objects",
                          limits.nodes_max)}
            .at(taken));
  }
  if (code) {
    const ErrorKind kind = code == json::error::incomplete ? ErrorKind::Truncated
                           : code == json::error::too_deep ? ErrorKind::LimitExceeded
                                                           : ErrorKind::Malformed;
    return fail(Error{kind, "not JSON: " + code.message()}.at(taken));
  }
  return std::move(parser.handler().root);
}

class JsonReader {
 public:
  explicit JsonReader(const ModelReadOptions& options) : model_(options) {}

  Result<DataSet> read(const Node& object, std::uint32_t depth) {
    if (object.kind != Node::Kind::Object)
      return fail(ErrorKind::Malformed, "a data set is a JSON object");
    DataSet data_set;
    data_set.reserve(object.children.size());
    for (const Node& member : object.children) {
      PACS_TRY(const Tag tag, read_model_tag(member.name));
      if (tag.is_group_length()) continue;  // PS3.18 §F.2.2: not part of the model
      PACS_TRY(Element element, read(tag, member, depth));
      data_set.set(std::move(element));
    }
    model_.name_utf8(data_set, depth == 0);
    return data_set;
  }

 private:
  Result<Element> read(Tag tag, const Node& node, std::uint32_t depth) {
    if (node.kind != Node::Kind::Object) return malformed(tag, "an element is a JSON object");
    const Node* named = node.member("vr");
    PACS_TRY(const VR vr,
             read_model_vr(tag, named != nullptr ? std::optional<std::string_view>{named->text}
                                                 : std::nullopt));
    if (vr == VR::SQ) {
      PACS_TRY(model_.check_depth(tag, depth));
    }
    const Node* value = node.member("Value");
    const Node* inline_binary = node.member("InlineBinary");
    const Node* uri = node.member("BulkDataURI");
    if ((value != nullptr) + (inline_binary != nullptr) + (uri != nullptr) > 1) {
      return malformed(tag, "more than one of Value, InlineBinary and BulkDataURI");
    }
    if (inline_binary != nullptr) {
      if (inline_binary->kind != Node::Kind::String)
        return malformed(tag, "InlineBinary is not a string");
      return ModelReader::inline_binary(tag, vr, inline_binary->text);
    }
    if (uri != nullptr) return model_.bulk_data(tag, vr, uri->text);
    if (value == nullptr || value->kind == Node::Kind::Null) {
      return vr == VR::SQ ? Element::sequence(tag, {}, true) : Element::owning(tag, vr, {});
    }
    if (value->kind != Node::Kind::Array) return malformed(tag, "Value is not an array");
    return vr == VR::SQ ? read_items(tag, *value, depth) : read_values(tag, vr, *value);
  }

  Result<Element> read_items(Tag tag, const Node& value, std::uint32_t depth) {
    Sequence items;
    items.reserve(value.children.size());
    for (const Node& child : value.children) {
      Item& item = items.emplace_back();
      if (child.kind == Node::Kind::Null) continue;  // PS3.18 §F.2.5: an empty item
      PACS_TRY(item.data_set, read(child, depth + 1));
    }
    return Element::sequence(tag, std::move(items), true);
  }

  Result<Element> read_values(Tag tag, VR vr, const Node& value) {
    PACS_TRY(takes_values(tag, vr));
    const bool text = info(vr).kind == VRKind::Text;
    const bool decimal = !text || vr == VR::DS || vr == VR::IS;
    Bytes bytes;
    for (const Node& child : value.children) {
      if (text && &child != &value.children.front()) bytes.push_back(std::byte{'\\'});
      if (vr == VR::PN && child.kind == Node::Kind::Object) {
        PACS_TRY(const std::string name, read_name(tag, child));
        PACS_TRY(model_.append_value(bytes, tag, vr, name));
      } else if (child.kind == Node::Kind::String || child.kind == Node::Kind::Null ||
                 (child.kind == Node::Kind::Number && decimal)) {
        PACS_TRY(model_.append_value(bytes, tag, vr, child.text));
      } else {
        return malformed(tag, fmt::format("not a value of VR {}", to_string(vr)));
      }
    }
    return Element::padded(tag, vr, std::move(bytes));
  }

  static Result<std::string> read_name(Tag tag, const Node& node) {
    std::array<std::string, kNameGroups.size()> groups;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const Node* group = node.member(kNameGroups[i]);
      if (group == nullptr) continue;
      if (group->kind != Node::Kind::String) {
        return malformed(tag, fmt::format("{} of a person name is not a string", kNameGroups[i]));
      }
      groups[i] = group->text;
    }
    return join_name(groups, '=');
  }

  ModelReader model_;
};

}  // namespace

Result<DataSet> read_json(std::string_view json_text, const ModelReadOptions& options) {
  PACS_TRY(const Node tree, parse_tree(json_text, options));
  return JsonReader{options}.read(tree, 0);
}

}  // namespace pacs
