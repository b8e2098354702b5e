// C-FIND SCP (PS3.4 §C.4.1, §K.4.1): an identifier becomes a query; its matches, as they are found,
// become pending responses, a page at a time, until they end, the peer cancels, or a limit is
// passed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/dispatch/service.h"
#include "storage/query/query.h"

namespace pacs::integration {
class WorkPool;
}
namespace pacs::storage {
class Archive;
}

namespace pacs::services {

/// Where the answers come from: what differs from one C-FIND service to the next.
struct FindSource {
  std::vector<storage::QueryModel> models;  ///< whose SOP classes it answers
  /// Waits for the database: called on a worker.
  std::function<Result<std::unique_ptr<storage::Matches>>(storage::Query query,
                                                          std::string_view calling_ae)>
      find;
  /// Retrieve AE Title (0008,0054) of every answer; empty: nothing is there to be retrieved.
  std::string retrieve_ae{};
  /// Whose private attributes are matched on (storage::QueryRules).
  std::vector<std::string> private_creators{};
  /// Matches of one query; one with more ends with A700 after them, so that a query by mistake for
  /// everything costs little. 0: no limit.
  std::uint64_t matches_max = 0;
};

struct FindOptions {
  std::string retrieve_ae = "PACS";             ///< whom to ask for the objects: ourselves
  std::uint64_t matches_max = 0;                ///< as in FindSource
  std::vector<std::string> private_creators{};  ///< as in FindSource
};
/// What is stored (Query/Retrieve, PS3.4 §C.4.1): Patient Root, Study Root, and the retired
/// Patient/Study Only. `archive` outlives it.
[[nodiscard]] FindSource stored_objects(storage::Archive& archive, FindOptions options);

class FindScp : public Service {
 public:
  /// `workers` outlive every association.
  FindScp(FindSource source, integration::WorkPool& workers)
      : source_(std::move(source)), workers_(workers) {}

  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == network::CommandField::CFindRq;
  }
  [[nodiscard]] std::optional<Bytes> answer_extended(
      const network::ExtendedNegotiation& proposed) const override;
  Task<Result<Answer>> perform(Operation& operation) override;

 private:
  const FindSource source_;
  integration::WorkPool& workers_;
};

}  // namespace pacs::services
