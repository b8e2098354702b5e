// Query/Retrieve SCP, C-GET and C-MOVE: what both do (PS3.4 §C.4.2.3, §C.4.3.3). They differ by
// where the sub-operations go.
#pragma once

#include <functional>
#include <memory>

#include "integration/logging.h"
#include "services/dispatch/service.h"
#include "services/query/query_models.h"
#include "services/retrieve/object_reader.h"
#include "services/retrieve/retrieval.h"

namespace pacs::services {

/// What both services stand on; all of it outlives every association.
struct RetrieveSetup {
  ReadSetup read;
  integration::Logger log{};
};

class RetrieveScp : public Service {
 public:
  /// Patient Root, Study Root, and the retired Patient/Study Only.
  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == request_;
  }
  [[nodiscard]] std::optional<Bytes> answer_extended(
      const network::ExtendedNegotiation& proposed) const override;
  Task<Result<Answer>> perform(Operation& operation) override;

 protected:
  RetrieveScp(RetrieveSetup setup, QueryService service, network::CommandField request)
      : setup_(std::move(setup)), service_(service), request_(request) {}

  /// Performs the sub-operations of a retrieval.
  using Send = std::function<Task<void>(std::shared_ptr<Retrieval>)>;
  /// Looks where the objects of the operation go.
  virtual Task<Result<Send>> find_way(Operation& operation) = 0;

  const RetrieveSetup setup_;

 private:
  const QueryService service_;
  const network::CommandField request_;
};

}  // namespace pacs::services
