// JobQueue: how workers take jobs (jobs.h) and say what became of them. A job is taken by one
// worker at a time, however many workers and processes there are: the worker has it until its lease
// ends, and renews the lease while it works.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/jobs/jobs.h"

namespace pacs::storage {

/// Which jobs a worker would take. Of what is due, nobody takes a job while two of its destination
/// are running, or while an earlier one of its kind, subject and destination is not ended: what one
/// subject has to tell one peer comes in its order.
struct JobChoice {
  std::vector<std::string> kinds{};    ///< that the worker can do
  std::vector<std::string> held_up{};  ///< destinations that are to wait
};

struct JobTaking {
  JobChoice which{};
  std::string owner;  ///< unlike that of any other taking
  std::int64_t lease_ms = 30'000;
  /// A job whose worker was lost in so many attempts is dead: it may be what kills them.
  std::int64_t attempts_max = 100;
};

/// A job as its worker has it: no longer when the lease ended or an operator cancelled it.
struct JobClaim {
  std::int64_t id = 0;
  std::string owner;
};

struct JobRenewal {
  std::int64_t progress_done = 0, progress_total = 0;
  std::int64_t lease_ms = 30'000;
  std::optional<Bytes> payload{};  ///< in place of the one it has, for the next attempt
};

struct JobEnd {
  enum class How : std::uint8_t {
    Done,
    Later,      ///< failed: tried again when `due_ms` has come
    Dead,       ///< failed, and never tried again but by an operator
    GivenBack,  ///< the worker ends: at once for another; the attempt does not count
  };
  How how = How::Done;
  std::string error{};
  std::int64_t due_ms = 0;  ///< since 1970
};

/// Thread-safe; waits for the database.
class JobQueue {
 public:
  virtual ~JobQueue() = default;
  /// The next job that is due: by priority, then by the time it is due.
  [[nodiscard]] virtual Result<std::optional<Job>> take(const JobTaking& taking) = 0;
  /// False: the claim is void (cancelled, or the lease ended), the worker stops. Durable when it
  /// brings a payload.
  [[nodiscard]] virtual Result<bool> renew(const JobClaim& claim, const JobRenewal& renewal) = 0;
  /// Durable when it returns. False: the claim was void, nothing has changed.
  [[nodiscard]] virtual Result<bool> end(const JobClaim& claim, const JobEnd& end) = 0;
  /// When the next of these is due, or the next lease ends; since 1970.
  [[nodiscard]] virtual Result<std::optional<std::int64_t>> next_due(const JobChoice& choice) = 0;
  /// Ends every lease: for the start of the only process that works on this database.
  [[nodiscard]] virtual Result<> release_all(std::int64_t attempts_max) = 0;
  /// Removes jobs that are done or cancelled since before `before_ms`, and dead ones as well, at
  /// most `most`; how many it were.
  [[nodiscard]] virtual Result<std::int64_t> remove_ended(std::int64_t before_ms,
                                                          std::int64_t most) = 0;
};

}  // namespace pacs::storage
