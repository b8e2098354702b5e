#include "storage/jobs/sql_jobs.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "storage/jobs/job_rows.h"

namespace pacs::storage {
namespace {

using Sync = IndexDatabase::Sync;

/// Bytes of an error that are kept: a sentence, not a log.
constexpr std::size_t kErrorBytesMax = 1000;

std::string job_sql(std::string_view rest) {
  return fmt::format("SELECT {}, payload FROM job {}", kJobColumns, rest);
}

/// Cut before a letter that would be cut (UTF-8).
std::string shortened(std::string text) {
  if (text.size() <= kErrorBytesMax) return text;
  std::size_t end = kErrorBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

/// Jobs whose worker is gone are for others, but not for ever: they may be what ended it.
SqlText release_sql(std::int64_t now_ms, std::int64_t attempts_max) {
  SqlText sql("UPDATE job SET state = CASE WHEN attempts >= ");
  (sql.add(attempts_max) += " THEN ").add(std::string(to_string(JobState::Dead)));
  (sql += " ELSE ").add(std::string(to_string(JobState::Waiting)));
  sql += " END, owner = '', error = 'the worker that had it was lost', changed_ms = ";
  sql.add(now_ms) += " WHERE state";
  add_state(sql, JobState::Running);
  return sql;
}

/// Of jobs for one peer no more are performed at a time: one that does not answer holds up its own.
constexpr std::int64_t kRunningOfDestination = 2;

/// "AND ..." on a waiting row of `job`.
void add_not_held_up(SqlText& sql, const std::vector<std::string>& held_up) {
  sql +=
      " AND (destination = '' OR ((SELECT count(*) FROM job AS other WHERE other.destination = "
      "job.destination AND other.state";
  add_state(sql, JobState::Running);
  (sql += ") < ").add(kRunningOfDestination);
  sql +=
      " AND NOT EXISTS (SELECT 1 FROM job AS earlier WHERE earlier.subject = job.subject AND "
      "earlier.subject <> '' AND earlier.destination = job.destination AND earlier.kind = job.kind "
      "AND earlier.id < job.id AND earlier.state IN ('waiting', 'running'))";
  // No AE title has a backslash; one parameter however many there are, so one statement.
  sql += " AND instr(";
  sql.add(fmt::format("\\{}\\", fmt::join(held_up, "\\"))) +=
      ", '\\' || destination || '\\') = 0))";
}

}  // namespace

Result<std::int64_t> SqlJobs::add(const NewJob& job) {
  std::int64_t id = 0;
  const auto insert = [&](SqlDatabase& database) -> Result<> {
    PACS_TRY(id, add_job(database, job, clock_()));
    return {};
  };
  PACS_TRY(database_.write(insert, Sync::Now));
  return id;
}

Result<Job> SqlJobs::find(std::int64_t id) {
  PACS_TRY(const auto reader, database_.readers().lease());
  PACS_TRY(const auto row, reader->statement(job_sql("WHERE id = $1"), id));
  PACS_TRY(const bool there, row->step());
  if (!there) return fail(ErrorKind::NotFound, fmt::format("there is no job {}", id));
  return job_with_payload_of(*row);
}

Result<std::vector<Job>> SqlJobs::list(const JobFilter& filter) {
  SqlText sql(fmt::format("SELECT {} FROM job WHERE true", kJobColumns));
  if (filter.state) add_state(sql += " AND state", *filter.state);
  if (!filter.kind.empty()) (sql += " AND kind = ").add(filter.kind);
  if (!filter.subject.empty()) (sql += " AND subject = ").add(filter.subject);
  if (!filter.destination.empty()) (sql += " AND destination = ").add(filter.destination);
  if (!filter.once.empty()) (sql += " AND once <> '' AND once = ").add(filter.once);
  if (filter.before > 0) (sql += " AND id < ").add(filter.before);
  sql += " ORDER BY id DESC LIMIT ";
  sql.add(static_cast<std::int64_t>(std::min(filter.limit, kJobsPageMax)));
  const SqlQuery query(sql);
  PACS_TRY(const auto reader, database_.readers().lease());
  PACS_TRY(const auto rows, reader->statement(query));
  std::vector<Job> jobs;
  PACS_TRY(each_row(*rows, [&](SqlStatement& row) { jobs.push_back(job_of(row)); }));
  return jobs;
}

Result<JobCounts> SqlJobs::counts() {
  PACS_TRY(const auto reader, database_.readers().lease());
  PACS_TRY(const auto rows, reader->statement("SELECT state, count(*) FROM job GROUP BY state"));
  JobCounts counts{};
  PACS_TRY(each_row(*rows, [&](SqlStatement& row) {
    if (const auto state = job_state(row.text(0))) {
      counts[static_cast<std::size_t>(*state)] = static_cast<std::uint64_t>(row.integer(1));
    }
  }));
  return counts;
}

/// `change` updates the job where its state allows that; says which it was when it does not.
Result<Job> SqlJobs::steer(std::int64_t id, const SqlText& change, std::string_view wish) {
  PACS_TRY(const auto changed, database_.write(change, Sync::Now));
  auto job = find(id);
  if (!job || changed != 0) return job;
  return fail(ErrorKind::Mismatch,
              fmt::format("job {} is {}: it cannot be {}", id, to_string(job->state), wish));
}

Result<Job> SqlJobs::cancel(std::int64_t id) {
  SqlText sql("UPDATE job SET owner = '', state");
  add_state(sql, JobState::Cancelled);
  (sql += ", changed_ms = ").add(clock_());
  (sql += " WHERE id = ").add(id) += " AND state IN ('waiting', 'running', 'dead')";
  return steer(id, sql, "cancelled");
}

Result<Job> SqlJobs::retry(std::int64_t id) {
  return begin_anew(id, "'waiting', 'dead', 'cancelled'");
}

Result<Job> SqlJobs::repeat(std::int64_t id) {
  return begin_anew(id, "'waiting', 'done', 'dead', 'cancelled'");
}

/// `states`: those that allow it, as SQL has them in a list.
Result<Job> SqlJobs::begin_anew(std::int64_t id, std::string_view states) {
  SqlText sql("UPDATE job SET attempts = 0, progress_done = 0, state");
  add_state(sql, JobState::Waiting);
  (sql += ", due_ms = ").add(clock_());
  (sql += ", changed_ms = ").add(clock_());
  (sql += " WHERE id = ").add(id) += fmt::format(" AND state IN ({})", states);
  return steer(id, sql, "tried again");
}

Result<std::int64_t> SqlJobs::make_due(std::string_view destination) {
  const std::int64_t now = clock_();
  SqlText sql("UPDATE job SET due_ms = ");
  (sql.add(now) += ", changed_ms = ").add(now);
  (sql += " WHERE destination = ").add(std::string(destination));
  add_state(sql += " AND state", JobState::Waiting);
  (sql += " AND due_ms > ").add(now);
  return database_.write(sql, Sync::Later);
}

Result<Job> SqlJobs::set_priority(std::int64_t id, std::int64_t priority) {
  if (priority < kJobPriorityMin || priority > kJobPriorityMax) {
    return fail(ErrorKind::InvalidArgument, "priority must be -100 to 100");
  }
  SqlText sql("UPDATE job SET priority = ");
  (sql.add(priority) += ", changed_ms = ").add(clock_());
  (sql += " WHERE id = ").add(id) += " AND state IN ('waiting', 'running', 'dead')";
  return steer(id, sql, "given another priority");
}

Result<> SqlJobs::remove(std::int64_t id) {
  SqlText sql("DELETE FROM job WHERE id = ");
  sql.add(id) += " AND state <> 'running'";
  PACS_TRY(const auto changed, database_.write(sql, Sync::Now));
  if (changed != 0) return {};
  PACS_TRY(const auto job, find(id));
  return fail(ErrorKind::Mismatch,
              fmt::format("job {} is running: cancel it before it is removed", id));
}

Result<std::optional<Job>> SqlJobs::take(const JobTaking& taking) {
  const std::int64_t now = clock_();
  SqlText release = release_sql(now, taking.attempts_max);
  (release += " AND lease_ms <= ").add(now);
  SqlText claim("UPDATE job SET attempts = attempts + 1, progress_done = 0, state");
  add_state(claim, JobState::Running);
  (claim += ", owner = ").add(taking.owner);
  (claim += ", lease_ms = ").add(now + taking.lease_ms);
  (claim += ", changed_ms = ").add(now);
  // The state is looked at twice: where writers do not wait for each other's whole transaction, two
  // may find the same row, and the second finds it taken.
  add_state(claim += " WHERE id = (SELECT id FROM job WHERE state", JobState::Waiting);
  (claim += " AND due_ms <= ").add(now) += " AND ";
  add_kinds(claim, taking.which.kinds);
  add_not_held_up(claim, taking.which.held_up);
  add_state(claim += " ORDER BY priority DESC, due_ms, id LIMIT 1) AND state", JobState::Waiting);
  claim += fmt::format(" RETURNING {}, payload", kJobColumns);

  std::optional<Job> taken;
  const auto run = [&](SqlDatabase& database) -> Result<> {
    PACS_TRY(run_sql(database, release));
    return each_row(database, claim, [&](SqlStatement& row) { taken = job_with_payload_of(row); });
  };
  // Lost with the power it is there to be taken again, as if this worker was lost.
  PACS_TRY(database_.write(run, Sync::Later));
  return taken;
}

Result<bool> SqlJobs::change_claimed(const JobClaim& claim, SqlText change, Sync sync) {
  (change += ", changed_ms = ").add(clock_());
  (change += " WHERE id = ").add(claim.id);
  (change += " AND owner = ").add(claim.owner);
  add_state(change += " AND state", JobState::Running);
  PACS_TRY(const auto changed, database_.write(change, sync));
  return changed != 0;
}

Result<bool> SqlJobs::renew(const JobClaim& claim, const JobRenewal& renewal) {
  if (renewal.payload && renewal.payload->size() > kJobPayloadBytesMax) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("job: the payload has {} bytes; {} are allowed",
                            renewal.payload->size(), kJobPayloadBytesMax));
  }
  SqlText sql("UPDATE job SET lease_ms = ");
  sql.add(clock_() + renewal.lease_ms) += ", progress_done = ";
  sql.add(renewal.progress_done) += ", progress_total = ";
  sql.add(renewal.progress_total);
  if (renewal.payload) (sql += ", payload = ").add(*renewal.payload);
  return change_claimed(claim, std::move(sql), renewal.payload ? Sync::Now : Sync::Later);
}

Result<bool> SqlJobs::end(const JobClaim& claim, const JobEnd& end) {
  using How = JobEnd::How;
  SqlText sql("UPDATE job SET owner = '', state");
  add_state(sql, end.how == How::Done   ? JobState::Done
                 : end.how == How::Dead ? JobState::Dead
                                        : JobState::Waiting);
  if (end.how != How::GivenBack) (sql += ", error = ").add(shortened(end.error));
  if (end.how == How::Done) sql += ", progress_done = progress_total";
  if (end.how == How::Later) (sql += ", due_ms = ").add(end.due_ms);
  if (end.how == How::GivenBack) sql += ", attempts = attempts - 1";
  return change_claimed(claim, std::move(sql), Sync::Now);
}

Result<std::optional<std::int64_t>> SqlJobs::next_due(const JobChoice& choice) {
  SqlText sql("SELECT min(CASE WHEN state");
  add_state(sql, JobState::Waiting);
  sql +=
      " THEN due_ms ELSE lease_ms END), count(*) FROM job WHERE (state = 'running' OR (state = "
      "'waiting'";
  add_not_held_up(sql, choice.held_up);
  sql += ")) AND ";
  add_kinds(sql, choice.kinds);
  const SqlQuery query(sql);
  PACS_TRY(const auto reader, database_.readers().lease());
  PACS_TRY(const auto row, reader->statement(query));
  PACS_TRY(const bool there, row->step());
  if (!there || row->integer(1) == 0) return std::nullopt;
  return row->integer(0);
}

Result<> SqlJobs::release_all(std::int64_t attempts_max) {
  PACS_TRY(database_.write(release_sql(clock_(), attempts_max), Sync::Now));
  return {};
}

Result<std::int64_t> SqlJobs::remove_ended(std::int64_t before_ms, std::int64_t most) {
  SqlText sql(
      "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE state IN ('done', 'dead', "
      "'cancelled') AND changed_ms < ");
  (sql.add(before_ms) += " LIMIT ").add(most) += ")";
  return database_.write(sql, Sync::Later);
}

}  // namespace pacs::storage
