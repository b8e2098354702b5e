// DepartureLog: says which stored objects depart from the standard, and from whom they came.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "encoding/scan/departure.h"
#include "integration/logging.h"
#include "storage/ingest/ingest.h"

namespace pacs::storage {

/// Thread-safe. A scanner that departs does so with every image: the 1st, 10th, 100th ... object of
/// one source with the same departures is a line at level info, with their number so far; the
/// others are lines at level debug.
class DepartureLog {
 public:
  explicit DepartureLog(integration::Logger logger) : logger_(std::move(logger)) {}
  void stored(const StoredInstance& instance, Departures departures, const std::string& source_ae,
              const std::string& trace_id);

 private:
  integration::Logger logger_;
  std::mutex mutex_;
  std::map<std::pair<std::string, Departures>, std::uint64_t> objects_;  // by source and departures
};

}  // namespace pacs::storage
