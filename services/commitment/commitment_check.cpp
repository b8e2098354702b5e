#include "services/commitment/commitment_check.h"

#include <algorithm>
#include <span>

namespace pacs::services {

namespace {

/// Asked of the index at once: some hundred bytes each.
constexpr std::size_t kLookedUpAtOnce = 1000;
/// Damaged objects that a line in the log is written for; the report has all.
constexpr std::size_t kReportedMax = 20;

/// What the archive said of the object, not of itself.
bool is_the_objects(ErrorKind kind) {
  return kind == ErrorKind::NotFound || kind == ErrorKind::Corrupt || kind == ErrorKind::Io;
}

}  // namespace

Result<> CommitmentCheck::go_on(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  do {
    if (finished()) return {};
    if (done_ == first_ + records_.size()) {
      PACS_TRY(look_up());
    }
    PACS_TRY(check_next());
    ++done_;
  } while (std::chrono::steady_clock::now() < until);
  return {};
}

Result<> CommitmentCheck::look_up() {
  std::vector<std::string> uids;
  const std::size_t count = std::min(kLookedUpAtOnce, references_.size() - done_);
  uids.reserve(count);
  for (const CommitmentReference& reference : std::span(references_).subspan(done_, count)) {
    uids.push_back(reference.sop_instance_uid);
  }
  PACS_TRY(records_, archive_.find_instances(uids));
  first_ = done_;
  return {};
}

Result<> CommitmentCheck::check_next() {
  CommitmentReference& reference = references_[done_];
  const std::optional<storage::InstanceRecord>& record = records_[done_ - first_];
  reference.failure = 0;
  if (!record) {
    reference.failure = failure_reason::kNoSuchObjectInstance;
  } else if (record->sop_class_uid != reference.sop_class_uid) {
    reference.failure = failure_reason::kClassInstanceConflict;
  } else if (Result<> checked = check_object(*record, true); !checked) {
    if (!is_the_objects(checked.error().kind)) return checked;
    reference.failure = failure_reason::kProcessingFailure;
    report(reference, checked.error());
  }
  return {};
}

/// An object that came again with other content takes the place of the one that was looked up.
Result<> CommitmentCheck::check_object(const storage::InstanceRecord& record, bool again) {
  Result<> checked = archive_.check_object(record);
  if (checked || !again || !is_the_objects(checked.error().kind)) return checked;
  const Result<storage::InstanceRecord> now = archive_.find_instance(record.sop_instance_uid);
  if (!now || now->object_key == record.object_key) return checked;
  return check_object(*now, false);
}

void CommitmentCheck::report(const CommitmentReference& reference, const Error& error) {
  if (reported_++ >= kReportedMax) return;
  log_.error(id_, "an object is not committed",
             {{"sop_instance", reference.sop_instance_uid}, {"the object", error.message}});
}

}  // namespace pacs::services
