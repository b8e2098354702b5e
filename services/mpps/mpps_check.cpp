#include "services/mpps/mpps_check.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/date_time.h"
#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/uid_registry.h"

namespace pacs::services {
namespace {

namespace status = network::status;

/// Wrong attributes named in one answer; a response is read whole by its receiver.
constexpr std::size_t kProblemsMax = 32;

enum class Fault : std::uint8_t { Missing, Empty, Invalid };

struct Step {
  Tag sequence;
  std::size_t item = 0;  ///< from 0
};

struct Problem {
  Fault fault = Fault::Missing;
  std::vector<Step> path;
  Tag tag;
  std::string why;
  bool is_essential = true;
  std::optional<Element> element{};  ///< what was there
};

/// Attributes without which a step cannot be kept, compared or advanced.
bool is_essential(Tag tag) {
  static constexpr std::array<Tag, 6> kEssential{
      tags::ScheduledStepAttributesSequence, tags::StudyInstanceUID,
      tags::PerformedProcedureStepStatus,    tags::SeriesInstanceUID,
      tags::ReferencedSOPClassUID,           tags::ReferencedSOPInstanceUID};
  return std::ranges::find(kEssential, tag) != kEssential.end();
}

std::string_view keyword(Tag tag) {
  const DictionaryEntry* entry = lookup(tag);
  return entry != nullptr ? entry->keyword : std::string_view{"attribute"};
}

bool is_empty(const Element& element) {
  if (element.form() == Element::Form::Sequence) return element.items().empty();
  if (info(element.vr()).kind == VRKind::Text) return element.text().empty();
  return element.form() == Element::Form::Value && element.value().empty();
}

/// Nothing is said in it: modalities send such items for sequences that would have none.
bool says_nothing(const DataSet& item) {
  return std::ranges::all_of(item, [](const Element& element) {
    if (element.form() != Element::Form::Sequence) return is_empty(element);
    return std::ranges::all_of(element.items(),
                               [](const Item& inner) { return says_nothing(inner.data_set); });
  });
}

/// What is wrong with a value, "" when nothing. Only what would be misunderstood is looked at:
/// names that are too long or codes in small letters are real and harm nobody.
std::string fault_of(const Element& element) {
  const DictionaryEntry* entry = lookup(element.tag());
  const bool known =
      entry == nullptr || element.vr() == VR::UN ||
      std::ranges::find(entry->alternatives(), element.vr()) != entry->alternatives().end();
  if (!known) return fmt::format("has VR {}", to_string(element.vr()));
  // In other text a backslash is real: devices let people type it.
  const bool names_or_times =
      element.vr() == VR::UI || element.vr() == VR::DA || element.vr() == VR::TM;
  if (names_or_times && entry != nullptr && entry->vm == "1" && element.value_count() > 1) {
    return fmt::format("has {} values", element.value_count());
  }
  for (std::size_t i = 0; i < element.value_count(); ++i) {
    const std::string_view value = element.text(i);
    if (element.vr() == VR::UI && !is_usable_uid(value)) return "is not a valid UID";
    if (element.vr() == VR::DA && !Date::parse(value)) return "is not a valid date";
    if (element.vr() == VR::TM && !Time::parse(value)) return "is not a valid time";
  }
  return {};
}

class Check {
 public:
  Check(MppsPhase phase, MppsStrictness strictness) : phase_(phase), strictness_(strictness) {}

  void run(const std::vector<MppsNode>& nodes, const DataSet& data_set) {
    for (const MppsNode& node : nodes) {
      if (problems_.size() >= kProblemsMax) return;
      if (node.attribute->tag != Tag{}) run(node, data_set);
    }
  }
  [[nodiscard]] const std::vector<Problem>& problems() const { return problems_; }
  [[nodiscard]] const std::vector<Problem>& tolerated() const { return tolerated_; }

 private:
  /// Who may leave it out, and who must find a value.
  struct Needs {
    Requirement presence, value;
  };
  [[nodiscard]] Needs needs(const MppsAttribute& row) const {
    if (phase_ == MppsPhase::Create) return {row.create, row.create};
    if (phase_ == MppsPhase::Set) return {row.set_scu, row.set_scp};
    const Requirement both = row.final_state == Requirement::None ? row.create : row.final_state;
    return {both, both};
  }

  static bool is_required(Requirement type, const RequiredWhen& when, const DataSet& data_set) {
    if (type != Requirement::T1C) return type == Requirement::T1 || type == Requirement::T2;
    const bool any = (when.first != Tag{} && data_set.contains(when.first)) ||
                     (when.second != Tag{} && data_set.contains(when.second));
    if (when.rule == RequiredWhen::Rule::IfAny) return any;
    return when.rule == RequiredWhen::Rule::UnlessAny && !any;
  }

  void run(const MppsNode& node, const DataSet& data_set) {
    const MppsAttribute& row = *node.attribute;
    const auto [presence, value] = needs(row);
    const Element* element = data_set.find(row.tag);
    if (element == nullptr) {
      if (is_required(presence, row.when, data_set)) add(Fault::Missing, row.tag, "is missing");
      return;
    }
    if (is_empty(*element)) {
      const bool required = value == Requirement::T1 ||
                            (value == Requirement::T1C && is_required(value, row.when, data_set));
      if (required) add(Fault::Empty, row.tag, "has no value");
      return;
    }
    if (std::string fault = fault_of(*element); !fault.empty()) {
      add(Fault::Invalid, row.tag, std::move(fault), element);
      return;
    }
    if (node.items.empty()) return;
    if (element->form() != Element::Form::Sequence) {
      add(Fault::Invalid, row.tag, "is not a sequence", element);
      return;
    }
    for (std::size_t i = 0; i < element->items().size(); ++i) {
      if (problems_.size() >= kProblemsMax) return;
      const DataSet& item = element->items()[i].data_set;
      const bool is_nothing = !is_essential(row.tag) && says_nothing(item);
      path_.push_back({row.tag, i});
      in_nothing_ += is_nothing ? 1 : 0;
      run(node.items, item);
      in_nothing_ -= is_nothing ? 1 : 0;
      path_.pop_back();
    }
  }

  void add(Fault fault, Tag tag, std::string why, const Element* element = nullptr) {
    const bool essential = fault == Fault::Invalid || (is_essential(tag) && in_nothing_ == 0);
    const bool tolerates = strictness_ == MppsStrictness::Essential && !essential;
    std::vector<Problem>& problems = tolerates ? tolerated_ : problems_;
    if (problems.size() >= kProblemsMax) return;
    problems.push_back({fault, path_, tag, std::move(why), essential,
                        element != nullptr ? std::optional{element->detached()} : std::nullopt});
  }

  const MppsPhase phase_;
  const MppsStrictness strictness_;
  std::vector<Step> path_;
  int in_nothing_ = 0;  // items around that say nothing
  std::vector<Problem> problems_, tolerated_;
};

/// The attribute in its place: the innermost item of sequences with one item each.
void put(DataSet& list, const std::vector<Step>& path, std::size_t depth, Element element) {
  if (depth == path.size()) return list.set(std::move(element));
  const Tag sequence = path[depth].sequence;
  Sequence items = list.items(sequence);
  items.emplace_back();
  put(items.back().data_set, path, depth + 1, std::move(element));
  list.set_items(sequence, std::move(items));
}

Element empty_element(Tag tag) {
  const VR vr = dictionary_vr(tag);
  return vr == VR::SQ ? Element::sequence(tag, {}, false) : Element::owning(tag, vr, {});
}

std::uint16_t status_of(Fault fault) {
  if (fault == Fault::Missing) return status::kMissingAttribute;
  return fault == Fault::Empty ? status::kMissingAttributeValue : status::kInvalidAttributeValue;
}

/// "Modality is missing", "SeriesInstanceUID has no value in item 2 of PerformedSeriesSequence".
std::string sentence_of(const Problem& problem) {
  std::string sentence = fmt::format("{} {}", keyword(problem.tag), problem.why);
  if (problem.path.empty()) return sentence;
  return fmt::format("{} in item {} of {}", sentence, problem.path.back().item + 1,
                     keyword(problem.path.back().sequence));
}

Answer answer_to(const std::vector<Problem>& problems, Fault fault) {
  Answer answer;
  answer.status = status_of(fault);
  DataSet list;
  for (const Problem& problem : problems) {
    if (problem.fault != fault) continue;
    if (answer.error_comment.empty()) {
      // In front: an Error Comment has 64 letters (PS3.7 Annex C), the log has all of it.
      const bool by_key_only = std::ranges::none_of(problems, &Problem::is_essential);
      answer.error_comment = (by_key_only ? "mpps.strict: " : "") + sentence_of(problem);
    }
    auto& tags = answer.offending_elements;
    if (std::ranges::find(tags, problem.tag) == tags.end()) tags.push_back(problem.tag);
    if (fault != Fault::Missing) {
      put(list, problem.path, 0, problem.element ? *problem.element : empty_element(problem.tag));
    }
  }
  // PS3.7 §C.5.13: Attribute Identifier List; §C.5.11 and §C.5.14: a data set of those alone.
  if (fault == Fault::Missing) answer.attribute_identifiers = answer.offending_elements;
  if (fault != Fault::Missing) answer.data_set = std::move(list);
  return answer;
}

}  // namespace

std::optional<Answer> check_mpps(const DataSet& data_set, MppsPhase phase,
                                 MppsStrictness strictness) {
  Check check(phase, strictness);
  check.run(mpps_tree(), data_set);
  for (const Fault fault : {Fault::Missing, Fault::Empty, Fault::Invalid}) {
    if (std::ranges::find(check.problems(), fault, &Problem::fault) != check.problems().end()) {
      return answer_to(check.problems(), fault);
    }
  }
  return std::nullopt;
}

std::string mpps_shortcomings(const DataSet& data_set, MppsPhase phase) {
  Check check(phase, MppsStrictness::Essential);
  check.run(mpps_tree(), data_set);
  std::string text;
  for (const Problem& problem : check.tolerated()) {
    text += (text.empty() ? "" : ", ") + sentence_of(problem);
  }
  return text;
}

Answer invalid_value(const DataSet& data_set, Tag tag, std::string_view why) {
  const Element* element = data_set.find(tag);
  Answer answer =
      answer_to({{Fault::Invalid,
                  {},
                  tag,
                  std::string(why),
                  true,
                  element != nullptr ? std::optional{element->detached()} : std::nullopt}},
                Fault::Invalid);
  if (element == nullptr) answer.data_set.reset();  // in an item: a list has no place for it alone
  return answer;
}

}  // namespace pacs::services
