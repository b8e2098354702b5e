// pacs completion: scripts that let bash, zsh and fish complete commands, options and
// configuration keys, made from the command line itself.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/commands/commands.h"
#include "apps/config/config_keys.h"

namespace pacs::apps {
namespace {

struct Flag {
  std::string name;  ///< with its dashes
  std::string help;
  bool takes_value = false;
  std::string values;  ///< the ones it takes, when these are few
};

struct Command {
  std::string path;  ///< "config print", "" for the program itself
  std::string help;
  std::vector<Flag> flags;
  std::vector<std::string> words;  ///< subcommands
};

std::string keys() {
  std::string all;
  for (const ConfigKey& key : config_keys())
    all += fmt::format("{}{}=", all.empty() ? "" : " ", key.name);
  return all + " remote_ae=";
}

/// The names that CLI::IsMember allows, "a b"; CLI11 shows them as "TEXT:{a,b}".
std::string members(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open == type.npos || close == type.npos || close < open) return {};
  std::string names = type.substr(open + 1, close - open - 1);
  std::ranges::replace(names, ',', ' ');
  return names;
}

Command describe(const CLI::App& app, std::string path) {
  Command command{std::move(path), app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    const bool takes_value = option->get_items_expected_max() > 0;
    const auto add = [&](std::string name) {
      std::string values = name == "--set" ? keys() : members(*option);
      command.flags.push_back(
          {std::move(name), option->get_description(), takes_value, std::move(values)});
    };
    for (const std::string& name : option->get_lnames()) add("--" + name);
    for (const std::string& name : option->get_snames()) add("-" + name);
  }
  return command;
}

void collect(const CLI::App& app, const std::string& path, std::vector<Command>& to) {
  const std::size_t place = to.size();
  to.push_back(describe(app, path));
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    to[place].words.push_back(sub->get_name());
    collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), to);
  }
}

std::string joined(const Command& command) {
  std::string words;
  for (const std::string& word : command.words) words.append(words.empty() ? "" : " ").append(word);
  for (const Flag& flag : command.flags) words.append(words.empty() ? "" : " ").append(flag.name);
  return words;
}

/// A text inside single quotes of a shell.
std::string quote(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

/// The cases of `case "$path $previous"`, one for each option whose values are known.
template <typename Offer>
std::string values_of(const std::vector<Command>& commands, Offer offer) {
  std::string cases;
  for (const Command& command : commands) {
    for (const Flag& flag : command.flags) {
      if (flag.values.empty()) continue;
      cases += fmt::format("      {})\n{}        return ;;\n",
                           quote(command.path + " " + flag.name), offer(flag, flag.values));
    }
  }
  return cases;
}

std::string bash(const std::vector<Command>& commands) {
  const auto values = values_of(commands, [](const Flag& flag, std::string_view given) {
    return fmt::format("        {}mapfile -t COMPREPLY < <(compgen -W {} -- \"$current\")\n",
                       flag.name == "--set" ? "compopt -o nospace 2>/dev/null; " : "",
                       quote(given));
  });
  std::string out =
      "# bash completion for pacs: source <(pacs completion bash)\n"
      "_pacs() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path='' "
      "word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"${path:+$path }$word\" in\n";
  for (const Command& command : commands) {
    if (!command.path.empty())
      out += fmt::format("      {}) path={} ;;\n", quote(command.path), quote(command.path));
  }
  out +=
      "    esac\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case \"$path $previous\" in\n" +
      values +
      "  esac\n"
      "  local words=''\n"
      "  case \"$path\" in\n";
  for (const Command& command : commands) {
    out += fmt::format("    {}) words={} ;;\n", quote(command.path), quote(joined(command)));
  }
  out +=
      "  esac\n"
      "  if [[ $current == -* ";
  for (const Command& command : commands) {
    if (!command.words.empty()) out += fmt::format("|| $path == {} ", quote(command.path));
  }
  out +=
      "]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "  fi\n"
      "  [[ ${#COMPREPLY[@]} -gt 0 ]] || compopt -o default 2>/dev/null\n"
      "}\n"
      "complete -F _pacs pacs\n";
  return out;
}

std::string zsh(const std::vector<Command>& commands) {
  const auto values = values_of(commands, [](const Flag& flag, std::string_view given) {
    return fmt::format("        compadd {}-- {}\n", flag.name == "--set" ? "-S '' " : "", given);
  });
  // zsh runs the functions of bash's completion after bashcompinit, but has descriptions of its
  // own. Its $path is $PATH.
  std::string out =
      "#compdef pacs\n"
      "# zsh completion for pacs: source <(pacs completion zsh), or as _pacs in a folder of "
      "$fpath\n"
      "_pacs() {\n"
      "  local place='' word\n"
      "  local -a words_here options_here\n"
      "  for word in ${words[2,CURRENT-1]}; do\n"
      "    case \"${place:+$place }$word\" in\n";
  for (const Command& command : commands) {
    if (!command.path.empty())
      out += fmt::format("      {}) place={} ;;\n", quote(command.path), quote(command.path));
  }
  out +=
      "    esac\n"
      "  done\n"
      "  case \"$place ${words[CURRENT-1]}\" in\n" +
      values +
      "  esac\n"
      "  case \"$place\" in\n";
  const auto described = [](std::string_view name, std::string_view help) {
    std::string escaped;
    for (const char c : name) escaped.append(c == ':' ? "\\:" : std::string(1, c));
    return quote(fmt::format("{}:{}", escaped, help));
  };
  for (const Command& command : commands) {
    out += fmt::format("    {})\n      words_here=(", quote(command.path));
    for (const std::string& word : command.words) {
      const std::string path = command.path.empty() ? word : command.path + " " + word;
      for (const Command& sub : commands) {
        if (sub.path == path) out += " " + described(word, sub.help);
      }
    }
    out += ")\n      options_here=(";
    for (const Flag& flag : command.flags) out += " " + described(flag.name, flag.help);
    out += ") ;;\n";
  }
  out +=
      "  esac\n"
      "  if [[ ${words[CURRENT]} == -* ]]; then\n"
      "    _describe -o option options_here\n"
      "  elif (( ${#words_here} )); then\n"
      "    _describe command words_here\n"
      "  else\n"
      "    _files\n"
      "  fi\n"
      "}\n"
      "if [[ ${funcstack[1]} == _pacs ]]; then _pacs \"$@\"; else compdef _pacs pacs; fi\n";
  return out;
}

std::string fish(const std::vector<Command>& commands) {
  std::string out = "# fish completion for pacs: pacs completion fish | source\n";
  for (const Command& command : commands) {
    // The last word of the path was given, and no subcommand of it yet.
    std::string when = "__fish_use_subcommand";
    if (!command.path.empty()) {
      const std::string last = command.path.substr(command.path.rfind(' ') + 1);
      when = "__fish_seen_subcommand_from " + last;
      if (!command.words.empty()) {
        when += "; and not __fish_seen_subcommand_from";
        for (const std::string& word : command.words) when += " " + word;
      }
    }
    for (const std::string& word : command.words) {
      const std::string path = command.path.empty() ? word : command.path + " " + word;
      for (const Command& sub : commands) {
        if (sub.path != path) continue;
        out += fmt::format("complete -c pacs -f -n {} -a {} -d {}\n", quote(when), word,
                           quote(sub.help));
      }
    }
    for (const Flag& flag : command.flags) {
      const bool is_long = flag.name.starts_with("--");
      std::string values;
      if (!flag.values.empty())
        values = " -x -a " + quote(flag.values);
      else if (flag.takes_value)
        values = " -r";
      out +=
          fmt::format("complete -c pacs -n {} -{} {} -d {}{}\n", quote(when), is_long ? "l" : "s",
                      flag.name.substr(is_long ? 2 : 1), quote(flag.help), values);
    }
  }
  return out;
}

int run_completion(const CLI::App& app, const std::string& shell) {
  std::vector<Command> commands;
  collect(app, "", commands);
  const std::string script = shell == "bash"  ? bash(commands)
                             : shell == "zsh" ? zsh(commands)
                                              : fish(commands);
  std::fwrite(script.data(), 1, script.size(), stdout);
  return 0;
}

}  // namespace

void add_completion(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("completion", "Print a script that completes pacs in a shell");
  command->footer(
      "Examples:\n"
      "  source <(pacs completion bash)\n"
      "  pacs completion bash > /etc/bash_completion.d/pacs\n"
      "  pacs completion zsh > ~/.zfunc/_pacs\n"
      "  pacs completion fish > ~/.config/fish/completions/pacs.fish");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, shell, &exit_code] { exit_code = run_completion(app, *shell); });
}

}  // namespace pacs::apps
