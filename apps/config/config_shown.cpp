#include "apps/config/config_shown.h"

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include "apps/config/config_keys.h"

namespace pacs::apps {
namespace {

boost::json::value without_secret(const std::string& text) {
  boost::json::value shown;
  shown.emplace_string() = without_password(text);
  return shown;
}

boost::json::value json_of(const ConfigValue& value) {
  struct {
    boost::json::value operator()(bool flag) const { return flag; }
    boost::json::value operator()(std::int64_t number) const { return number; }
    boost::json::value operator()(const std::string& text) const { return without_secret(text); }
    boost::json::value operator()(const std::vector<std::string>& texts) const {
      boost::json::array all;
      for (const std::string& text : texts) all.emplace_back(without_secret(text));
      return all;
    }
  } visitor;
  return std::visit(visitor, value);
}

/// Of an origin of LoadedConfig; only that of a file has a line number.
std::string source_of(std::string_view origin) {
  if (origin == "default") return "default";
  if (origin == "--set") return "command line";
  return origin.find(':') == origin.npos ? "environment" : "file";
}

}  // namespace

std::vector<web::ConfigurationKey> configuration_keys(const LoadedConfig& loaded) {
  std::vector<web::ConfigurationKey> keys;
  for (const ConfigKey& key : config_keys()) {
    const std::string& origin = loaded.origins[keys.size()];
    keys.push_back({std::string(key.name), json_of(key.get(loaded.config)), source_of(origin),
                    origin == "default" ? "" : origin});
  }
  return keys;
}

std::string without_password(std::string_view url) {
  std::string text(url);
  const std::size_t scheme = text.find("://");
  if (scheme == text.npos) return text;
  const std::size_t user = scheme + 3;
  const std::size_t at = text.rfind('@', text.find('/', user));
  const std::size_t colon = text.find(':', user);
  if (at == text.npos || at < user || colon == text.npos || colon > at) return text;
  return text.replace(colon + 1, at - colon - 1, "***");
}

}  // namespace pacs::apps
