// The table of configuration keys: one row drives reading the file, environment and flags,
// checking, printing and the commented example.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apps/config/config.h"
#include "web/http/principal.h"

namespace pacs::apps {

/// A value as the file, the environment and the flags give it. Choices are text.
using ConfigValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

struct ConfigKey {
  enum class Type : std::uint8_t { Bool, Integer, Text, Choice, List };

  std::string_view name;  ///< "dicom.port": table and key
  Type type;
  std::int64_t min = 0, max = 0;              ///< of an Integer
  std::span<const std::string_view> choices;  ///< of a Choice
  std::string_view help;                      ///< what it means and why, with the unit
  ConfigValue (*get)(const Config& config);
  void (*put)(Config& config, const ConfigValue& value);  ///< `value` has been checked

  /// Whether the value has this key's type and range; the message says what it must be.
  [[nodiscard]] Result<> check(const ConfigValue& value) const;
  /// Checks, then puts.
  [[nodiscard]] Result<> set(Config& config, const ConfigValue& value) const;
  /// The same from text, for the environment and --set. Lists are separated by commas, or written
  /// as in the file: ["a", "b"].
  [[nodiscard]] Result<> set_text(Config& config, std::string_view text) const;

  [[nodiscard]] std::string variable() const;  ///< "PACS_DICOM_PORT"
  [[nodiscard]] std::string range() const;  ///< "1 to 65535", "\"keep\", \"replace\" or \"reject\""
};

/// In the order of the example file; keys of one table stand together.
[[nodiscard]] std::span<const ConfigKey> config_keys();
[[nodiscard]] const ConfigKey* find_config_key(std::string_view name);

/// The comment above each table in the example file.
[[nodiscard]] std::string_view config_table_help(std::string_view table);

/// "MOVEDST@127.0.0.1:11190", with "+tls" at the end for TLS: one [[remote_ae]] in the environment
/// and in --set.
[[nodiscard]] Result<RemoteAe> parse_remote_ae(std::string_view text);
[[nodiscard]] std::string to_string(const RemoteAe& remote);

/// The subject and role of "viewer CN=reading-room,O=Hospital"; nullopt for what is none.
[[nodiscard]] std::optional<std::pair<std::string, web::Role>> parse_http_client(
    std::string_view text);

}  // namespace pacs::apps
