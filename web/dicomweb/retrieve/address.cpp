#include "web/dicomweb/retrieve/address.h"

#include <fmt/format.h>

#include "core/text.h"
#include "core/uid_registry.h"
#include "web/dicomweb/resources.h"

namespace pacs::web {
namespace {

Result<std::string> read_uid(const Request& request, std::string_view level) {
  const std::string_view uid = request.parameter(level);
  if (uid.empty() || is_usable_uid(uid)) return std::string(uid);
  return bad_request(fmt::format("\"{}\" in the path is not the UID of a {}", excerpt(uid), level));
}

}  // namespace

storage::Selection Address::selection() const {
  storage::Selection selection;
  selection.study_uids = {study};
  if (!series.empty()) selection.series_uids = {series};
  if (!instance.empty()) selection.instance_uids = {instance};
  return selection;
}

std::string Address::path() const {
  std::string path = fmt::format("{}/studies/{}", kServicePath, study);
  if (!series.empty()) path += "/series/" + series;
  if (!instance.empty()) path += "/instances/" + instance;
  return path;
}

Result<Address> read_address(const Request& request) {
  Address address;
  PACS_TRY(address.study, read_uid(request, "study"));
  PACS_TRY(address.series, read_uid(request, "series"));
  PACS_TRY(address.instance, read_uid(request, "instance"));
  return address;
}

Result<storage::InstanceRecord> find_addressed(storage::Archive& archive, const Address& address) {
  auto record = archive.find_instance(address.instance);
  if (!record && record.error().kind != ErrorKind::NotFound) return record;
  const bool is_there = record && record->study_instance_uid == address.study &&
                        record->series_instance_uid == address.series;
  if (!is_there) return nothing_at(address);
  return record;
}

tl::unexpected<Error> nothing_at(const Address& address) {
  const std::string_view level = !address.instance.empty() ? "instance"
                                 : !address.series.empty() ? "series"
                                                           : "study";
  return fail(ErrorKind::NotFound, fmt::format("no such {} is stored here", level));
}

}  // namespace pacs::web
