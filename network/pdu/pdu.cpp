// The words of PS3.8 Tables 9-21 and 9-26.
#include "network/pdu/pdu.h"

#include <fmt/format.h>

namespace pacs::network {
namespace {

// PS3.8 Table 9-21, in its order: source, reason, meaning.
struct RejectReason {
  std::uint8_t source, reason;
  std::string_view meaning;
};
constexpr RejectReason kRejectReasons[] = {
    {1, 1, "no reason given"},
    {1, 2, "application context name not supported"},
    {1, 3, "calling AE title not recognized"},
    {1, 7, "called AE title not recognized"},
    {2, 1, "no reason given"},
    {2, 2, "protocol version not supported"},
    {3, 1, "temporary congestion"},
    {3, 2, "local limit exceeded"},
};

// PS3.8 Table 9-26, in its order.
constexpr std::string_view kAbortReasons[] = {
    "reason not specified",
    "unrecognized PDU",
    "unexpected PDU",
    "reserved reason",
    "unrecognized PDU parameter",
    "unexpected PDU parameter",
    "invalid PDU parameter value",
};

}  // namespace

std::string describe(const AssociateRj& rejection) {
  std::string_view meaning = "reserved reason";
  for (const RejectReason& row : kRejectReasons) {
    if (row.source == rejection.source && row.reason == rejection.reason) meaning = row.meaning;
  }
  const std::string_view permanence = rejection.result == 1   ? "permanent"
                                      : rejection.result == 2 ? "transient"
                                                              : "unknown result";
  return fmt::format("{} ({}; result {}, source {}, reason {})", meaning, permanence,
                     rejection.result, rejection.source, rejection.reason);
}

std::string describe(const Abort& abort) {
  const auto source = static_cast<unsigned>(abort.source);
  const auto reason = static_cast<unsigned>(abort.reason);
  if (abort.source == AbortSource::ServiceUser) return "by the service user (source 0)";
  const std::string_view meaning =
      reason < std::size(kAbortReasons) ? kAbortReasons[reason] : "unknown reason";
  return fmt::format("by the {}: {} (source {}, reason {})",
                     abort.source == AbortSource::ServiceProvider ? "service provider"
                                                                  : "peer with a reserved source",
                     meaning, source, reason);
}

}  // namespace pacs::network
