#include "web/api/configuration.h"

#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "web/api/api_route.h"
#include "web/http/unchanging_answer.h"

namespace pacs::web {

void add_configuration(Router& router, const std::vector<ConfigurationKey>& keys) {
  namespace json = boost::json;
  json::array rows;
  for (const ConfigurationKey& key : keys) {
    rows.push_back(json::object{
        {"key", key.key}, {"value", key.value}, {"from", key.from}, {"where", key.where}});
  }
  std::string text = json::serialize(json::object{{"keys", std::move(rows)}}) + "\n";
  router.add(only_for(
      Role::Administrator,
      api_route("GET", "/api/configuration", unchanging_answer("application/json", std::move(text)),
                {.summary = "The configuration in force, and where each value comes from",
                 .answer = "Configuration"})));
}

}  // namespace pacs::web
