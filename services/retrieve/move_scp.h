// Query/Retrieve SCP, C-MOVE (PS3.4 §C.4.2): sends what is asked for to a third party, over
// associations opened for it.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "services/retrieve/retrieval.h"

namespace pacs::services {

struct MoveOptions {
  /// How to reach an AE: everything but the contexts. NotFound when it is not known. Called on a
  /// worker.
  std::function<Result<network::RequestOptions>(std::string_view ae_title)> find_destination;
  std::size_t associations = 1;  ///< to the destination at once, for one move
};

class MoveScp : public Service {
 public:
  MoveScp(RetrieveSetup setup, MoveOptions options)
      : setup_(std::move(setup)), options_(std::move(options)) {}

  /// Patient Root, Study Root, and the retired Patient/Study Only.
  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == network::CommandField::CMoveRq;
  }
  [[nodiscard]] std::optional<Bytes> answer_extended(
      const network::ExtendedNegotiation& proposed) const override;
  Task<Result<Answer>> perform(Operation& operation) override;

 private:
  RetrieveSetup setup_;
  MoveOptions options_;
};

}  // namespace pacs::services
