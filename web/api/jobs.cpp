#include "web/api/jobs.h"

#include <cstdint>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "storage/jobs/jobs.h"
#include "web/api/api_route.h"
#include "web/api/api_text.h"
#include "web/http/query_keys.h"
#include "web/http/small_json.h"

namespace pacs::web {
namespace {

namespace json = boost::json;
using storage::Job;
using storage::JobFilter;
using storage::Jobs;
using storage::JobState;

json::object to_json(const Job& job) {
  json::object object{{"id", job.id},
                      {"kind", job.kind},
                      {"subject", job.subject},
                      {"destination", job.destination},
                      {"state", to_string(job.state)},
                      {"priority", job.priority},
                      {"attempts", job.attempts},
                      {"created", instant(job.created_ms)},
                      {"changed", instant(job.changed_ms)},
                      {"progress", {{"done", job.progress_done}, {"total", job.progress_total}}}};
  if (job.state == JobState::Waiting) object["due"] = instant(job.due_ms);
  if (job.state == JobState::Running) object["owner"] = job.owner;
  if (!job.error.empty()) object["error"] = job.error;
  return object;
}

Response answer(const json::value& body) {
  return Response::json(200, json::serialize(body) + "\n");
}

Response answer(const Result<Job>& job) {
  return job ? answer(to_json(*job)) : Response::problem(job.error());
}

Result<> take_parameter(JobFilter& filter, const std::string& name, const std::string& value) {
  if (name == "state") {
    filter.state = storage::job_state(value);
    if (!filter.state)
      return bad_request("state must be waiting, running, done, dead or cancelled");
  } else if (name == "kind") {
    filter.kind = value;
  } else if (name == "subject") {
    filter.subject = value;
  } else if (name == "destination") {
    filter.destination = value;
  } else if (name == "before") {
    PACS_TRY(filter.before, read_number(name, value, 1, INT64_MAX));
  } else if (name == "limit") {
    PACS_TRY(const auto limit, read_number(name, value, 1, storage::kJobsPageMax));
    filter.limit = static_cast<std::size_t>(limit);
  } else {
    return bad_request(name +
                       " is unknown; use state, kind, subject, destination, before or limit");
  }
  return {};
}

Response list(Jobs& jobs, const Request& request) {
  JobFilter filter;
  for (const auto& [name, value] : request.query) {
    if (Result<> taken = take_parameter(filter, name, value); !taken) {
      return Response::problem(taken.error());
    }
  }
  const Result<std::vector<Job>> page = jobs.list(filter);
  if (!page) return Response::problem(page.error());
  const Result<storage::JobCounts> counts = jobs.counts();
  if (!counts) return Response::problem(counts.error());
  json::array rows;
  for (const Job& job : *page) rows.push_back(to_json(job));
  json::object by_state;
  for (std::size_t state = 0; state < counts->size(); ++state) {
    by_state[to_string(static_cast<JobState>(state))] = (*counts)[state];
  }
  return answer(json::object{{"jobs", std::move(rows)}, {"counts", std::move(by_state)}});
}

/// Calls `act` with the id in the path; if that is not a number, there is no such job.
template <typename Act>
Handler with_id(Act act) {
  return [act = std::move(act)](const Request& request) {
    const std::string_view text = request.parameter("id");
    const auto id = read_number("id", text, 0, INT64_MAX);
    if (!id) return Response::problem(404, fmt::format("There is no job {}.", text.substr(0, 20)));
    return act(*id, request);
  };
}

Result<std::int64_t> read_priority(std::string_view body) {
  PACS_TRY(const json::value value, parse_small_json(body));
  const json::object* object = value.if_object();
  if (object == nullptr || object->size() != 1 || !object->contains("priority")) {
    return bad_request("the body must be {\"priority\": NUMBER}");
  }
  const json::value& priority = object->at("priority");
  if (!priority.is_int64()) return bad_request("priority must be a number from -100 to 100");
  return priority.get_int64();
}

Response set_priority(Jobs& jobs, std::int64_t id, const Request& request) {
  const Result<std::int64_t> priority = read_priority(request.body);
  if (!priority) return Response::problem(priority.error());
  return answer(jobs.set_priority(id, *priority));
}

Response remove(Jobs& jobs, std::int64_t id) {
  if (Result<> removed = jobs.remove(id); !removed) return Response::problem(removed.error());
  Response response;
  response.status = 204;
  return response;
}

}  // namespace

void add_jobs(Router& router, storage::Jobs& jobs, std::function<void()> wake) {
  router.add(api_route(
      "GET", "/api/jobs", [&jobs](const Request& request) { return list(jobs, request); },
      {.summary = "Durable jobs, the latest first, and how many there are in each state",
       .query = {{"state", "waiting, running, done, dead or cancelled"},
                 {"kind", "whose work it is"},
                 {"subject", "what it is about, a UID"},
                 {"destination", "AE title"},
                 {"before", "only jobs of a lower id: the last id of the page before", true},
                 {"limit", "jobs of a page, 1000 at most", true}},
       .answer = "Jobs"}));
  router.add(api_route("GET", "/api/jobs/{id}", with_id([&jobs](std::int64_t id, const Request&) {
                         return answer(jobs.find(id));
                       }),
                       {.summary = "One job", .answer = "Job"}));
  router.add(api_route(
      "PATCH", "/api/jobs/{id}", with_id([&jobs](std::int64_t id, const Request& request) {
        return set_priority(jobs, id, request);
      }),
      {.summary = "Gives a job another priority", .body = "JobPriority", .answer = "Job"}));
  router.add(api_route(
      "POST", "/api/jobs/{id}/cancel",
      with_id([&jobs](std::int64_t id, const Request&) { return answer(jobs.cancel(id)); }),
      {.summary = "No further attempt is made at a job", .answer = "Job"}));
  router.add(api_route("POST", "/api/jobs/{id}/retry",
                       with_id([&jobs, wake = std::move(wake)](std::int64_t id, const Request&) {
                         const Result<Job> job = jobs.retry(id);
                         if (job) wake();
                         return answer(job);
                       }),
                       {.summary = "A job is due now, with all its attempts", .answer = "Job"}));
  router.add(
      api_route("DELETE", "/api/jobs/{id}",
                with_id([&jobs](std::int64_t id, const Request&) { return remove(jobs, id); }),
                {.summary = "Removes a job that does not run", .statuses = no_content()}));
}

}  // namespace pacs::web
