// Address: which study, series or instance the path of a request names (PS3.18 §10.1).
#pragma once

#include <string>

#include "core/result.h"
#include "storage/archive.h"
#include "web/http/http_message.h"

namespace pacs::web {

/// UIDs; empty below the level that is named.
struct Address {
  std::string study, series, instance;

  [[nodiscard]] storage::Selection selection() const;
  /// "/dicomweb/studies/1.2/series/1.2.3"
  [[nodiscard]] std::string path() const;
};

/// InvalidArgument, naming what is not a UID.
[[nodiscard]] Result<Address> read_address(const Request& request);

/// The instance that an address names; NotFound also when it lies in another series.
[[nodiscard]] Result<storage::InstanceRecord> find_addressed(storage::Archive& archive,
                                                             const Address& address);

[[nodiscard]] inline Address address_of(const storage::InstanceRecord& record) {
  return {record.study_instance_uid, record.series_instance_uid, record.sop_instance_uid};
}

/// NotFound: nothing is stored under it.
[[nodiscard]] tl::unexpected<Error> nothing_at(const Address& address);

}  // namespace pacs::web
