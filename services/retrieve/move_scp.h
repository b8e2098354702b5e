// Query/Retrieve SCP, C-MOVE (PS3.4 §C.4.2): sends what is asked for to a third party, over
// associations opened for it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/retrieve/retrieve_scp.h"

namespace pacs::services {

struct MoveOptions {
  /// How to reach an AE: everything but the contexts. NotFound when it is not known. Called on a
  /// worker.
  std::function<Result<network::RequestOptions>(std::string_view ae_title)> find_destination;
  std::size_t associations = 1;  ///< to the destination at once, for one move
  /// What a destination gets rather than uncompressed images where it does not take the transfer
  /// syntax of an object, by its AE title; the best first.
  std::map<std::string, std::vector<std::string>, std::less<>> preferred_syntaxes{};
};

class MoveScp : public RetrieveScp {
 public:
  MoveScp(RetrieveSetup setup, MoveOptions options)
      : RetrieveScp(std::move(setup), QueryService::Move, network::CommandField::CMoveRq),
        options_(std::move(options)) {}

 private:
  Task<Result<Send>> find_way(Operation& operation) override;

  const MoveOptions options_;
};

}  // namespace pacs::services
