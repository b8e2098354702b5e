// What the running server says of itself in numbers: to Prometheus, and in the history of the page.
#include <cmath>

#include "apps/server/server_graph.h"
#include "integration/process_metrics.h"
#include "storage/jobs/jobs.h"

namespace pacs::apps {

void ServerGraph::observe() {
  integration::observe_process(*metrics_);
  metrics_->gauge("pacs_build_info", "1, with the version as a label.", {{"version", PACS_VERSION}})
      .set(1);
  metrics_->observe_counter("pacs_log_lines_dropped_total",
                            "Log lines dropped because the queue was full.",
                            [log = log_] { return static_cast<double>(log.lines_dropped()); });
  metrics_->observe_gauge("pacs_log_queue_lines", "Log lines that wait to be written.",
                          [log = log_] { return static_cast<double>(log.lines_queued()); });
  const auto observe_archive = [this](std::string_view name, std::string_view help,
                                      std::uint64_t storage::ArchiveCounts::*count,
                                      const integration::Labels& labels) {
    metrics_->observe_gauge(
        name, help,
        [archive = archive_.get(), count] {
          const auto counts = archive->counts();
          return counts ? static_cast<double>((*counts).*count) : std::nan("");
        },
        labels);
  };
  metrics_->observe_gauge("pacs_frame_memory_bytes",
                          "Memory held for frames that are decoded and coded.",
                          [this] { return static_cast<double>(frame_memory_.bytes()); });
  metrics_->observe_gauge("pacs_frame_memory_waiting", "Work on frames that waits for memory.",
                          [this] { return static_cast<double>(frame_memory_.waiting()); });
  using Counts = storage::ArchiveCounts;
  constexpr std::string_view kEntities = "pacs_archive_entities";
  constexpr std::string_view kEntitiesHelp = "What the archive holds, by level.";
  observe_archive(kEntities, kEntitiesHelp, &Counts::patients, {{"level", "patient"}});
  observe_archive(kEntities, kEntitiesHelp, &Counts::studies, {{"level", "study"}});
  observe_archive(kEntities, kEntitiesHelp, &Counts::series, {{"level", "series"}});
  observe_archive(kEntities, kEntitiesHelp, &Counts::instances, {{"level", "instance"}});
  observe_archive("pacs_archive_bytes", "Bytes of data sets the archive holds.", &Counts::bytes,
                  {});
  for (std::size_t state = 0; state < storage::kJobStates; ++state) {
    metrics_->observe_gauge(
        "pacs_jobs", "Durable jobs by state.",
        [archive = archive_.get(), state] {
          const auto counts = archive->jobs().counts();
          return counts ? static_cast<double>((*counts)[state]) : std::nan("");
        },
        {{"state", std::string(to_string(static_cast<storage::JobState>(state)))}});
  }
  metrics_->observe_gauge(
      "pacs_http_connections", "Open HTTP connections.",
      [http = http_.get(), https = https_.get()] {
        return static_cast<double>(http->connections() + (https ? https->connections() : 0));
      });
}

std::vector<integration::HistorySource> ServerGraph::history_sources() const {
  using Source = integration::HistorySource;
  integration::Metrics* const metrics = metrics_.get();
  // Series of a counter come with the first thing they count.
  const auto total = [metrics](std::string_view name, const integration::Labels& labels = {}) {
    const double value = metrics->total(name, labels);
    return std::isnan(value) ? 0 : value;
  };
  const auto objects = [total](const char* outcome) {
    return total("pacs_storage_objects_total", {{"outcome", outcome}});
  };
  using Numbers = std::vector<double>;
  return {
      {"stored_bytes", Source::Kind::Total,
       [total] { return Numbers{total("pacs_storage_bytes_total")}; }},
      {"stored_objects", Source::Kind::Total,
       [objects] { return Numbers{objects("stored") + objects("replaced")}; }},
      {"associations", Source::Kind::Level,
       [this] { return Numbers{static_cast<double>(associations())}; }},
      {"http_requests", Source::Kind::Total,
       [total] { return Numbers{total("pacs_http_requests_total")}; }},
      {"http_p95_ms", Source::Kind::Latency,
       [metrics] { return metrics->latency_counts("pacs_http_request_seconds"); }},
      {"store_p95_ms", Source::Kind::Latency,
       [metrics] {
         return metrics->latency_counts("pacs_dimse_seconds", {{"operation", "C-STORE"}});
       }},
      {"memory_bytes", Source::Kind::Level,
       [] { return Numbers{static_cast<double>(integration::resident_memory_bytes())}; }},
      {"archive_bytes", Source::Kind::Level,
       [metrics] { return Numbers{metrics->total("pacs_archive_bytes")}; }},
  };
}

}  // namespace pacs::apps
