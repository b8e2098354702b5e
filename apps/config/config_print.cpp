// The configuration as a TOML file: the commented example and what is in effect.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/config/config.h"
#include "apps/config/config_keys.h"

namespace pacs::apps {
namespace {

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string toml_value(const ConfigValue& value) {
  struct {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(const std::string& text) const { return toml_text(text); }
    std::string operator()(const std::vector<std::string>& texts) const {
      std::string out = "[";
      for (const std::string& text : texts) {
        if (out.size() > 1) out += ", ";
        out += toml_text(text);
      }
      return out + "]";
    }
  } visitor;
  return std::visit(visitor, value);
}

void comment(std::string& to, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    to.append("# ").append(text.substr(0, end)).append("\n");
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
  }
}

void print_remote_aes(std::string& to, const std::vector<RemoteAe>& remotes, bool explain) {
  if (explain) {
    to += '\n';
    comment(to, config_table_help("remote_ae"));
    if (remotes.empty()) {
      to +=
          "#\n# [[remote_ae]]\n# ae_title = \"MOVEDST\"\n# host = \"127.0.0.1\"\n# port = 11190\n# "
          "tls = false\n";
    }
  }
  for (const RemoteAe& remote : remotes) {
    to += fmt::format("\n[[remote_ae]]\nae_title = {}\nhost = {}\nport = {}\ntls = {}\n",
                      toml_text(remote.ae_title), toml_text(remote.host), remote.port, remote.tls);
    if (!remote.character_set.empty()) {
      to += fmt::format("character_set = {}\n", toml_text(remote.character_set));
    }
    if (!remote.transfer_syntaxes.empty()) {
      std::vector<std::string> quoted;
      for (const std::string& syntax : remote.transfer_syntaxes)
        quoted.push_back(toml_text(syntax));
      to += fmt::format("transfer_syntaxes = [{}]\n", fmt::join(quoted, ", "));
    }
    if (remote.lossy_jpeg_quality != 0) {
      to += fmt::format("lossy_jpeg_quality = {}\n", remote.lossy_jpeg_quality);
    }
  }
}

}  // namespace

std::string print_config(const LoadedConfig& loaded, const ConfigPrintOptions& options) {
  std::string out;
  if (options.explain) {
    comment(
        out,
        "Configuration of pacs. Every key may be left out; the values here are those in effect.\n"
        "A variable of the environment overrides this file, --set overrides both.");
    out += '\n';
  }
  std::string_view table;
  std::size_t row = 0;
  for (const ConfigKey& key : config_keys()) {
    const std::string_view in = key.name.substr(0, key.name.rfind('.'));
    if (in != table) {
      if (!table.empty()) out += '\n';
      table = in;
      if (options.explain) comment(out, config_table_help(table));
      out += fmt::format("[{}]\n", table);
    }
    if (options.explain) {
      out += '\n';
      comment(out, key.help);
      comment(out, fmt::format("{}; {}", key.range(), key.variable()));
    }
    out += fmt::format("{} = {}", key.name.substr(table.size() + 1),
                       toml_value(key.get(loaded.config)));
    if (options.origins) out += fmt::format("  # {}", loaded.origins[row]);
    out += '\n';
    ++row;
  }
  print_remote_aes(out, loaded.config.remote_ae, options.explain);
  return out;
}

}  // namespace pacs::apps
