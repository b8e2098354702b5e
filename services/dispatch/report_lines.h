// ReportLines: the associations on which requests came whose reports may go back the same way while
// they are open.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "services/dispatch/event.h"
#include "services/dispatch/event_report.h"
#include "services/dispatch/operation.h"

namespace pacs::services {

/// One association, for one report. Used on its executor, but for `executor` itself.
struct ReportLine {
  explicit ReportLine(Operation& operation)
      : executor(operation.requestor()->executor()),
        requestor(operation.requestor()),
        context(operation.context()),
        changed(executor) {}

  const boost::asio::any_io_executor executor;
  const std::weak_ptr<Requestor> requestor;
  const network::PresentationContext context;
  bool answered = false;  ///< the response to the request has left: the report may follow
  Event changed;

  void set_answered() {
    answered = true;
    changed.notify_all();
  }
};

/// Thread-safe.
class ReportLines {
 public:
  /// In place of an older one with this key.
  void put(const std::string& key, std::shared_ptr<ReportLine> line);
  /// It is used once; null when there is none.
  [[nodiscard]] std::shared_ptr<ReportLine> take(const std::string& key);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<ReportLine>, std::less<>> lines_;
};

/// Waits for the response to leave; resumes on the caller's executor.
Task<void> wait_answered(std::shared_ptr<ReportLine> line);
/// Waits for the response to leave and a moment for the peer to release, then reports, on the
/// line's executor; resumes on the caller's. ConnectionClosed when the association has ended.
Task<Result<>> report_on_line(std::shared_ptr<ReportLine> line, EventReport report);

}  // namespace pacs::services
