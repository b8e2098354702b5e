// Reads the configuration: defaults, file (TOML), environment, --set; each overrides the former.
#include "apps/config/config.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>
#include <map>

#include "apps/config/config_keys.h"
#include "core/nearest.h"

// POSIX has no header that declares it; glibc's <unistd.h> does under _GNU_SOURCE.
extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace pacs::apps {
namespace {

constexpr std::string_view kRemoteAe = "remote_ae";
constexpr std::size_t kConfigBytesMax = 1U << 20;  // far above any that a person writes

std::string did_you_mean(std::string_view name) {
  Nearest nearest{name};
  for (const ConfigKey& key : config_keys()) nearest.offer(key.name);
  nearest.offer(kRemoteAe);
  // The right key in the wrong table: its last part alone.
  const auto last_part = [](std::string_view full) { return full.substr(full.rfind('.') + 1); };
  if (nearest.best().empty()) {
    for (const ConfigKey& key : config_keys()) {
      if (last_part(key.name) == last_part(name))
        return fmt::format("; did you mean {}?", key.name);
    }
    return "; pacs config print lists all keys";
  }
  return fmt::format("; did you mean {}?", nearest.best().front());
}

class Loader {
 public:
  Loader() { loaded_.origins.assign(config_keys().size(), "default"); }

  void file(const std::filesystem::path& path);
  void environment(const std::vector<std::pair<std::string, std::string>>& variables);
  void settings(const std::vector<std::string>& settings);
  LoadedConfig take() &&;

 private:
  void table(const toml::table& table, const std::string& prefix);
  void value(const toml::node& node, const std::string& name);
  void remote_aes(const toml::node& node);
  void remote_ae(const toml::node& node);
  void remote_aes(std::string_view text, const std::string& where);
  void text(std::string_view name, std::string_view value, const std::string& where);
  void problem(std::string message, const std::string& where) {
    loaded_.problems.push_back(Error{ErrorKind::InvalidArgument, std::move(message)}.in(where));
  }
  [[nodiscard]] std::string place(const toml::node& node) const {
    return fmt::format("{}:{}:{}", file_, node.source().begin.line, node.source().begin.column);
  }
  void came_from(const ConfigKey& key, std::string origin) {
    loaded_.origins[static_cast<std::size_t>(&key - config_keys().data())] = std::move(origin);
  }

  LoadedConfig loaded_;
  std::string file_;
};

/// All of a configuration file. A folder opens like a file and fails only when it is read.
Result<std::string> read_config_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return fail(ErrorKind::InvalidArgument, "is a folder: name the file in it");
  }
  std::ifstream stream{path, std::ios::binary};
  std::string content(kConfigBytesMax + 1, '\0');
  stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!stream.is_open() || stream.bad()) return fail(ErrorKind::Io, "cannot be read");
  content.resize(static_cast<std::size_t>(stream.gcount()));
  if (content.size() > kConfigBytesMax) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("is longer than {} bytes: not a configuration", kConfigBytesMax));
  }
  return content;
}

void Loader::file(const std::filesystem::path& path) {
  file_ = path.string();
  const auto content = read_config_file(path);
  if (!content) return problem(content.error().message, file_);
  try {
    table(toml::parse(*content, file_), "");
  } catch (const toml::parse_error& error) {
    problem(std::string{error.description()},
            fmt::format("{}:{}:{}", file_, error.source().begin.line, error.source().begin.column));
  }
}

void Loader::table(const toml::table& table, const std::string& prefix) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string{key.str()};
    if (name == kRemoteAe) {
      remote_aes(node);
      continue;
    }
    const bool is_table = std::ranges::any_of(
        config_keys(), [&](const ConfigKey& known) { return known.name.starts_with(name + "."); });
    if (is_table) {
      if (const toml::table* inner = node.as_table()) {
        this->table(*inner, name + ".");
      } else {
        problem(fmt::format("{} is a table: write [{}]", name, name), place(node));
      }
    } else if (find_config_key(name) != nullptr) {
      value(node, name);
    } else {
      const auto& at = key.source().begin;
      problem(fmt::format("{} {} is unknown{}", node.is_table() ? "the table" : "the key", name,
                          did_you_mean(name)),
              fmt::format("{}:{}:{}", file_, at.line, at.column));
    }
  }
}

void Loader::value(const toml::node& node, const std::string& name) {
  const ConfigKey& key = *find_config_key(name);
  Result<> status;
  if (const auto* flag = node.as_boolean()) {
    status = key.set(loaded_.config, flag->get());
  } else if (const auto* number = node.as_integer()) {
    status = key.set(loaded_.config, number->get());
  } else if (const auto* text = node.as_string()) {
    status = key.set(loaded_.config, text->get());
  } else if (const auto* array = node.as_array(); array && key.type != ConfigKey::Type::List) {
    status = key.check(std::vector<std::string>{});
  } else if (array != nullptr) {
    std::vector<std::string> texts;
    for (const toml::node& element : *array) {
      if (const auto* one = element.as_string()) {
        texts.push_back(one->get());
      } else {
        return problem(fmt::format("{} must be a list of strings", name), place(element));
      }
    }
    status = key.set(loaded_.config, std::move(texts));
  } else {
    status = fail(ErrorKind::InvalidArgument, "must be " + key.range());
  }
  if (!status) return problem(fmt::format("{} {}", name, status.error().message), place(node));
  came_from(key, fmt::format("{}:{}", file_, node.source().begin.line));
}

void Loader::remote_aes(const toml::node& node) {
  const toml::array* array = node.as_array();
  if (array == nullptr)
    return problem("remote_ae is a list of tables: write [[remote_ae]]", place(node));
  loaded_.config.remote_ae.clear();
  for (const toml::node& element : *array) remote_ae(element);
}

void Loader::remote_ae(const toml::node& node) {
  const toml::table* table = node.as_table();
  if (table == nullptr)
    return problem("each remote_ae is a table: write [[remote_ae]]", place(node));
  RemoteAe remote;
  for (const auto& [key, value] : *table) {
    const std::string_view name = key.str();
    const toml::node& entry = value;  // C++20 as of Clang 14 captures no structured binding
    const auto wrong = [&](std::string_view what) {
      problem(fmt::format("remote_ae.{} must be {}", name, what), place(entry));
    };
    const auto number = [&](auto& member, std::int64_t most) {
      const auto* given = entry.as_integer();
      if (given == nullptr || given->get() < 1 || given->get() > most) {
        return wrong(fmt::format("1 to {}", most));
      }
      member = static_cast<std::remove_reference_t<decltype(member)>>(given->get());
    };
    if (name == "ae_title" || name == "host" || name == "character_set") {
      const auto* text = entry.as_string();
      if (text == nullptr)
        wrong("a string");
      else
        (name == "host"       ? remote.host
         : name == "ae_title" ? remote.ae_title
                              : remote.character_set) = text->get();
    } else if (name == "port") {
      number(remote.port, 65535);
    } else if (name == "lossy_jpeg_quality") {
      number(remote.lossy_jpeg_quality, 100);
    } else if (name == "transfer_syntaxes") {
      const auto* list = entry.as_array();
      if (list == nullptr || !list->is_homogeneous(toml::node_type::string)) {
        wrong("a list of strings");
      } else {
        for (const toml::node& syntax : *list) {
          remote.transfer_syntaxes.push_back(syntax.as_string()->get());
        }
      }
    } else if (name == "tls") {
      const auto* flag = entry.as_boolean();
      if (flag == nullptr)
        wrong("true or false");
      else
        remote.tls = flag->get();
    } else {
      Nearest nearest{name};
      for (const char* known : {"ae_title", "host", "port", "tls", "character_set",
                                "transfer_syntaxes", "lossy_jpeg_quality"}) {
        nearest.offer(known);
      }
      const auto& at = key.source().begin;
      problem(fmt::format("the key remote_ae.{} is unknown{}", name,
                          nearest.best().empty()
                              ? std::string{"; it has ae_title, host, port, tls, character_set, "
                                            "transfer_syntaxes and lossy_jpeg_quality"}
                              : fmt::format("; did you mean {}?", nearest.best().front())),
              fmt::format("{}:{}:{}", file_, at.line, at.column));
    }
  }
  for (const char* needed : {"ae_title", "host", "port"}) {
    if (!table->contains(needed)) problem(fmt::format("a remote_ae lacks {}", needed), place(node));
  }
  loaded_.config.remote_ae.push_back(std::move(remote));
}

void Loader::remote_aes(std::string_view text, const std::string& where) {
  loaded_.config.remote_ae.clear();
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    auto remote = parse_remote_ae(text.substr(0, comma));
    text = comma == text.npos ? std::string_view{} : text.substr(comma + 1);
    if (remote)
      loaded_.config.remote_ae.push_back(std::move(*remote));
    else
      problem(fmt::format("remote_ae {}", remote.error().message), where);
  }
}

void Loader::text(std::string_view name, std::string_view value, const std::string& where) {
  if (name == kRemoteAe) return remote_aes(value, where);
  const ConfigKey& key = *find_config_key(name);
  const Result<> status = key.set_text(loaded_.config, value);
  if (!status) return problem(fmt::format("{} {}", name, status.error().message), where);
  came_from(key, where);
}

void Loader::environment(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::map<std::string, std::string_view> names{{"PACS_REMOTE_AE", kRemoteAe}};
  for (const ConfigKey& key : config_keys()) names[key.variable()] = key.name;
  for (const auto& [variable, value] : variables) {
    if (const auto known = names.find(variable); known != names.end()) {
      text(known->second, value, variable);
      continue;
    }
    // Others may use our prefix (container platforms set PACS_PORT for a service called pacs), so
    // this is a warning and not an error.
    if (!variable.starts_with("PACS_") || variable == "PACS_CONFIG" ||
        variable == "PACS_PASSCODE") {
      continue;
    }
    Nearest nearest{variable};
    for (const auto& [name, key] : names) nearest.offer(name);
    if (nearest.best().empty()) continue;
    loaded_.warnings.push_back(fmt::format("the variable {} is unknown; did you mean {}?", variable,
                                           nearest.best().front()));
  }
}

void Loader::settings(const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    const std::string_view name = std::string_view{setting}.substr(0, equals);
    if (equals == setting.npos) {
      problem(fmt::format("write KEY=VALUE, not \"{}\"", setting), "--set");
    } else if (name != kRemoteAe && find_config_key(name) == nullptr) {
      problem(fmt::format("the key {} is unknown{}", name, did_you_mean(name)), "--set");
    } else {
      text(name, std::string_view{setting}.substr(equals + 1), "--set");
    }
  }
}

LoadedConfig Loader::take() && {
  // Values are compared only when each is right by itself, so that one slip is reported once.
  if (loaded_.problems.empty()) loaded_.problems = check_config(loaded_.config);
  return std::move(loaded_);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> process_environment() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const std::size_t equals = text.find('=');
    if (equals == text.npos) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

LoadedConfig load_config(const ConfigSources& sources) {
  Loader loader;
  if (sources.file) loader.file(*sources.file);
  loader.environment(sources.environment);
  loader.settings(sources.settings);
  return std::move(loader).take();
}

}  // namespace pacs::apps
