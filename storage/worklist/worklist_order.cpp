#include "storage/worklist/worklist_order.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "core/date_time.h"
#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/number_string.h"
#include "core/text.h"
#include "core/uid_generator.h"
#include "core/uid_registry.h"
#include "core/value_check.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/foreign_element.h"
#include "storage/disk/checksum.h"
#include "storage/worklist/worklist_rows.h"

namespace pacs::storage {
namespace {

constexpr Tag kSteps = tags::ScheduledProcedureStepSequence;

// PS3.4 Table K.6-1: return keys of Type 1 that nobody can make up.
constexpr std::array kOfOrder{tags::PatientName, tags::PatientID};
constexpr std::array kOfStep{tags::ScheduledStationAETitle, tags::ScheduledProcedureStepStartDate,
                             tags::ScheduledProcedureStepStartTime, tags::Modality};

tl::unexpected<Error> malformed_order(Tag tag, std::string message) {
  return fail(Error{ErrorKind::Malformed, std::move(message)}.on(tag));
}

std::string keyword_of(Tag tag) {
  const DictionaryEntry* entry = lookup(tag);
  return entry == nullptr ? tag.to_string() : std::string(entry->keyword);
}

// Table K.6-1, module Scheduled Procedure Step.
constexpr std::array kModuleOfStep{tags::ScheduledStationAETitle,
                                   tags::ScheduledProcedureStepStartDate,
                                   tags::ScheduledProcedureStepStartTime,
                                   tags::Modality,
                                   tags::ScheduledPerformingPhysicianName,
                                   tags::ScheduledProcedureStepDescription,
                                   tags::ScheduledStationName,
                                   tags::ScheduledProcedureStepLocation,
                                   tags::ScheduledProtocolCodeSequence,
                                   tags::PreMedication,
                                   tags::ScheduledProcedureStepID,
                                   tags::RequestedContrastAgent,
                                   tags::ScheduledProcedureStepStatus};

/// What names an order or a step of it, in indexes, answers and paths.
constexpr std::array kIdentifiers{tags::StudyInstanceUID, tags::ScheduledProcedureStepID,
                                  tags::RequestedProcedureID, tags::PatientID,
                                  tags::AccessionNumber};
/// PS3.5 §6.2 allows 16 to the SHs among them, but real systems pass that; to LO and UI it allows
/// 64, which nothing that identifies an order exceeds.
constexpr std::size_t kIdentifierCharactersMax = 64;

/// What else has one value only: lists and queries show, match and order by it (PS3.6, VM 1).
constexpr std::array kSingle{
    tags::PatientName, tags::Modality, tags::ScheduledProcedureStepStartDate,
    tags::ScheduledProcedureStepStartTime, tags::ScheduledProcedureStepStatus};

/// Of text in UTF-8: before, a backslash may be half a letter and ESC switches character sets.
Result<> check_single_values(const DataSet& utf8) {
  for (const Tag tag : kSingle) {
    if (auto checked = check_single_value(dictionary_vr(tag), utf8.text(tag)); !checked) {
      return malformed_order(tag,
                             fmt::format("{} {}: it must be one value without control characters",
                                         keyword_of(tag), checked.error().message));
    }
  }
  return {};
}

/// The same of what must do for a name besides.
Result<> check_identifiers(const DataSet& utf8) {
  for (const Tag tag : kIdentifiers) {
    const std::string_view text = utf8.text(tag);
    const auto begins_letter = [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    };
    const auto characters = std::size_t(std::ranges::count_if(text, begins_letter));
    std::string wrong;
    if (auto checked = check_single_value(dictionary_vr(tag), text); !checked) {
      wrong = std::move(checked.error().message);
    } else if (text.find('\x1B') != text.npos) {
      wrong = "holds a control character";
    } else if (characters > kIdentifierCharactersMax) {
      wrong = fmt::format("has {} characters", characters);
    } else {
      continue;
    }
    return malformed_order(
        tag, fmt::format("{} {}: it must be one value of at most {} characters without "
                         "control characters",
                         keyword_of(tag), wrong, kIdentifierCharactersMax));
  }
  return {};
}

Result<> check_one_of_each(const DataSet& utf8) {
  PACS_TRY(check_identifiers(utf8));
  return check_single_values(utf8);
}

/// Decimal and integer strings that can be read; they may be longer than PS3.5 §6.2 says.
Result<> check_numbers(VR vr, std::string_view values) {
  for (std::size_t start = 0, number = 1; start <= values.size(); ++number) {
    const std::size_t end = std::min(values.find('\\', start), values.size());
    const std::string_view value = trimmed(values.substr(start, end - start));
    start = end + 1;
    if (value.empty()) continue;
    std::optional<Error> error;
    if (vr == VR::DS) {
      if (const auto decimal = read_decimal(value); !decimal) error = decimal.error();
    } else {
      if (const auto integer = read_integer(value); !integer) error = integer.error();
    }
    if (!error) continue;
    return fail(ErrorKind::Malformed,
                fmt::format("value {} of VR {}: {}", number, to_string(vr), error->message));
  }
  return {};
}

/// By the letter only where a worklist depends on it: text may be longer than it should. `vr` is
/// that of the dictionary, also where another one of text was given.
Result<> check_value_of(const Element& element, VR vr) {
  Result<> checked;
  switch (vr) {
    case VR::AE:
    case VR::CS:
    case VR::DA:
    case VR::TM:
    case VR::UI:
      checked = check_value(vr, element.text());
      break;
    case VR::DS:
    case VR::IS:
      checked = check_numbers(vr, element.text());
      break;
    default:
      break;
  }
  if (checked) return {};
  return malformed_order(element.tag(),
                         fmt::format("{}: {}", keyword_of(element.tag()), checked.error().message));
}

Result<> check_elements(const DataSet& data_set) {
  for (const Element& element : data_set) {
    const Tag tag = element.tag();
    if (const auto why = why_foreign(element); !why.empty()) {
      return malformed_order(tag, fmt::format("{} {}", keyword_of(tag), why));
    }
    for (const Item& item : element.items()) {
      PACS_TRY(check_elements(item.data_set));
    }
    if (tag.is_private() || tag.is_group_length()) continue;
    const DictionaryEntry* entry = lookup(tag);
    if (entry == nullptr) continue;
    const VR given = element.vr();
    const bool both_text =
        info(given).kind == VRKind::Text && info(entry->vr()).kind == VRKind::Text;
    const bool of_dictionary = std::ranges::count(entry->alternatives(), given) != 0;
    // Nor as UN, as which nothing can be checked, matched or shown (PS3.5 §6.2.2: what has a VR
    // known is not UN).
    if (!both_text && !of_dictionary) {
      return malformed_order(tag, fmt::format("{} has VR {}, but is {}", entry->keyword,
                                              to_string(given), to_string(entry->vr())));
    }
    PACS_TRY(check_value_of(element, of_dictionary ? given : entry->vr()));
  }
  return {};
}

template <typename Tags>
Result<> check_present(const DataSet& data_set, const Tags& wanted, std::string_view where) {
  for (const Tag tag : wanted) {
    if (!data_set.text(tag, 0).empty()) continue;
    return malformed_order(
        tag, fmt::format("{} is missing{} (PS3.4 Table K.6-1, Type 1)", keyword_of(tag), where));
  }
  return {};
}

/// Identifiers that an order lacks: the same ones again for the same order under the same name.
class Identifiers {
 public:
  Identifiers(const DataSet& order, std::optional<std::string_view> name) {
    if (!name) return;
    // What tells one order from another, not what is corrected in one: the name of a patient is.
    std::string& text = seed_.emplace(*name);
    for (const Tag tag : {tags::PatientID, tags::AccessionNumber, tags::RequestedProcedureID}) {
      text.append("\n").append(order.text(tag));
    }
  }

  [[nodiscard]] std::string uid() const {
    if (!seed_) return generate_uid();
    const std::uint64_t halves[] = {hash("a"), hash("b")};
    Uuid uuid;
    std::memcpy(uuid.data(), halves, sizeof halves);
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x80);  // version 8 of RFC 9562 §5.8
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);
    return uid_from_uuid(uuid);
  }
  /// 16 characters at most: SH.
  [[nodiscard]] std::string short_id(std::string_view what, std::size_t number) const {
    std::uint64_t value = 0;
    if (seed_) {
      value = hash(fmt::format("{}{}", what, number));
    } else {
      const Uuid random = random_uuid();
      std::memcpy(&value, random.data(), sizeof value);
    }
    return fmt::format("{}{:014X}", what, value >> 8);
  }

 private:
  [[nodiscard]] std::uint64_t hash(std::string_view part) const {
    return checksum(as_bytes(*seed_ + "\n" + std::string(part)));
  }
  std::optional<std::string> seed_;
};

Result<StepStatus> status_of(const DataSet& step) {
  const std::string_view text = step.text(tags::ScheduledProcedureStepStatus, 0);
  if (text.empty()) return StepStatus::Scheduled;
  if (const auto status = parse_step_status(text)) return *status;
  return malformed_order(
      tags::ScheduledProcedureStepStatus,
      fmt::format("ScheduledProcedureStepStatus \"{}\" is not one of SCHEDULED, ARRIVED, "
                  "READY, STARTED, DEPARTED, COMPLETED, DISCONTINUED, CANCELED",
                  printable(text)));
}

Result<NewWorklistItem> item_of(DataSet data_set, Item step, std::vector<Tag> generated) {
  NewWorklistItem item;
  PACS_TRY(const auto status, status_of(step.data_set));
  item.status = status;
  step.data_set.set_text(tags::ScheduledProcedureStepStatus, to_string(status));
  item.id.study_instance_uid = data_set.text(tags::StudyInstanceUID, 0);
  item.id.scheduled_procedure_step_id = step.data_set.text(tags::ScheduledProcedureStepID, 0);
  data_set.set_items(kSteps, {std::move(step)});
  PACS_TRY(const auto bytes, encode_worklist_data_set(data_set));
  if (bytes.size() > kWorklistItemBytesMax) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("worklist_item_bytes_max: the item has {} bytes; {} are allowed",
                            bytes.size(), kWorklistItemBytesMax));
  }
  item.data_set = std::move(data_set);
  item.generated = std::move(generated);
  return item;
}

}  // namespace

bool is_of_step(Tag tag) {
  return std::ranges::count(kModuleOfStep, tag) != 0;
}

Result<std::vector<NewWorklistItem>> items_of_order(const DataSet& order,
                                                    std::optional<std::string_view> name) {
  PACS_TRY(check_elements(order));
  if (auto checked = check_text(order); !checked) {
    const Tag tag = *checked.error().tag;
    return malformed_order(tag, fmt::format("{} {}", keyword_of(tag), checked.error().message));
  }
  DataSet whole = to_utf8(order);
  PACS_TRY(check_one_of_each(whole));
  PACS_TRY(check_present(whole, kOfOrder, ""));
  const Sequence steps = whole.items(kSteps);
  if (steps.empty()) return malformed_order(kSteps, "ScheduledProcedureStepSequence has no items");
  if (steps.size() > kStepsOfOrderMax) {
    return fail(Error{
        ErrorKind::LimitExceeded,
        fmt::format("steps_of_order_max: an order may have {} steps at most", kStepsOfOrderMax)}
                    .on(kSteps));
  }
  const Identifiers identifiers(whole, name);
  std::vector<Tag> made;
  const auto make = [&made](DataSet& in, Tag tag, const std::string& value) {
    in.set_text(tag, value);
    made.push_back(tag);
  };
  if (whole.text(tags::StudyInstanceUID, 0).empty()) {
    make(whole, tags::StudyInstanceUID, identifiers.uid());
  }
  if (whole.text(tags::RequestedProcedureID, 0).empty()) {
    make(whole, tags::RequestedProcedureID, identifiers.short_id("R", 0));
  }
  std::vector<NewWorklistItem> items;
  for (Item step : steps) {
    PACS_TRY(check_one_of_each(step.data_set));
    PACS_TRY(check_present(step.data_set, kOfStep, " in a scheduled procedure step"));
    const std::vector<Tag> made_of_order = made;
    if (step.data_set.text(tags::ScheduledProcedureStepID, 0).empty()) {
      make(step.data_set, tags::ScheduledProcedureStepID,
           identifiers.short_id("S", items.size() + 1));
    }
    PACS_TRY(auto item, item_of(whole, std::move(step), std::exchange(made, made_of_order)));
    const bool twice = std::ranges::count(items, item.id, &NewWorklistItem::id) != 0;
    if (twice) {
      return malformed_order(tags::ScheduledProcedureStepID,
                             fmt::format("ScheduledProcedureStepID {} occurs twice in one order",
                                         printable(item.id.scheduled_procedure_step_id)));
    }
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace pacs::storage
