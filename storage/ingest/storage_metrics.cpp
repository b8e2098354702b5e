#include "storage/ingest/storage_metrics.h"

#include <mutex>
#include <string>
#include <utility>

namespace pacs::storage {

/// Outlives the archive for scrapes that do.
struct StorageMetrics::Shared {
  std::mutex mutex;
  Probes probes;
};

StorageMetrics::StorageMetrics(integration::Metrics* registry)
    : registry_(registry), shared_(std::make_shared<Shared>()) {
  if (registry_ == nullptr) return;
  constexpr const char* kOutcomes[] = {"stored", "already_stored", "kept", "replaced"};
  for (std::size_t i = 0; i < std::size(kOutcomes); ++i) {
    outcomes_[i] = &registry_->counter("pacs_storage_objects_total",
                                       "Objects acknowledged, by what became of them",
                                       {{"outcome", kOutcomes[i]}});
  }
  bytes_ = &registry_->counter("pacs_storage_bytes_total", "Bytes of data sets stored");
  departures_ = count_by_kind("pacs_storage_departures_total",
                              "Objects stored that depart from the standard, by how");
  pixel_departures_ = count_by_kind(
      "pacs_pixel_departures_total",
      "Objects decoded whose pixel data departs from the standard, by how, each time they are");
  flush_ = &registry_->latency("pacs_storage_journal_flush_seconds",
                               "Time of one write and flush of the journal");
  apply_ = &registry_->latency("pacs_storage_apply_seconds",
                               "Time of moving one batch to its final place and the index");
  checkpoint_ = &registry_->latency("pacs_storage_checkpoint_seconds",
                                    "Time of making final places and index durable");
}

StorageMetrics::ByKind StorageMetrics::count_by_kind(const char* name, const char* help) const {
  ByKind counters;
  for (std::size_t i = 0; i < counters.size(); ++i) {
    counters[i] = &registry_->counter(name, help, {{"kind", std::string(kDepartureKinds[i].name)}});
  }
  return counters;
}

void StorageMetrics::stop_observing() {
  const std::lock_guard lock(shared_->mutex);
  shared_->probes = {};
}

void StorageMetrics::observe(Probes probes) {
  if (registry_ == nullptr) return;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->probes = std::move(probes);
  }
  const auto gauge = [&](const char* name, const char* help,
                         std::function<double()> Probes::*probe) {
    registry_->observe_gauge(name, help, [shared = shared_, probe] {
      const std::lock_guard lock(shared->mutex);
      const auto& read = shared->probes.*probe;
      return read ? read() : 0.0;
    });
  };
  gauge("pacs_storage_journal_queue_depth", "Objects waiting for the journal",
        &Probes::journal_waiting);
  gauge("pacs_storage_journal_bytes", "Bytes of the journal in use", &Probes::journal_bytes);
  gauge("pacs_storage_pending_objects", "Objects acknowledged and not in their final place yet",
        &Probes::behind_objects);
  gauge("pacs_storage_applier_lag_seconds", "Age of the oldest of them", &Probes::behind_seconds);
  gauge("pacs_storage_buffer_bytes", "Memory taken by objects on their way", &Probes::buffer_bytes);
  gauge("pacs_storage_free_bytes", "Room left on the file system", &Probes::free_bytes);
  gauge("pacs_storage_set_aside", "Files set aside: an operator is to look at them",
        &Probes::set_aside);
}

void StorageMetrics::stored(StoreOutcome outcome, std::uint64_t bytes) {
  if (registry_ == nullptr) return;
  outcomes_[static_cast<std::size_t>(outcome)]->add();
  if (outcome == StoreOutcome::Stored || outcome == StoreOutcome::Replaced) {
    bytes_->add(static_cast<double>(bytes));
  }
}

void StorageMetrics::refused(ErrorKind kind) {
  if (registry_ == nullptr) return;
  registry_
      ->counter("pacs_storage_refused_total", "Objects not stored, by reason",
                {{"reason", std::string(to_string(kind))}})
      .add();
}

void StorageMetrics::departed(Departures departures) {
  add(departures_, departures);
}
void StorageMetrics::pixels_departed(Departures departures) {
  add(pixel_departures_, departures);
}

void StorageMetrics::add(const ByKind& counters, Departures departures) const {
  if (registry_ == nullptr) return;
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (departures.contains(kDepartureKinds[i].departure)) counters[i]->add();
  }
}

void StorageMetrics::flushed(double seconds) {
  if (flush_ != nullptr) flush_->observe(seconds);
}
void StorageMetrics::applied(double seconds) {
  if (apply_ != nullptr) apply_->observe(seconds);
}
void StorageMetrics::checkpointed(double seconds) {
  if (checkpoint_ != nullptr) checkpoint_->observe(seconds);
}

}  // namespace pacs::storage
