// Storage SCP (PS3.4 Annex B): streams the data set of each C-STORE into the archive and answers
// when it is durable.
#pragma once

#include "services/dispatch/service.h"
#include "services/store/storage_classes.h"

namespace pacs::storage {
class Archive;
}

namespace pacs::services {

class StorageScp : public Service {
 public:
  /// `archive` outlives every association.
  StorageScp(storage::Archive& archive, StorageClasses classes)
      : archive_(archive), classes_(std::move(classes)) {}

  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override {
    return classes_.contains(sop_class_uid);
  }
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == network::CommandField::CStoreRq;
  }
  [[nodiscard]] std::optional<std::size_t> choose_transfer_syntax(
      const network::PresentationContextProposal& proposed) const override {
    return choose_storage_transfer_syntax(proposed.transfer_syntaxes);
  }
  /// As proposed: a requestor in the role of SCP waits for the sub-operations of its C-GET.
  [[nodiscard]] network::RoleSelection grant_roles(
      const network::RoleSelection& proposed) const override {
    return proposed;
  }
  Task<Result<Answer>> perform(Operation& operation) override;

 private:
  storage::Archive& archive_;
  StorageClasses classes_;
};

}  // namespace pacs::services
