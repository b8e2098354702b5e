// The resources of the DICOMweb service, each with its transactions: one table that registers the
// routes and describes them (PS3.18 §8.9, Annex H), so that what is described is what is there.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "web/http/router.h"

namespace pacs::web {

/// Where the service is (PS3.18 §8.2).
inline constexpr std::string_view kServicePath = "/dicomweb";

/// "https://host:port/dicomweb": the base URI of the service as the client knows it.
[[nodiscard]] std::string service_url(const Request& request);

/// What may stand behind the question mark.
struct QueryParameter {
  std::string name;
  std::string_view type = "xs:string";     ///< of XML Schema
  bool repeated = false;                   ///< may come several times
  std::vector<std::string_view> values{};  ///< all there are; empty: any
};

/// One method of one resource.
struct Transaction {
  std::string_view method;                ///< "GET"
  std::string_view path;                  ///< below the service: "/studies/{study}/series"
  std::string_view id;                    ///< "SearchForStudySeries"
  std::vector<std::string_view> gives{};  ///< media types of the answer, the default first
  std::vector<std::string_view> takes{};  ///< media types of the request's body
  std::vector<QueryParameter> parameters{};
};

class Resources {
 public:
  /// `router` lives as long as routes are added.
  explicit Resources(Router& router) : router_(router) {}

  void add(Transaction transaction, Role role, std::variant<Handler, WaitingHandler> handler,
           RequestBody body = RequestBody::Buffered);
  /// Adds OPTIONS of the service and of each resource there is by now (PS3.18 §8.9.1).
  void add_capabilities();

 private:
  Router& router_;
  std::vector<Transaction> transactions_;
};

}  // namespace pacs::web
