#include "web/dicomweb/resources.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "web/dicomweb/capabilities.h"

namespace pacs::web {
namespace {

/// "GET, HEAD, OPTIONS": RFC 9110 §10.2.1.
std::string allowed(const std::vector<Transaction>& transactions, std::string_view path) {
  std::string allow;
  for (const Transaction& one : transactions) {
    if (one.path != path) continue;
    allow += fmt::format("{}, {}", one.method, one.method == "GET" ? "HEAD, " : "");
  }
  return allow + "OPTIONS";
}

}  // namespace

std::string service_url(const Request& request) {
  return fmt::format("{}{}", request.base_url, kServicePath);
}

void Resources::add(Transaction transaction, Role role,
                    std::variant<Handler, WaitingHandler> handler, RequestBody body) {
  router_.add({std::string(transaction.method), fmt::format("{}{}", kServicePath, transaction.path),
               role, std::move(handler), body});
  transactions_.push_back(std::move(transaction));
}

void Resources::add_capabilities() {
  std::vector<std::string_view> paths{"/"};
  for (const Transaction& transaction : transactions_) {
    if (std::ranges::find(paths, transaction.path) == paths.end()) {
      paths.push_back(transaction.path);
    }
  }
  const auto all = std::make_shared<const std::vector<Transaction>>(transactions_);
  for (const std::string_view path : paths) {
    Handler describe = [all, path](const Request& request) {
      return describe_resource(*all, path, request).with("Allow", allowed(*all, path));
    };
    router_.add(
        {"OPTIONS", fmt::format("{}{}", kServicePath, path), Role::Anybody, std::move(describe)});
  }
}

}  // namespace pacs::web
