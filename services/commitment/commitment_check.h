// Whether the archive keeps what a request for commitment refers to: index, object and checksum.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "integration/logging.h"
#include "services/commitment/commitment_request.h"
#include "storage/archive.h"

namespace pacs::services {

/// Goes through the references in steps, on a worker. Not for use from two threads at once.
class CommitmentCheck {
 public:
  /// Sets the failures of `references`, which outlive it, as does `archive`. `id` is for the log.
  CommitmentCheck(storage::Archive& archive, std::vector<CommitmentReference>& references,
                  integration::Logger log, std::string id)
      : archive_(archive), references_(references), log_(std::move(log)), id_(std::move(id)) {}

  /// Goes on for about this time. An error is the archive's, and says nothing of the objects: the
  /// check is to be begun anew later.
  [[nodiscard]] Result<> go_on(std::chrono::milliseconds time);
  [[nodiscard]] bool finished() const { return done_ == references_.size(); }
  [[nodiscard]] std::size_t done() const { return done_; }

 private:
  [[nodiscard]] Result<> look_up();
  [[nodiscard]] Result<> check_next();
  [[nodiscard]] Result<> check_object(const storage::InstanceRecord& record, bool again);
  void report(const CommitmentReference& reference, const Error& error);

  storage::Archive& archive_;
  std::vector<CommitmentReference>& references_;
  const integration::Logger log_;
  const std::string id_;
  std::size_t done_ = 0;
  std::size_t first_ = 0;  ///< the reference that records_ begins with
  std::vector<std::optional<storage::InstanceRecord>> records_;
  std::size_t reported_ = 0;
};

}  // namespace pacs::services
