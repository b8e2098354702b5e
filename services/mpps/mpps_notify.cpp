#include "services/mpps/mpps_notify.h"

#include <utility>

#include "core/uids.h"
#include "integration/on_worker.h"
#include "services/dispatch/event_report.h"

namespace pacs::services {
namespace {

/// The payload of a job: the Event Type ID, one byte.
Bytes payload_of(MppsEvent event) {
  return {static_cast<std::byte>(event)};
}

/// 0 for a payload that we did not write.
std::uint16_t event_type_id(ByteView payload) {
  return payload.size() == 1 ? std::to_integer<std::uint16_t>(payload.front()) : std::uint16_t{0};
}

Task<JobOutcome> notify(const FindPeer& find_peer, integration::WorkPool& workers,
                        const integration::Logger& log, JobContext& context) {
  const storage::Job& job = context.job();
  EventReport report;
  report.sop_class_uid = uids::ModalityPerformedProcedureStepNotification;
  report.sop_instance_uid = job.subject;
  report.event_type_id = event_type_id(job.payload);
  if (report.event_type_id == 0) co_return JobOutcome::dead("the job does not say what happened");
  const auto find = [&] { return find_peer(job.destination); };
  Result<network::RequestOptions> peer = co_await on_worker(workers, find);
  if (!peer) co_return JobOutcome::retry(peer.error().to_string());
  Result<> reported =
      co_await report_event(std::move(*peer), std::move(report), log, context.stop_token());
  if (!reported) co_return JobOutcome::retry(reported.error().to_string());
  co_return JobOutcome::done();
}

}  // namespace

MppsEvent event_of(storage::PerformedStatus status) {
  switch (status) {
    case storage::PerformedStatus::Completed:
      return MppsEvent::Completed;
    case storage::PerformedStatus::Discontinued:
      return MppsEvent::Discontinued;
    case storage::PerformedStatus::InProgress:
      break;
  }
  return MppsEvent::Updated;
}

std::vector<storage::NewJob> mpps_notices(const std::vector<std::string>& ae_titles,
                                          const std::string& sop_instance_uid, MppsEvent event) {
  std::vector<storage::NewJob> jobs;
  for (const std::string& title : ae_titles) {
    storage::NewJob job;
    job.kind = kMppsNotificationJob;
    job.subject = sop_instance_uid;
    job.destination = title;
    job.payload = payload_of(event);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

JobHandler mpps_notification_handler(FindPeer find_peer, integration::WorkPool& workers,
                                     integration::Logger log) {
  // The handler outlives what it begins.
  return [find_peer = std::move(find_peer), &workers, log = std::move(log)](JobContext& context) {
    return notify(find_peer, workers, log, context);
  };
}

}  // namespace pacs::services
