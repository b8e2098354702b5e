// pacs jobs: lists and steers the durable jobs of a running server.

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "apps/commands/commands.h"
#include "apps/commands/http_client.h"
#include "apps/options/config_options.h"
#include "apps/output/text_table.h"
#include "core/text.h"

namespace pacs::apps {

namespace {

namespace json = boost::json;

struct JobsArguments {
  ConfigOptions config;
  std::string url;
  std::string state, kind, destination, subject;  // list
  std::size_t limit = 100;                        // list
  bool json = false;
  std::vector<std::string> ids;
  std::string id;    // priority
  int priority = 0;  // priority
};

int complain(std::string_view what) {
  fmt::print(stderr, "pacs jobs: {}\n", printable(what));
  return 1;
}

/// The server's own refusals name the job; any other error says where it came from.
std::string job_error(const Error& error) {
  const bool said = error.kind == ErrorKind::Rejected || error.kind == ErrorKind::InvalidArgument;
  return said ? error.message : error.to_string();
}

std::optional<std::string> base_url(const JobsArguments& arguments) {
  if (!arguments.url.empty()) return arguments.url + "/api/jobs";
  const std::optional<Config> config = load_or_explain(arguments.config);
  if (!config) return std::nullopt;
  return api_url(*config) + "/api/jobs";
}

/// The answer as JSON, or what is wrong with it.
Result<json::value> ask(std::string_view method, const std::string& url,
                        std::string_view body = {}) {
  PACS_TRY(const HttpReply reply, http_request(method, url, body));
  if (!reply.ok()) return fail(ErrorKind::Rejected, reason_of(reply));
  if (reply.body.empty()) return json::value{};
  boost::system::error_code malformed;
  json::value value = json::parse(reply.body, malformed);
  if (malformed) return fail(ErrorKind::Malformed, "the server's answer is not JSON");
  return value;
}

/// A member as text; "" when it is not there.
std::string member(const json::value& value, std::string_view name) {
  const json::object* object = value.if_object();
  const json::value* found = object == nullptr ? nullptr : object->if_contains(name);
  if (found == nullptr) return {};
  if (const json::string* text = found->if_string()) return std::string(*text);
  return json::serialize(*found);
}

std::string progress(const json::value& job) {
  const json::object* object = job.if_object();
  const json::value* both = object == nullptr ? nullptr : object->if_contains("progress");
  if (both == nullptr || member(*both, "total") == "0") return {};
  return member(*both, "done") + "/" + member(*both, "total");
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_' || c == '.';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string list_url(const std::string& base, const JobsArguments& arguments) {
  std::string url = fmt::format("{}?limit={}", base, arguments.limit);
  const std::pair<std::string_view, const std::string&> filters[] = {
      {"state", arguments.state},
      {"kind", arguments.kind},
      {"destination", arguments.destination},
      {"subject", arguments.subject}};
  for (const auto& [name, value] : filters) {
    if (!value.empty()) url += fmt::format("&{}={}", name, encoded(value));
  }
  return url;
}

int run_list(const JobsArguments& arguments) {
  const std::optional<std::string> base = base_url(arguments);
  if (!base) return 2;
  const Result<json::value> answer = ask("GET", list_url(*base, arguments));
  if (!answer) return complain(job_error(answer.error()));
  if (arguments.json) {
    fmt::print("{}\n", json::serialize(*answer));
    return 0;
  }
  const json::object* object = answer->if_object();
  const json::value* jobs = object == nullptr ? nullptr : object->if_contains("jobs");
  if (jobs == nullptr || !jobs->is_array()) return complain("the server's answer is not a list");
  TextTable table(
      {"Id", "Kind", "State", "Attempts", "Progress", "Destination", "Subject", "Error"},
      [](std::string_view line) { fmt::print("{}\n", line); });
  for (const json::value& job : jobs->get_array()) {
    table.add({member(job, "id"), member(job, "kind"), member(job, "state"),
               member(job, "attempts"), progress(job), printable(member(job, "destination")),
               printable(member(job, "subject")), printable(member(job, "error"))});
  }
  table.finish();
  return 0;
}

void show(const json::value& job) {
  for (const std::string_view name : {"id", "kind", "subject", "destination", "state", "priority",
                                      "attempts", "due", "created", "changed", "owner", "error"}) {
    const std::string value = member(job, name);
    if (!value.empty()) fmt::print("{:<12} {}\n", name, printable(value));
  }
  if (const std::string done = progress(job); !done.empty()) {
    fmt::print("{:<12} {}\n", "progress", done);
  }
}

int run_show(const JobsArguments& arguments) {
  const std::optional<std::string> base = base_url(arguments);
  if (!base) return 2;
  for (const std::string& id : arguments.ids) {
    const Result<json::value> job = ask("GET", *base + "/" + encoded(id));
    if (!job) return complain(job_error(job.error()));
    if (arguments.json) {
      fmt::print("{}\n", json::serialize(*job));
    } else {
      show(*job);
    }
  }
  return 0;
}

/// Sends the same request for each id; goes on after one that is refused.
int run_each(const JobsArguments& arguments, std::string_view method, std::string_view suffix,
             std::string_view done) {
  const std::optional<std::string> base = base_url(arguments);
  if (!base) return 2;
  int exit_code = 0;
  for (const std::string& id : arguments.ids) {
    const Result<json::value> answer =
        ask(method, fmt::format("{}/{}{}", *base, encoded(id), suffix),
            method == "POST" ? "{}" : std::string_view{});
    if (answer) {
      fmt::print("job {} {}\n", printable(id), done);
    } else {
      exit_code = complain(fmt::format("job {}: {}", id, job_error(answer.error())));
    }
  }
  return exit_code;
}

int run_priority(const JobsArguments& arguments) {
  const std::optional<std::string> base = base_url(arguments);
  if (!base) return 2;
  const Result<json::value> job = ask("PATCH", *base + "/" + encoded(arguments.id),
                                      fmt::format(R"({{"priority": {}}})", arguments.priority));
  if (!job) return complain(fmt::format("job {}: {}", arguments.id, job_error(job.error())));
  fmt::print("job {} has priority {}\n", printable(arguments.id), member(*job, "priority"));
  return 0;
}

using Arguments = std::shared_ptr<JobsArguments>;

void add_server_options(CLI::App& command, JobsArguments& arguments) {
  add_config_options(command, arguments.config);
  command.add_option("--url", arguments.url,
                     "HTTP address of the server (default: from the configuration)");
}

CLI::App* add_with_ids(CLI::App& jobs, const Arguments& arguments, const char* name,
                       const char* help) {
  CLI::App* command = jobs.add_subcommand(name, help);
  command->add_option("ids", arguments->ids, "the jobs")->required();
  add_server_options(*command, *arguments);
  return command;
}

void add_list(CLI::App& jobs, const Arguments& arguments, int& exit_code) {
  CLI::App* command = jobs.add_subcommand("list", "Show jobs, the latest first");
  command->add_option("--state", arguments->state, "only these")
      ->check(CLI::IsMember({"waiting", "running", "done", "dead", "cancelled"}));
  command->add_option("--kind", arguments->kind, "only jobs of this kind: commitment ...");
  command->add_option("--destination", arguments->destination, "only jobs for this AE title");
  command->add_option("--subject", arguments->subject, "only jobs about this UID");
  command->add_option("--limit", arguments->limit, "the most to show")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1000U));
  command->add_flag("--json", arguments->json, "print what /api/jobs answers");
  add_server_options(*command, *arguments);
  command->callback([arguments, &exit_code] { exit_code = run_list(*arguments); });
}

void add_priority(CLI::App& jobs, const Arguments& arguments, int& exit_code) {
  CLI::App* command = jobs.add_subcommand("priority", "Let a job go before or after others");
  command->add_option("id", arguments->id, "the job")->required();
  command->add_option("priority", arguments->priority, "higher ones go first; jobs begin with 0")
      ->required()
      ->check(CLI::Range(-100, 100));
  add_server_options(*command, *arguments);
  command->callback([arguments, &exit_code] { exit_code = run_priority(*arguments); });
}

}  // namespace

void add_jobs(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("jobs", "Work that a running server does until it has succeeded");
  command->footer(
      "Examples:\n"
      "  pacs jobs list --state dead\n"
      "  pacs jobs show 17 --url http://127.0.0.1:8080\n"
      "  pacs jobs retry 17 18\n"
      "  pacs jobs priority 17 50\n"
      "A job that failed as often as jobs.attempts_max allows is dead: see its error, fix what "
      "is\n"
      "wrong, and retry it.\n"
      "Exit code: 0 success, 1 something failed, 2 wrong usage or configuration.");
  command->require_subcommand(1);
  const auto arguments = std::make_shared<JobsArguments>();
  add_list(*command, arguments, exit_code);
  CLI::App* show = add_with_ids(*command, arguments, "show", "Show everything known about jobs");
  show->add_flag("--json", arguments->json, "print one JSON object for each");
  show->callback([arguments, &exit_code] { exit_code = run_show(*arguments); });
  add_with_ids(*command, arguments, "cancel", "Stop trying jobs")
      ->callback([arguments, &exit_code] {
        exit_code = run_each(*arguments, "POST", "/cancel", "is cancelled");
      });
  add_with_ids(*command, arguments, "retry", "Try jobs again now")
      ->callback([arguments, &exit_code] {
        exit_code = run_each(*arguments, "POST", "/retry", "is due now");
      });
  add_priority(*command, arguments, exit_code);
  add_with_ids(*command, arguments, "remove", "Forget jobs that are not running")
      ->callback([arguments, &exit_code] {
        exit_code = run_each(*arguments, "DELETE", "", "is removed");
      });
}

}  // namespace pacs::apps
