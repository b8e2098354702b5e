// pacs token: makes, lists and revokes the tokens by which programs and people elsewhere use the
// HTTP API and DICOMweb. Works beside a running server, which sees the change at the next request.

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "apps/commands/commands.h"
#include "apps/options/config_options.h"
#include "apps/output/text_table.h"
#include "apps/server/open_archive.h"
#include "apps/server/process_setup.h"
#include "core/text.h"
#include "web/auth/tokens.h"

namespace pacs::apps {

namespace {

struct TokenArguments {
  ConfigOptions config;
  std::string name;
  std::string role = "viewer";
  std::vector<std::string> ids;
  bool json = false;
};

boost::json::object to_json(const web::Token& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"role", web::to_string(token.role)},
          {"created", token.created}};
}

int complain(const Error& error) {
  fmt::print(stderr, "pacs token: {}\n", printable(error.to_string()));
  return 1;
}

int create(const TokenArguments& arguments, web::Tokens& tokens) {
  const auto created = tokens.create(arguments.name, *web::parse_role(arguments.role));
  if (!created) return complain(created.error());
  if (arguments.json) {
    boost::json::object object = to_json(created->token);
    object["token"] = created->secret;
    fmt::print("{}\n", boost::json::serialize(object));
    return 0;
  }
  fmt::print(stderr, "Token {} for {}. It is shown this once:\n", created->token.id,
             created->token.name);
  fmt::print("{}\n", created->secret);
  return 0;
}

int list(const TokenArguments& arguments, web::Tokens& tokens) {
  const auto all = tokens.list();
  if (!all) return complain(all.error());
  if (arguments.json) {
    boost::json::array rows;
    for (const web::Token& token : *all) rows.push_back(to_json(token));
    fmt::print("{}\n", boost::json::serialize(rows));
    return 0;
  }
  TextTable table({"id", "role", "created", "name"},
                  [](std::string_view line) { fmt::print("{}\n", line); });
  for (const web::Token& token : *all) {
    table.add({token.id, std::string(web::to_string(token.role)), token.created, token.name});
  }
  table.finish();
  return 0;
}

int revoke(const TokenArguments& arguments, web::Tokens& tokens) {
  int code = 0;
  for (const std::string& id : arguments.ids) {
    if (const Result<> revoked = tokens.revoke(id); !revoked) code = complain(revoked.error());
  }
  return code;
}

}  // namespace

void add_token(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<TokenArguments>();
  CLI::App* command =
      app.add_subcommand("token", "Make, list and revoke tokens for the HTTP API and DICOMweb");
  command->require_subcommand(1);
  const auto with_tokens = [arguments, &exit_code](auto work) {
    return [arguments, &exit_code, work] {
      const std::optional<Config> config = load_or_explain(arguments->config);
      if (!config) {
        exit_code = 2;
        return;
      }
      keep_archive_private();
      web::Tokens tokens(tokens_file(*config));
      exit_code = work(*arguments, tokens);
    };
  };
  const auto add = [&](const char* name, const char* help, auto work) {
    CLI::App* one = command->add_subcommand(name, help);
    add_config_options(*one, arguments->config);
    one->add_flag("--json", arguments->json, "For scripts");
    one->callback(with_tokens(work));
    return one;
  };
  CLI::App* made = add("create", "Make a token and print it", create);
  made->add_option("--name", arguments->name, "Whose it is")->required();
  made->add_option("--role", arguments->role, "viewer (reads), uploader (stores), administrator")
      ->check(CLI::IsMember({"viewer", "uploader", "administrator"}))
      ->capture_default_str();
  add("list", "List the tokens", list);
  add("revoke", "Revoke tokens by their ids", revoke)
      ->add_option("id", arguments->ids, "What `list` shows")
      ->required();
}

}  // namespace pacs::apps
