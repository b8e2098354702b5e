// The operator's endpoints: the page, status, health, readiness and metrics.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "storage/archive.h"
#include "web/http/router.h"

namespace pacs::integration {
class Metrics;
}

namespace pacs::web {

/// What to enter in a modality.
struct DicomEndpoint {
  std::string ae_title, host;
  std::uint16_t port = 0;
  bool tls = false;
  bool local_only = false;  ///< listens on loopback: other machines cannot reach it
};

/// Something that must hold for new objects to be taken. `check` is called from several threads;
/// it gives what an operator is to look at although it holds, "" for nothing.
struct ReadinessCheck {
  std::string name;
  std::function<Result<std::string>()> check;
};

struct Operations {
  std::string version;
  std::vector<DicomEndpoint> dicom;
  std::vector<ReadinessCheck> checks;
  std::function<std::size_t()> associations;
  std::function<Result<storage::ArchiveCounts>()> counts;
  integration::Metrics* metrics = nullptr;
};

/// Adds `/`, `/ui/{file}`, `/api/status`, `/healthz` (200 while the process answers), `/readyz`
/// (200, or 503 with the reasons as JSON) and `/metrics`. What `operations` refers to must outlive
/// the server.
void add_operations(Router& router, Operations operations);

}  // namespace pacs::web
