// `/api/configuration`: the configuration in force, and where each value comes from.
#pragma once

#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "web/http/router.h"

namespace pacs::web {

struct ConfigurationKey {
  std::string key;           ///< "dicom.port"
  boost::json::value value;  ///< as the file has it; without what is secret
  std::string from;          ///< "default", "file", "environment" or "command line"
  std::string where;         ///< "pacs.toml:3", "PACS_DICOM_PORT", "--set"; empty for a default
};

/// Adds GET `/api/configuration` for administrators.
void add_configuration(Router& router, const std::vector<ConfigurationKey>& keys);

}  // namespace pacs::web
