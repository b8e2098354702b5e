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
    return refuse("kind must have 1 to 64 letters");
  if (job.subject.size() > kNameBytesMax || job.destination.size() > kNameBytesMax) {
    return refuse("subject and destination may have 64 letters at most");
  }
  if (job.once.size() > kOnceBytesMax) return refuse("once may have 256 letters at most");
  if (job.priority < kJobPriorityMin || job.priority > kJobPriorityMax) {
    return refuse("priority must be -100 to 100");
  }
  if (job.payload.size() > kJobPayloadBytesMax) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("job: the payload has {} bytes; {} are allowed", job.payload.size(),
                            kJobPayloadBytesMax));
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

Job job_with_payload_of(SqlStatement& row) {
  Job job = job_of(row);
  const ByteView payload = row.bytes(kJobPayloadColumn);
  job.payload.assign(payload.begin(), payload.end());
  return job;
}

Result<std::int64_t> add_job(SqlDatabase& database, const NewJob& job, std::int64_t now_ms) {
  PACS_TRY(check(job));
  SqlText insert = insert_into("job", {{"kind", job.kind},
                                       {"subject", job.subject},
                                       {"destination", job.destination},
                                       {"once", job.once},
                                       {"state", std::string(to_string(JobState::Waiting))},
                                       {"priority", job.priority},
                                       {"attempts", std::int64_t{0}},
                                       {"due_ms", job.due_ms == 0 ? now_ms : job.due_ms},
                                       {"owner", std::string{}},
                                       {"lease_ms", std::int64_t{0}},
                                       {"created_ms", now_ms},
                                       {"changed_ms", now_ms},
                                       {"progress_done", std::int64_t{0}},
                                       {"progress_total", job.progress_total},
                                       {"error", std::string{}},
                                       {"payload", job.payload}});
  auto id = insert_row(database, std::move(insert));
  if (!id && id.error().kind == ErrorKind::Duplicate) {
    return fail(ErrorKind::Duplicate,
                "job: there is one for the same purpose already: " + job.once);
  }
  return id;
}

}  // namespace pacs::storage
