// WorklistDoor: the worklist of an archive, through the server that runs on it, or the archive
// itself when none does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/config/config.h"
#include "core/result.h"
#include "storage/worklist/worklist.h"
#include "web/http/http_message.h"

namespace pacs::apps {

/// The outcome of a put.
struct WorklistPut {
  std::size_t taken = 0;   ///< this many items, from the first on, were taken
  std::size_t failed = 0;  ///< this many after them failed together; none after these was tried
  Result<> status{};       ///< why they failed
};

class WorklistDoor {
 public:
  using Existing = storage::Worklist::Existing;
  virtual ~WorklistDoor() = default;
  /// Of the archive itself: all or none. Through a server: request by request.
  [[nodiscard]] virtual WorklistPut put(std::span<const storage::NewWorklistItem> items,
                                        Existing existing) = 0;
  /// One page; `filter` as in web/api/worklist_filter.h.
  [[nodiscard]] virtual Result<std::vector<DataSet>> list(const web::Fields& filter) = 0;
  [[nodiscard]] virtual Result<> cancel(const storage::StepId& id) = 0;
};

enum class Missing : std::uint8_t { Make, Refuse };

/// `url` of a server; empty: from the configuration. Where there is neither server nor archive, an
/// archive is created, or it is NotFound.
[[nodiscard]] Result<std::unique_ptr<WorklistDoor>> open_worklist(const Config& config,
                                                                  const std::string& url,
                                                                  Missing missing);

}  // namespace pacs::apps
