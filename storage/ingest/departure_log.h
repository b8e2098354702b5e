// DepartureLog: says which stored objects depart from the standard, and from whom they came.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "encoding/scan/departure.h"
#include "integration/logging.h"
#include "storage/ingest/ingest.h"
#include "storage/objects/instance_record.h"

namespace pacs::storage {

/// Thread-safe. A scanner that departs does so with every image: the 1st, 10th, 100th ... object of
/// one source with the same departures is a line at level info, with their number so far; the
/// others are lines at level debug.
class DepartureLog {
 public:
  explicit DepartureLog(integration::Logger logger) : logger_(std::move(logger)) {}
  void stored(const StoredInstance& instance, Departures departures, const std::string& source_ae,
              const std::string& trace_id);
  /// The same of pixel data that was decoded, and of one series instead of a source: who sent it is
  /// not known any more.
  void decoded(const InstanceRecord& instance, Departures departures, std::string_view trace_id);

 private:
  integration::Logger logger_;
  std::mutex mutex_;
  using Counts = std::map<std::pair<std::string, Departures>, std::uint64_t>;
  [[nodiscard]] std::uint64_t count(Counts& counts, const std::string& of, Departures departures);

  Counts objects_;  // by source and departures
  Counts decoded_;  // by series and departures
};

}  // namespace pacs::storage
