// Service: what one service class does with one request. What all service classes share (message
// ids, the final response, cancel, draining, error to status, metrics, log) is in the Responder.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "encoding/transfer_syntax.h"
#include "network/association.h"
#include "services/dispatch/operation.h"

namespace pacs::services {

/// A service class in the role of SCP. One object serves all associations at once, so `perform`
/// may run many times at a time, on several threads.
class Service {
 public:
  virtual ~Service() = default;
  [[nodiscard]] virtual bool serves(std::string_view sop_class_uid) const = 0;
  /// Which requests it knows; others are answered 0211.
  [[nodiscard]] virtual bool performs(network::CommandField request) const = 0;
  /// An index into proposed.transfer_syntaxes, or nullopt when none is supported. The default takes
  /// the best uncompressed one.
  [[nodiscard]] virtual std::optional<std::size_t> choose_transfer_syntax(
      const network::PresentationContextProposal& proposed) const;
  /// Which of the roles proposed for the requestor are granted (PS3.7 §D.3.3.4); default SCU.
  [[nodiscard]] virtual network::RoleSelection grant_roles(
      const network::RoleSelection& proposed) const;
  [[nodiscard]] virtual std::optional<Bytes> answer_extended(
      const network::ExtendedNegotiation& proposed) const;
  /// Performs one request to its final answer. An error becomes the failure response of
  /// network::failure_response.
  virtual Task<Result<Answer>> perform(Operation& operation) = 0;
};

/// The most wanted of the proposed uncompressed transfer syntaxes: Explicit VR Little Endian keeps
/// the VRs of private elements, Implicit VR Little Endian is everybody's default, Deflated costs
/// time, Big Endian is retired. nullopt when none is proposed.
[[nodiscard]] std::optional<std::size_t> best_uncompressed(
    const std::vector<std::string>& transfer_syntaxes);
/// Whether it is one of these four, which say the same in other bytes.
[[nodiscard]] bool is_uncompressed(std::string_view transfer_syntax_uid);

}  // namespace pacs::services
