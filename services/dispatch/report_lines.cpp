#include "services/dispatch/report_lines.h"

#include <chrono>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pacs::services {

namespace {

Task<void> wait_here(std::shared_ptr<ReportLine> line) {
  while (!line->answered) co_await line->changed.wait();
}

/// Many peers release as soon as they have the response. A report that crosses the release has no
/// way to be answered there (PS3.8 Table 9-10, Sta7: no P-DATA request) and would come again on a
/// new association, so they are given the time to.
constexpr std::chrono::milliseconds kPeerMayRelease{250}, kLookAgain{10};

Task<void> let_release(const ReportLine& line) {
  boost::asio::steady_timer timer(line.executor);
  for (auto waited = kLookAgain; waited <= kPeerMayRelease; waited += kLookAgain) {
    if (line.requestor.expired()) co_return;
    timer.expires_after(kLookAgain);
    boost::system::error_code cancelled;
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  }
}

Task<Result<>> report_here(std::shared_ptr<ReportLine> line, EventReport report) {
  co_await wait_here(line);
  co_await let_release(*line);
  const std::shared_ptr<Requestor> requestor = line->requestor.lock();
  if (!requestor) co_return fail(ErrorKind::ConnectionClosed, "the association has ended");
  Result<> reported = co_await report_event(*requestor, line->context, std::move(report));
  co_return reported;
}

}  // namespace

void ReportLines::put(const std::string& key, std::shared_ptr<ReportLine> line) {
  const std::lock_guard lock{mutex_};
  std::erase_if(lines_, [](const auto& entry) { return entry.second->requestor.expired(); });
  lines_.insert_or_assign(key, std::move(line));
}

std::shared_ptr<ReportLine> ReportLines::take(const std::string& key) {
  const std::lock_guard lock{mutex_};
  const auto found = lines_.find(key);
  if (found == lines_.end()) return nullptr;
  std::shared_ptr<ReportLine> line = std::move(found->second);
  lines_.erase(found);
  return line;
}

Task<void> wait_answered(std::shared_ptr<ReportLine> line) {
  const boost::asio::any_io_executor executor = line->executor;
  co_await boost::asio::co_spawn(executor, wait_here(std::move(line)), boost::asio::use_awaitable);
}

Task<Result<>> report_on_line(std::shared_ptr<ReportLine> line, EventReport report) {
  const boost::asio::any_io_executor executor = line->executor;
  Result<> reported = co_await boost::asio::co_spawn(
      executor, report_here(std::move(line), std::move(report)), boost::asio::use_awaitable);
  co_return reported;
}

}  // namespace pacs::services
