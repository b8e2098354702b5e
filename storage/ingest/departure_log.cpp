#include "storage/ingest/departure_log.h"

namespace pacs::storage {
namespace {

/// Of sources and their departures that are counted: a hospital has some hundred. AE titles come
/// from outside; beyond it counting starts again.
constexpr std::size_t kCountedMax = 4096;

bool is_power_of_ten(std::uint64_t number) {
  while (number % 10 == 0) number /= 10;
  return number == 1;
}

}  // namespace

void DepartureLog::stored(const StoredInstance& instance, Departures departures,
                          const std::string& source_ae, const std::string& trace_id) {
  std::uint64_t objects = 0;
  {
    const std::lock_guard lock(mutex_);
    if (objects_.size() >= kCountedMax) objects_.clear();
    objects = ++objects_[{source_ae, departures}];
  }
  logger_.log(is_power_of_ten(objects) ? integration::LogLevel::Info : integration::LogLevel::Debug,
              trace_id, "the data set departs from the standard and is stored as it came",
              {{"departures", departures.to_string()},
               {"source_ae", source_ae},
               {"sop_instance", instance.sop_instance_uid},
               {"objects_so_far", std::to_string(objects)}});
}

}  // namespace pacs::storage
