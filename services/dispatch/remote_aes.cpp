#include "services/dispatch/remote_aes.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "storage/archive.h"

namespace pacs::services {

Result<std::vector<KnownAe>> RemoteAes::list() const {
  std::vector<KnownAe> known;
  for (const storage::RemoteAe& remote : configured_) known.push_back({remote, true});
  PACS_TRY(std::vector<storage::RemoteAe> entered, archive_.remote_aes());
  for (storage::RemoteAe& remote : entered) {
    if (may_change(remote.ae_title)) known.push_back({std::move(remote), false});
  }
  std::ranges::sort(known, {},
                    [](const KnownAe& ae) { return std::string_view{ae.remote.ae_title}; });
  return known;
}

Result<KnownAe> RemoteAes::find(std::string_view ae_title) const {
  PACS_TRY(std::vector<KnownAe> known, list());
  for (KnownAe& ae : known) {
    if (ae.remote.ae_title == ae_title) return std::move(ae);
  }
  return fail(ErrorKind::NotFound, fmt::format("the AE {} is not known", ae_title));
}

Result<bool> RemoteAes::put(const storage::RemoteAe& remote) {
  PACS_TRY(may_change(remote.ae_title));
  const Result<KnownAe> before = find(remote.ae_title);
  if (!before && before.error().kind != ErrorKind::NotFound) return fail(before.error());
  PACS_TRY(archive_.put_remote_ae(remote));
  return !before.has_value();
}

Result<> RemoteAes::remove(std::string_view ae_title) {
  PACS_TRY(may_change(ae_title));
  return archive_.remove_remote_ae(ae_title);
}

Result<> RemoteAes::may_change(std::string_view ae_title) const {
  if (std::ranges::find(configured_, ae_title, &storage::RemoteAe::ae_title) == configured_.end()) {
    return {};
  }
  return fail(ErrorKind::Duplicate,
              fmt::format("{} is in the configuration ([[remote_ae]]): change it there", ae_title));
}

network::RequestOptions RemoteAes::reach(const storage::RemoteAe& remote) const {
  network::RequestOptions options = how_;
  options.host = remote.host;
  options.port = remote.port;
  options.called_ae = remote.ae_title;
  if (!remote.tls) options.tls.reset();
  return options;
}

}  // namespace pacs::services
