// Invariant: the data set of an N-ACTION for storage commitment is refused with a failure and an
// offending element, or gives references that survive being kept in a job and being reported. The
// data set of an N-EVENT-REPORT is refused, or names a transaction and references.
#include <algorithm>

#include "encoding/data_sets/data_set_codec.h"
#include "services/commitment/commitment_request.h"
#include "services/commitment/commitment_scu.h"
#include "tests/fuzz/require.h"

namespace {

using namespace pacs;
using namespace pacs::services;

constexpr std::size_t kReferencesMax = 200;

void check_refusal(const Answer& answer) {
  require(network::status_class(answer.status) == network::StatusClass::Failure);
  require(!answer.error_comment.empty());
  require(!answer.offending_elements.empty());
}

void check_request(CommitmentRequest request) {
  require(!request.transaction_uid.empty());
  require(!request.references.empty() && request.references.size() <= kReferencesMax);
  const CommitmentOrder order{
      .request = request, .called_ae = "PACS", .checked_ms = 1'790'000'000'000};
  const auto kept = decode_commitment(encode_commitment(order));
  require(kept.has_value());
  require(kept->request.transaction_uid == request.transaction_uid);
  require(kept->request.references == request.references);
  require(kept->called_ae == order.called_ae && kept->checked_ms == order.checked_ms);

  for (std::size_t i = 1; i < request.references.size(); i += 2) {
    request.references[i].failure = failure_reason::kNoSuchObjectInstance;
  }
  const bool failed = request.references.size() > 1;
  const std::uint16_t event_type = commitment_event_type(request);
  require(event_type == (failed ? 2 : 1));
  const DataSet information = commitment_information(request, "PACS");
  const auto written = write_data_set(information, implicit_vr_little_endian());
  require(written.has_value());
  const auto sent = read_data_set(share(Bytes(*written)), implicit_vr_little_endian());
  require(sent.has_value());
  const auto report = read_commitment_report(event_type, *sent);
  require(report.has_value());
  require(report->event_type == event_type);
  require(report->transaction_uid == request.transaction_uid);
  std::ranges::stable_sort(request.references, {},
                           [](const CommitmentReference& reference) { return reference.failure; });
  require(report->references == request.references);
}

}  // namespace

/// A data set in Implicit VR Little Endian, read as both.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span{data, size});
  const auto data_set =
      read_data_set(share(Bytes(bytes.begin(), bytes.end())), implicit_vr_little_endian());
  if (!data_set) return 0;
  auto request = read_commitment_request(*data_set, kReferencesMax);
  if (request) {
    check_request(std::move(*request));
  } else {
    check_refusal(request.error());
  }
  const auto report = read_commitment_report(2, *data_set);
  if (report) {
    require(!report->transaction_uid.empty());
  } else {
    require(!report.error().message.empty());
  }
  return 0;
}
