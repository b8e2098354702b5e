// The configuration in force as /api/configuration shows it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/config/config.h"
#include "web/api/configuration.h"

namespace pacs::apps {

/// In the order of config_keys(), without what is secret. [[remote_ae]] is at /api/remote-aes.
[[nodiscard]] std::vector<web::ConfigurationKey> configuration_keys(const LoadedConfig& loaded);

/// "scheme://user:***@host" of a URL with a password.
[[nodiscard]] std::string without_password(std::string_view url);

}  // namespace pacs::apps
