// What storage tells Prometheus. Without a registry every call does nothing.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "encoding/scan/departure.h"
#include "integration/metrics.h"
#include "storage/ingest/ingest.h"

namespace pacs::storage {

class StorageMetrics {
 public:
  /// Numbers asked for at scrape time; they must stay callable as long as this object lives.
  struct Probes {
    std::function<double()> journal_waiting, journal_bytes, behind_objects, behind_seconds,
        buffer_bytes, free_bytes, set_aside;
  };

  explicit StorageMetrics(integration::Metrics* registry);
  void observe(Probes probes);
  /// Scrapes that come later read zero: to be called before what the probes refer to goes.
  void stop_observing();

  void stored(StoreOutcome outcome, std::uint64_t bytes);
  void refused(ErrorKind kind);
  /// Of an object that is stored.
  void departed(Departures departures);
  /// Of an object whose pixel data was decoded.
  void pixels_departed(Departures departures);
  void flushed(double seconds);
  void applied(double seconds);
  void checkpointed(double seconds);

 private:
  struct Shared;
  integration::Metrics* registry_;
  std::shared_ptr<Shared> shared_;
  integration::Counter* outcomes_[4] = {};
  integration::Counter* bytes_ = nullptr;
  using ByKind = std::array<integration::Counter*, kDepartureKinds.size()>;
  void add(const ByKind& counters, Departures departures) const;
  [[nodiscard]] ByKind count_by_kind(const char* name, const char* help) const;

  ByKind departures_ = {}, pixel_departures_ = {};
  integration::Histogram* flush_ = nullptr;
  integration::Histogram* apply_ = nullptr;
  integration::Histogram* checkpoint_ = nullptr;
};

}  // namespace pacs::storage
