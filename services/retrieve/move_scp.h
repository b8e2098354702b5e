// Query/Retrieve SCP, C-MOVE (PS3.4 §C.4.2): sends what is asked for to a third party, over
// associations opened for it.
#pragma once

#include "services/retrieve/retrieve_scp.h"
#include "services/retrieve/send_list.h"

namespace pacs::services {

class MoveScp : public RetrieveScp {
 public:
  MoveScp(RetrieveSetup setup, SendOptions options)
      : RetrieveScp(std::move(setup), QueryService::Move, network::CommandField::CMoveRq),
        options_(std::move(options)) {}

 private:
  Task<Result<Send>> find_way(Operation& operation) override;

  const SendOptions options_;
};

}  // namespace pacs::services
