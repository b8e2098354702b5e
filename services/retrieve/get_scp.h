// Query/Retrieve SCP, C-GET (PS3.4 §C.4.3): sends what is asked for on the association it was asked
// on.
#pragma once

#include "services/retrieve/retrieve_scp.h"

namespace pacs::services {

class GetScp : public RetrieveScp {
 public:
  explicit GetScp(RetrieveSetup setup)
      : RetrieveScp(std::move(setup), QueryService::Get, network::CommandField::CGetRq) {}

 private:
  Task<Result<Send>> find_way(Operation& operation) override;
};

}  // namespace pacs::services
