// RemoteAes: whom we may send to: the AEs of the configuration and those entered at run time, as
// one list.
#pragma once

#include <string_view>
#include <vector>

#include "core/result.h"
#include "network/association.h"
#include "storage/index/remote_ae.h"

namespace pacs::storage {
class Archive;
}

namespace pacs::services {

struct KnownAe {
  storage::RemoteAe remote;
  bool configured = false;  ///< by the configuration: not to be changed at run time
};

/// Thread-safe. All calls but `reach` wait for the database.
class RemoteAes {
 public:
  /// `archive` outlives it. `how` is what an association to any of them has in common: our AE
  /// title, limits, and the TLS options for those that want TLS.
  RemoteAes(storage::Archive& archive, std::vector<storage::RemoteAe> configured,
            network::RequestOptions how)
      : archive_(archive), configured_(std::move(configured)), how_(std::move(how)) {}

  /// By AE title. Where the configuration and the run-time list have the same one, the
  /// configuration's.
  [[nodiscard]] Result<std::vector<KnownAe>> list() const;
  /// NotFound when there is none.
  [[nodiscard]] Result<KnownAe> find(std::string_view ae_title) const;
  /// True when it is new. InvalidArgument says which field is wrong; Duplicate for one of the
  /// configuration.
  [[nodiscard]] Result<bool> put(const storage::RemoteAe& remote);
  /// NotFound; Duplicate for one of the configuration.
  [[nodiscard]] Result<> remove(std::string_view ae_title);

  /// What an association to it needs, but for the contexts.
  [[nodiscard]] network::RequestOptions reach(const storage::RemoteAe& remote) const;

 private:
  [[nodiscard]] Result<> may_change(std::string_view ae_title) const;

  storage::Archive& archive_;
  const std::vector<storage::RemoteAe> configured_;
  const network::RequestOptions how_;
};

}  // namespace pacs::services
