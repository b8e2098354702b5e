#include "storage/ingest/departure_log.h"

namespace pacs::storage {
namespace {

/// Of sources (or series) and their departures that are counted: a hospital has some hundred
/// sources. AE titles come from outside; beyond it counting starts again.
constexpr std::size_t kCountedMax = 4096;

integration::LogLevel level_of(std::uint64_t objects) {
  while (objects % 10 == 0) objects /= 10;
  return objects == 1 ? integration::LogLevel::Info : integration::LogLevel::Debug;
}

}  // namespace

void DepartureLog::stored(const StoredInstance& instance, Departures departures,
                          const std::string& source_ae, const std::string& trace_id) {
  const std::uint64_t objects = count(objects_, source_ae, departures);
  logger_.log(level_of(objects), trace_id,
              "the data set departs from the standard and is stored as it came",
              {{"departures", departures.to_string()},
               {"source_ae", source_ae},
               {"sop_instance", instance.sop_instance_uid},
               {"objects_so_far", std::to_string(objects)}});
}

void DepartureLog::decoded(const InstanceRecord& instance, Departures departures,
                           std::string_view trace_id) {
  const std::uint64_t objects = count(decoded_, instance.series_instance_uid, departures);
  logger_.log(level_of(objects), trace_id,
              "the pixel data departs from the standard and is read by the rules for it",
              {{"departures", departures.to_string()},
               {"series", instance.series_instance_uid},
               {"sop_instance", instance.sop_instance_uid},
               {"objects_so_far", std::to_string(objects)}});
}

std::uint64_t DepartureLog::count(Counts& counts, const std::string& of, Departures departures) {
  const std::lock_guard lock(mutex_);
  if (counts.size() >= kCountedMax) counts.clear();
  return ++counts[{of, departures}];
}

}  // namespace pacs::storage
