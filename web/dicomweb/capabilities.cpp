#include "web/dicomweb/capabilities.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <pugixml.hpp>

#include "web/dicomweb/accepted.h"

namespace pacs::web {
namespace {

namespace json = boost::json;

constexpr std::string_view kNamespace = "http://wadl.dev.java.net/2009/02";

/// A resource of the description, named by one segment but for the first.
struct Node {
  std::string path;
  std::vector<const Transaction*> transactions{};
  std::vector<Node> children{};
};

void put(Node& node, std::string_view path, const Transaction& transaction) {
  if (path.empty()) {
    node.transactions.push_back(&transaction);
    return;
  }
  path.remove_prefix(1);  // the slash
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  auto child = std::ranges::find(node.children, segment, &Node::path);
  if (child == node.children.end()) {
    node.children.push_back({std::string(segment)});
    child = std::prev(node.children.end());
  }
  put(*child, path.substr(end), transaction);
}

/// What is at `path` and below.
std::vector<Node> tree_of(std::span<const Transaction> transactions, std::string_view path) {
  Node top{std::string(path.substr(1))};
  const std::string_view prefix = path == "/" ? "" : path;
  for (const Transaction& transaction : transactions) {
    if (!transaction.path.starts_with(prefix)) continue;
    const std::string_view rest = transaction.path.substr(prefix.size());
    if (rest.empty() || rest.starts_with('/')) put(top, rest, transaction);
  }
  if (path == "/") return std::move(top.children);
  return {std::move(top)};
}

/// PS3.18 Annex H: the Accept field is a parameter, too.
std::string_view param_style(const QueryParameter& parameter) {
  return parameter.name == "Accept" ? "header" : "query";
}

std::vector<QueryParameter> params_of(const Transaction& transaction) {
  std::vector<QueryParameter> params;
  if (!transaction.gives.empty()) {
    params.push_back({.name = "Accept", .values = transaction.gives});
  }
  params.insert(params.end(), transaction.parameters.begin(), transaction.parameters.end());
  return params;
}

void attribute(pugi::xml_node node, const char* name, std::string_view value) {
  node.append_attribute(name) = std::string(value).c_str();
}

void representations(pugi::xml_node node, const std::vector<std::string_view>& media_types) {
  for (const std::string_view media_type : media_types) {
    attribute(node.append_child("representation"), "mediaType", media_type);
  }
}

void describe(pugi::xml_node node, const Transaction& transaction) {
  pugi::xml_node method = node.append_child("method");
  attribute(method, "name", transaction.method);
  attribute(method, "id", transaction.id);
  pugi::xml_node request = method.append_child("request");
  for (const QueryParameter& parameter : params_of(transaction)) {
    pugi::xml_node param = request.append_child("param");
    attribute(param, "name", parameter.name);
    attribute(param, "style", param_style(parameter));
    attribute(param, "type", parameter.type);
    if (parameter.repeated) attribute(param, "repeating", "true");
    for (const std::string_view value : parameter.values) {
      attribute(param.append_child("option"), "value", value);
    }
  }
  representations(request, transaction.takes);
  representations(method.append_child("response"), transaction.gives);
}

void describe(pugi::xml_node parent, const Node& node) {
  pugi::xml_node resource = parent.append_child("resource");
  attribute(resource, "path", node.path);
  for (const Transaction* transaction : node.transactions) describe(resource, *transaction);
  for (const Node& child : node.children) describe(resource, child);
}

struct Text final : pugi::xml_writer {
  std::string text{};
  void write(const void* data, std::size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
};

std::string to_wadl(const std::vector<Node>& nodes, const std::string& base) {
  pugi::xml_document document;
  pugi::xml_node application = document.append_child("application");
  attribute(application, "xmlns", kNamespace);
  pugi::xml_node resources = application.append_child("resources");
  attribute(resources, "base", base);
  for (const Node& node : nodes) describe(resources, node);
  Text text;
  document.save(text, " ");
  return std::move(text.text);
}

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

json::array representations(const std::vector<std::string_view>& media_types) {
  json::array rows;
  for (const std::string_view one : media_types) {
    rows.emplace_back(json::object{{"mediaType", view(one)}});
  }
  return rows;
}

json::object to_json(const QueryParameter& parameter) {
  json::object param{{"name", parameter.name},
                     {"style", view(param_style(parameter))},
                     {"type", view(parameter.type)},
                     {"repeating", parameter.repeated}};
  json::array options;
  for (const std::string_view value : parameter.values) {
    options.emplace_back(json::object{{"value", view(value)}});
  }
  if (!options.empty()) param["option"] = std::move(options);
  return param;
}

json::object to_json(const Transaction& transaction) {
  json::array params;
  for (const QueryParameter& parameter : params_of(transaction)) {
    params.push_back(to_json(parameter));
  }
  json::object request{{"param", std::move(params)}};
  if (!transaction.takes.empty()) request["representation"] = representations(transaction.takes);
  return {{"name", view(transaction.method)},
          {"id", view(transaction.id)},
          {"request", std::move(request)},
          {"response", json::object{{"representation", representations(transaction.gives)}}}};
}

json::object to_json(const Node& node) {
  json::array methods, children;
  for (const Transaction* transaction : node.transactions) {
    methods.push_back(to_json(*transaction));
  }
  for (const Node& child : node.children) children.push_back(to_json(child));
  return {{"path", node.path}, {"method", std::move(methods)}, {"resource", std::move(children)}};
}

std::string to_json(const std::vector<Node>& nodes, const std::string& base) {
  json::array resources;
  for (const Node& node : nodes) resources.push_back(to_json(node));
  const json::object document{
      {"application",
       json::object{
           {"resources", json::object{{"base", base}, {"resource", std::move(resources)}}}}}};
  return json::serialize(document) + "\n";
}

}  // namespace

Response describe_resource(std::span<const Transaction> transactions, std::string_view path,
                           const Request& request) {
  constexpr std::array<Offer, 4> kForms{{{"application/vnd.sun.wadl+xml"},
                                         {"application/dicom+json"},
                                         {"application/json"},
                                         {"application/xml"}}};
  auto form = chosen_form(request, kForms);
  if (!form) return std::move(form.error());
  const std::vector<Node> nodes = tree_of(transactions, path);
  const std::string base = service_url(request);
  const std::string_view media = kForms[*form].media;
  return Response::of(media, media.ends_with("json") ? to_json(nodes, base) : to_wadl(nodes, base));
}

}  // namespace pacs::web
