#include "services/report_lines.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pacs::services {

namespace {

Task<void> wait_here(std::shared_ptr<ReportLine> line) {
  while (!line->answered) co_await line->changed.wait();
}

Task<Status> report_here(std::shared_ptr<ReportLine> line, EventReport report) {
  co_await wait_here(line);
  const std::shared_ptr<Requestor> requestor = line->requestor.lock();
  if (!requestor) co_return fail(ErrorKind::ConnectionClosed, "the association has ended");
  Status reported = co_await report_event(*requestor, line->context, std::move(report));
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

Task<Status> report_on_line(std::shared_ptr<ReportLine> line, EventReport report) {
  const boost::asio::any_io_executor executor = line->executor;
  Status reported = co_await boost::asio::co_spawn(
      executor, report_here(std::move(line), std::move(report)), boost::asio::use_awaitable);
  co_return reported;
}

}  // namespace pacs::services
