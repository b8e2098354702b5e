// WorklistDoor: the worklist of an archive, through the server that runs on it, or the archive
// itself when none does.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/config.h"
#include "core/result.h"
#include "storage/worklist.h"
#include "web/http_message.h"

namespace pacs::apps {

class WorklistDoor {
 public:
  using Existing = storage::Worklist::Existing;
  virtual ~WorklistDoor() = default;
  [[nodiscard]] virtual Status put(std::span<const storage::NewWorklistItem> items,
                                   Existing existing) = 0;
  /// One page; `filter` as in web/worklist_filter.h.
  [[nodiscard]] virtual Result<std::vector<DataSet>> list(const web::Fields& filter) = 0;
  [[nodiscard]] virtual Status cancel(const storage::StepId& id) = 0;
};

/// `url` of a server, or empty: by the configuration.
[[nodiscard]] Result<std::unique_ptr<WorklistDoor>> open_worklist(const Config& config,
                                                                  const std::string& url);

}  // namespace pacs::apps
