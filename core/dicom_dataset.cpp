#include "core/dicom_dataset.h"

#include <algorithm>

#include "core/dicom_dictionary.h"
#include "core/number_string.h"

namespace pacs {

const Element* DataSet::find(Tag tag) const {
  const auto found = sorted_ ? std::ranges::lower_bound(elements_, tag, {}, &Element::tag)
                             : std::ranges::find(elements_, tag, &Element::tag);
  return found != elements_.end() && found->tag() == tag ? &*found : nullptr;
}

std::vector<const Element*> DataSet::in_order() const {
  std::vector<const Element*> ordered;
  ordered.reserve(elements_.size());
  for (const Element& element : elements_) ordered.push_back(&element);
  const auto tag_of = [](const Element* element) { return element->tag(); };
  if (!sorted_) std::ranges::stable_sort(ordered, {}, tag_of);
  const auto is_again = [](const Element* first, const Element* second) {
    return first->tag() == second->tag();
  };
  ordered.erase(std::unique(ordered.begin(), ordered.end(), is_again), ordered.end());
  return ordered;
}

std::string_view DataSet::text(Tag tag) const {
  const Element* element = find(tag);
  return element != nullptr ? element->text() : std::string_view{};
}

std::string_view DataSet::text(Tag tag, std::size_t index) const {
  const Element* element = find(tag);
  return element != nullptr ? element->text(index) : std::string_view{};
}

namespace {
Error absent(Tag tag) {
  return Error{ErrorKind::NotFound, "the element is absent"}.on(tag);
}
}  // namespace

Result<std::int64_t> DataSet::integer(Tag tag, std::size_t index) const {
  const Element* element = find(tag);
  if (element == nullptr) return fail(absent(tag));
  return element->integer(index);
}

Result<double> DataSet::number(Tag tag, std::size_t index) const {
  const Element* element = find(tag);
  if (element == nullptr) return fail(absent(tag));
  return element->number(index);
}

std::string_view DataSet::private_creator(Tag tag) const {
  if (!tag.is_private() || tag.element() < 0x1000) return {};
  return text(Tag{tag.group(), static_cast<std::uint16_t>(tag.element() >> 8)}, 0);
}

const Sequence& DataSet::items(Tag tag) const {
  static const Sequence none;
  const Element* element = find(tag);
  return element != nullptr ? element->items() : none;
}

void DataSet::set(Element element) {
  if (elements_.empty() || (sorted_ && elements_.back().tag() < element.tag())) {
    elements_.push_back(std::move(element));
    return;
  }
  // In an unordered data set the element goes before the first with a higher tag.
  auto place = elements_.begin();
  if (sorted_) {
    place = std::ranges::lower_bound(elements_, element.tag(), {}, &Element::tag);
  } else {
    place = std::ranges::find(elements_, element.tag(), &Element::tag);
    if (place == elements_.end()) {
      place = std::ranges::find_if(elements_,
                                   [&](const Element& e) { return e.tag() > element.tag(); });
    }
  }
  if (place != elements_.end() && place->tag() == element.tag()) {
    *place = std::move(element);
  } else {
    elements_.insert(place, std::move(element));
  }
}

void DataSet::adopt(const Element& element) {
  set(element.detached());
}

void DataSet::set_text(Tag tag, VR vr, std::string_view text) {
  Bytes bytes;
  bytes.reserve(text.size() + 1);
  append(bytes, as_bytes(text));
  set_bytes(tag, vr, std::move(bytes));
}

void DataSet::set_text(Tag tag, std::string_view text) {
  set_text(tag, dictionary_vr(tag), text);
}

void DataSet::set_integer(Tag tag, VR vr, std::int64_t number) {
  if (info(vr).kind == VRKind::Text) return set_text(tag, vr, std::to_string(number));
  if (vr == VR::AT) return set_tag(tag, Tag{static_cast<std::uint32_t>(number)});
  Bytes bytes;
  switch (info(vr).unit_bytes) {
    case 2:
      append(bytes, static_cast<std::uint16_t>(number), ByteOrder::Little);
      break;
    case 4:
      append(bytes, static_cast<std::uint32_t>(number), ByteOrder::Little);
      break;
    case 8:
      append(bytes, static_cast<std::uint64_t>(number), ByteOrder::Little);
      break;
    default:
      bytes.push_back(static_cast<std::byte>(number));
      break;
  }
  set_bytes(tag, vr, std::move(bytes));
}

void DataSet::set_number(Tag tag, VR vr, double number) {
  if (info(vr).kind == VRKind::Text) return set_text(tag, vr, format_decimal_string(number));
  Bytes bytes;
  if (info(vr).unit_bytes == 4) {
    append(bytes, static_cast<float>(number), ByteOrder::Little);
  } else {
    append(bytes, number, ByteOrder::Little);
  }
  set_bytes(tag, vr, std::move(bytes));
}

void DataSet::set_tag(Tag tag, Tag value) {
  Bytes bytes;
  append(bytes, value.group(), ByteOrder::Little);
  append(bytes, value.element(), ByteOrder::Little);
  set_bytes(tag, VR::AT, std::move(bytes));
}

void DataSet::set_bytes(Tag tag, VR vr, Bytes value) {
  set(Element::padded(tag, vr, std::move(value)));
}

void DataSet::set_items(Tag tag, Sequence items, bool undefined_length) {
  set(Element::sequence(tag, std::move(items), undefined_length));
}

bool DataSet::erase(Tag tag) {
  return std::erase_if(elements_, [tag](const Element& element) { return element.tag() == tag; }) >
         0;
}

bool equal_content(const DataSet& a, const DataSet& b) {
  return std::ranges::equal(
      a, b, [](const Element& left, const Element& right) { return equal_content(left, right); });
}

}  // namespace pacs
