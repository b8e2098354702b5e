#include "storage/jobs/job_rows.h"

#include <algorithm>

#include <fmt/format.h>

namespace pacs::storage {
namespace {

constexpr std::array<std::string_view, kJobStates> kStates{"waiting", "running", "done", "dead",
                                                           "cancelled"};
constexpr std::size_t kNameBytesMax = 64;  // a kind, a UID, an AE title
constexpr std::size_t kOnceBytesMax = 256;

Result<> check(const NewJob& job) {
  const auto refuse = [](std::string what) {
    return fail(ErrorKind::InvalidArgument, "job: " + std::move(what));
  };
  if (job.kind.empty() || job.kind.size() > kNameBytesMax)
    return refuse("kind has 1 to 64 letters");
  if (job.subject.size() > kNameBytesMax || job.destination.size() > kNameBytesMax) {
    return refuse("subject and destination have 64 letters at most");
  }
  if (job.once.size() > kOnceBytesMax) return refuse("once has 256 letters at most");
  if (job.priority < kJobPriorityMin || job.priority > kJobPriorityMax) {
    return refuse("priority is -100 to 100");
  }
  if (job.payload.size() > kJobPayloadBytesMax) {
    return fail(ErrorKind::LimitExceeded, fmt::format("job: a payload of {} bytes; {} at most",
                                                      job.payload.size(), kJobPayloadBytesMax));
  }
  return {};
}

}  // namespace

std::string_view to_string(JobState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<JobState> job_state(std::string_view text) {
  const auto found = std::ranges::find(kStates, text);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<JobState>(found - kStates.begin());
}

Job job_of(SqlStatement& row) {
  Job job;
  job.id = row.integer(0);
  job.kind = row.text(1);
  job.subject = row.text(2);
  job.destination = row.text(3);
  job.state = job_state(row.text(4)).value_or(JobState::Dead);
  job.priority = row.integer(5);
  job.attempts = row.integer(6);
  job.due_ms = row.integer(7);
  job.owner = row.text(8);
  job.lease_ms = row.integer(9);
  job.created_ms = row.integer(10);
  job.changed_ms = row.integer(11);
  job.progress_done = row.integer(12);
  job.progress_total = row.integer(13);
  job.error = row.text(14);
  job.once = row.text(15);
  return job;
}

void add_state(SqlText& sql, JobState state) {
  (sql += " = ").add(std::string(to_string(state)));
}

void add_kinds(SqlText& sql, const std::vector<std::string>& kinds) {
  sql += "kind IN (";
  std::string_view separator;
  for (const std::string& kind : kinds) {
    (sql += separator).add(kind);
    separator = ", ";
  }
  sql += kinds.empty() ? "NULL)" : ")";
}

Result<std::vector<Job>> job_rows(SqlStatement& statement, bool with_payload) {
  std::vector<Job> jobs;
  for (auto row = statement.step();; row = statement.step()) {
    if (!row) return fail(row.error());
    if (!*row) return jobs;
    Job& job = jobs.emplace_back(job_of(statement));
    if (!with_payload) continue;
    const ByteView payload = statement.bytes(kJobPayloadColumn);
    job.payload.assign(payload.begin(), payload.end());
  }
}

Result<std::vector<Job>> run_for_jobs(SqlDatabase& database, const SqlText& sql,
                                      bool with_payload) {
  const SqlQuery query(sql);
  PACS_TRY(auto statement, database.prepare(query.text));
  const ResetAtEnd reset(*statement);
  bind_values(*statement, query, {});
  return job_rows(*statement, with_payload);
}

Result<std::int64_t> add_job(SqlDatabase& database, const NewJob& job, std::int64_t now_ms) {
  PACS_TRY(check(job));
  SqlText sql(
      "INSERT INTO job (kind, subject, destination, once, state, priority, attempts, due_ms, "
      "owner, "
      "lease_ms, created_ms, changed_ms, progress_done, progress_total, error, payload) VALUES (");
  sql.add(job.kind) += ", ";
  sql.add(job.subject) += ", ";
  sql.add(job.destination) += ", ";
  sql.add(job.once) += ", ";
  sql.add(std::string(to_string(JobState::Waiting))) += ", ";
  sql.add(job.priority) += ", 0, ";
  sql.add(job.due_ms == 0 ? now_ms : job.due_ms) += ", '', 0, ";
  sql.add(now_ms) += ", ";
  sql.add(now_ms) += ", 0, ";
  sql.add(job.progress_total) += ", '', ";
  sql.add(job.payload) += ") RETURNING id";
  const SqlQuery query(sql);
  PACS_TRY(auto statement, database.prepare(query.text));
  const ResetAtEnd reset(*statement);
  bind_values(*statement, query, {});
  const auto row = statement->step();
  if (!row && row.error().kind == ErrorKind::Duplicate) {
    return fail(ErrorKind::Duplicate, "job: one with the same purpose is kept: " + job.once);
  }
  if (!row) return fail(row.error());
  const std::int64_t id = statement->integer(0);
  PACS_TRY(statement->step());
  return id;
}

}  // namespace pacs::storage
