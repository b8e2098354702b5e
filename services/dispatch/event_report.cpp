#include "services/dispatch/event_report.h"

#include <utility>

#include <fmt/format.h>

#include "network/dimse/status.h"
#include "services/dispatch/open_association.h"
#include "services/dispatch/scu.h"

namespace pacs::services {

namespace {

using network::Command;
using network::CommandField;

/// PS3.7 Table 10.1-1.
Command command_of(const EventReport& report) {
  Command command;
  command.field = CommandField::NEventReportRq;
  command.message_id = 1;
  command.sop_class_uid = report.sop_class_uid;
  command.sop_instance_uid = report.sop_instance_uid;
  command.event_type_id = report.event_type_id;
  command.has_data_set = !report.information.empty();
  return command;
}

/// Event Information, where there is any.
Result<network::DataSource> information_of(const EventReport& report,
                                           const network::PresentationContext& context) {
  if (report.information.empty()) return network::DataSource{};
  return encode(report.information, context);
}

Result<> outcome_of(const Result<Response>& response) {
  if (!response) return fail(response.error());
  const Command& answer = response->command;
  if (answer.field != CommandField::NEventReportRsp || !answer.status) {
    return fail(ErrorKind::Malformed,
                "the peer did not answer the report with an N-EVENT-REPORT-RSP");
  }
  const network::StatusClass kind = network::status_class(*answer.status);
  if (kind == network::StatusClass::Success || kind == network::StatusClass::Warning) return {};
  return fail(ErrorKind::Rejected,
              fmt::format("the peer answered the report with status {:04X}{}{}", *answer.status,
                          answer.error_comment.empty() ? "" : ": ", answer.error_comment));
}

/// The context that the peer accepted, and not without us as SCP.
Result<const network::PresentationContext*> reporting_context(const network::Negotiated& negotiated,
                                                              const std::string& sop_class_uid) {
  const network::PresentationContext* context = negotiated.accepted_for(sop_class_uid);
  if (context == nullptr) {
    return fail(ErrorKind::Rejected, "the peer did not accept the SOP class " + sop_class_uid);
  }
  // PS3.7 §D.3.3.4: who refuses the role is the SCP itself, to which nobody reports. Many a peer
  // takes the SOP class and answers no role item at all. By the letter the default roles hold then;
  // what it opened its port for is the report.
  if (!context->scp_role && negotiated.answers_role(sop_class_uid)) {
    return fail(ErrorKind::Rejected,
                "the peer accepted the SOP class but refused the role selection: it must accept "
                "that we are the SCP (PS3.7 D.3.3.4)");
  }
  return context;
}

Task<Result<>> report_on(network::Association& association, const EventReport& report) {
  PACS_CO_TRY(const network::PresentationContext* const context,
              reporting_context(association.negotiated(), report.sop_class_uid));
  PACS_CO_TRY(network::DataSource source, information_of(report, *context));
  Command command = command_of(report);
  const Result<Response> response =
      co_await invoke(association, context->id, std::move(command), std::move(source));
  co_return outcome_of(response);
}

}  // namespace

Task<Result<>> report_event(network::RequestOptions peer, EventReport report,
                            integration::Logger log, std::stop_token stop) {
  peer.contexts = {proposal(report.sop_class_uid)};
  peer.user.roles = {{report.sop_class_uid, false, true}};
  const std::function<bool()> stopped = [stop] { return stop.stop_requested(); };
  PACS_CO_TRY(const std::shared_ptr<network::Association> opened,
              co_await open_association(std::move(peer), std::move(log), stopped));
  network::Association& association = *opened;
  const std::stop_callback give_up(stop, [&association] { association.abort(); });
  if (stop.stop_requested())
    co_return fail(ErrorKind::Cancelled, "not reported: the work was stopped");
  Result<> reported = co_await report_on(association, report);
  if (stop.stop_requested() && !reported) {
    co_return fail(ErrorKind::Cancelled, "not reported: the work was stopped");
  }
  if (!association.ended()) {
    Result<> released = co_await association.release();
    (void)released;  // the response is in: how the release goes changes nothing
  }
  co_return reported;
}

Task<Result<>> report_event(Requestor& requestor, const network::PresentationContext& context,
                            EventReport report) {
  PACS_CO_TRY(network::DataSource source, information_of(report, context));
  Command command = command_of(report);
  const Result<Response> response =
      co_await requestor.invoke(context.id, std::move(command), std::move(source));
  co_return outcome_of(response);
}

}  // namespace pacs::services
