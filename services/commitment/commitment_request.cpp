#include "services/commitment/commitment_request.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "core/uid_registry.h"

namespace pacs::services {

namespace {

namespace status = network::status;

constexpr std::string_view kForm = "commitment 1";  // the first line of what is kept

Answer refuse(std::uint16_t code, Tag element, std::string comment) {
  return Answer{
      .status = code, .error_comment = std::move(comment), .offending_elements = {element}};
}

/// What is wrong with a UID that must be there; nullopt when it is one.
std::optional<Answer> fault(const DataSet& data_set, Tag tag, std::string_view name) {
  if (!data_set.contains(tag)) {
    return refuse(status::kMissingAttribute, tag, fmt::format("{} is missing", name));
  }
  const std::string_view text = data_set.text(tag);
  if (text.empty()) {
    return refuse(status::kMissingAttributeValue, tag, fmt::format("{} is empty", name));
  }
  if (!is_usable_uid(text)) {
    return refuse(status::kInvalidAttributeValue, tag, fmt::format("{} is not a UID", name));
  }
  return std::nullopt;
}

/// The lines of kept text, one after the other.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  [[nodiscard]] std::optional<std::string_view> next() {
    const std::size_t end = rest_.find('\n');
    if (end == rest_.npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

 private:
  std::string_view rest_;
};

/// A number up to the next space, both taken off.
template <typename Number>
std::optional<Number> take_number(std::string_view& line) {
  Number number{};
  const char* last = line.data() + line.size();
  const auto [end, error] = std::from_chars(line.data(), last, number);
  if (error != std::errc{}) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (!line.empty()) line.remove_prefix(1);
  return number;
}

Item item_of(const CommitmentReference& reference) {
  Item item;
  item.undefined_length = false;
  item.data_set.set_text(tags::ReferencedSOPClassUID, reference.sop_class_uid);
  item.data_set.set_text(tags::ReferencedSOPInstanceUID, reference.sop_instance_uid);
  if (reference.failure != 0) {
    item.data_set.set_integer(tags::FailureReason, VR::US, reference.failure);
  }
  return item;
}

}  // namespace

std::string_view failure_reason::text(std::uint16_t reason) {
  struct Row {
    std::uint16_t reason;
    std::string_view text;
  };
  static constexpr Row kReasons[] = {
      {0x0110, "processing failure"},        {0x0112, "no such object instance"},
      {0x0119, "class-instance conflict"},   {0x0122, "referenced SOP class not supported"},
      {0x0131, "duplicate transaction UID"}, {0x0213, "resource limitation"},
  };
  const auto* found = std::ranges::find(kReasons, reason, &Row::reason);
  return found == std::end(kReasons) ? "unknown reason" : found->text;
}

DataSetLimits commitment_limits(std::size_t references_max) {
  constexpr std::size_t kReferenceBytes = 2 * (8 + 64) + 16, kReferenceElements = 3;
  constexpr std::size_t kOtherBytes = 64U << 10, kOtherElements = 1000;
  return {.bytes_max = kOtherBytes + references_max * kReferenceBytes,
          .elements_max = kOtherElements + references_max * kReferenceElements};
}

tl::expected<CommitmentRequest, Answer> read_commitment_request(const DataSet& data_set,
                                                                std::size_t references_max) {
  if (auto wrong = fault(data_set, tags::TransactionUID, "Transaction UID")) {
    return tl::unexpected(std::move(*wrong));
  }
  const Sequence& items = data_set.items(tags::ReferencedSOPSequence);
  if (items.empty()) {
    const bool missing = !data_set.contains(tags::ReferencedSOPSequence);
    return tl::unexpected(
        refuse(missing ? status::kMissingAttribute : status::kMissingAttributeValue,
               tags::ReferencedSOPSequence, "Referenced SOP Sequence has no item"));
  }
  if (items.size() > references_max) {
    return tl::unexpected(
        refuse(status::kResourceLimitation, tags::ReferencedSOPSequence,
               fmt::format("{} references; {} at most", items.size(), references_max)));
  }
  CommitmentRequest request;
  request.transaction_uid = data_set.text(tags::TransactionUID);
  request.references.reserve(items.size());
  for (const Item& item : items) {
    const DataSet& reference = item.data_set;
    auto wrong = fault(reference, tags::ReferencedSOPClassUID, "Referenced SOP Class UID");
    if (!wrong) {
      wrong = fault(reference, tags::ReferencedSOPInstanceUID, "Referenced SOP Instance UID");
    }
    if (wrong) {
      wrong->error_comment += fmt::format(" in item {}", request.references.size() + 1);
      return tl::unexpected(std::move(*wrong));
    }
    request.references.push_back({std::string(reference.text(tags::ReferencedSOPClassUID)),
                                  std::string(reference.text(tags::ReferencedSOPInstanceUID))});
  }
  return request;
}

std::vector<CommitmentReference> reference_set(const CommitmentRequest& request) {
  std::vector<CommitmentReference> references = request.references;
  for (CommitmentReference& reference : references) reference.failure = 0;
  std::ranges::sort(references, {}, [](const CommitmentReference& reference) {
    return std::tie(reference.sop_class_uid, reference.sop_instance_uid);
  });
  references.erase(std::unique(references.begin(), references.end()), references.end());
  return references;
}

// Line by line: form, Transaction UID, called AE title, time of the check; then "=CLASS" where the
// class changes, and for each reference "SHARED FAILURE REST": how many letters its instance UID
// shares with the one before, its failure reason, and the other letters.
Bytes encode_commitment(const CommitmentOrder& order) {
  std::string text = fmt::format("{}\n{}\n{}\n{}\n", kForm, order.request.transaction_uid,
                                 order.called_ae, order.checked_ms);
  std::string_view sop_class, before;
  for (const CommitmentReference& reference : order.request.references) {
    if (reference.sop_class_uid != sop_class) {
      sop_class = reference.sop_class_uid;
      fmt::format_to(std::back_inserter(text), "={}\n", sop_class);
    }
    const std::string_view uid = reference.sop_instance_uid;
    const auto shared =
        static_cast<std::size_t>(std::ranges::mismatch(uid, before).in1 - uid.begin());
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", shared, reference.failure,
                   uid.substr(shared));
    before = uid;
  }
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Result<CommitmentOrder> decode_commitment(ByteView bytes) {
  const auto corrupt = [] { return fail(ErrorKind::Corrupt, "the kept request cannot be read"); };
  Lines lines({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const auto form = lines.next(), transaction = lines.next(), called = lines.next();
  auto checked = lines.next();
  if (!checked || *form != kForm) return corrupt();
  CommitmentOrder order;
  order.request.transaction_uid = *transaction;
  order.called_ae = *called;
  const auto checked_ms = take_number<std::int64_t>(*checked);
  if (!checked_ms) return corrupt();
  order.checked_ms = *checked_ms;
  std::string_view sop_class;
  std::string before;
  while (auto line = lines.next()) {
    if (line->starts_with('=')) {
      sop_class = line->substr(1);
      continue;
    }
    const auto shared = take_number<std::size_t>(*line);
    const auto failure = shared ? take_number<std::uint16_t>(*line) : std::nullopt;
    if (!failure || *shared > before.size()) return corrupt();
    before.resize(*shared);
    before += *line;
    order.request.references.push_back({std::string(sop_class), before, *failure});
  }
  return order;
}

DataSet commitment_information(const CommitmentRequest& request, std::string_view retrieve_ae) {
  Sequence committed, failed;
  for (const CommitmentReference& reference : request.references) {
    (reference.failure == 0 ? committed : failed).push_back(item_of(reference));
  }
  DataSet information;
  information.set_text(tags::TransactionUID, request.transaction_uid);
  if (!committed.empty()) {
    if (!retrieve_ae.empty()) information.set_text(tags::RetrieveAETitle, retrieve_ae);
    information.set_items(tags::ReferencedSOPSequence, std::move(committed), false);
  }
  if (!failed.empty()) {
    information.set_items(tags::FailedSOPSequence, std::move(failed), false);
  }
  return information;
}

std::uint16_t commitment_event_type(const CommitmentRequest& request) {
  return std::ranges::all_of(request.references, [](const auto& r) { return r.failure == 0; }) ? 1
                                                                                               : 2;
}

}  // namespace pacs::services
