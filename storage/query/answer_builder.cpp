#include "storage/query/answer_builder.h"

#include <algorithm>
#include <utility>

#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/character_sets/character_set.h"
#include "storage/query/query_match.h"

namespace pacs::storage {
namespace {

bool is_all_ascii(const DataSet& data_set) {
  return std::ranges::all_of(data_set, [](const Element& element) {
    if (element.form() == Element::Form::Sequence) {
      return std::ranges::all_of(element.items(),
                                 [](const Item& item) { return is_all_ascii(item.data_set); });
    }
    return !info(element.vr()).charset_dependent || is_ascii(as_text(element.value()));
  });
}

/// The tag of the element that reserves the block a private key is in (PS3.5 §7.8.1), as the key
/// numbers it.
Tag creator_of(Tag tag) {
  return Tag{tag.group(), static_cast<std::uint16_t>(tag.element() >> 8)};
}

/// Where a key's value is in a data set: a private one in whichever block its creator reserved.
const Element* find(const DataSet& data_set, const QueryKey& key) {
  if (!key.tag.is_private() || key.private_creator.empty()) return data_set.find(key.tag);
  for (const Element& element : data_set) {
    const Tag creator = element.tag();
    if (creator.group() != key.tag.group() || !creator.is_private_creator()) continue;
    if (element.text(0) != key.private_creator) continue;
    return data_set.find(
        Tag{creator.group(),
            static_cast<std::uint16_t>(creator.element() << 8 | (key.tag.element() & 0xFF))});
  }
  return nullptr;
}

Element with_tag(const Element& element, Tag tag) {
  if (element.tag() == tag) return element;
  switch (element.form()) {
    case Element::Form::Value:
      return Element::view(tag, element.vr(), element.value(), element.byte_order()).detached();
    case Element::Form::Sequence:
      return Element::sequence(tag, element.items(), element.undefined_length(), element.vr());
    case Element::Form::Fragments:
    case Element::Form::Bulk:
      break;
  }
  return Element::view(tag, element.vr(), {});
}

Element empty(const QueryKey& key) {
  return key.vr == VR::SQ ? Element::sequence(key.tag, {}, true)
                          : Element::view(key.tag, key.vr, {});
}

/// The elements of an item that the keys of a sequence name (PS3.4 §C.2.2.2.6), empty where it has
/// none; all when the sequence names none.
Item only(const Item& item, const std::vector<QueryKey>& keys);

Element only(const Element& element, const QueryKey& key) {
  if (element.form() != Element::Form::Sequence || key.items.empty()) {
    return with_tag(element, key.tag);
  }
  Sequence items;
  items.reserve(element.items().size());
  for (const Item& item : element.items()) items.push_back(only(item, key.items));
  return Element::sequence(key.tag, std::move(items), element.undefined_length());
}

Item only(const Item& item, const std::vector<QueryKey>& keys) {
  Item result{DataSet(item.data_set.buffer()), item.undefined_length};
  if (const Element* characters = item.data_set.find(tags::SpecificCharacterSet)) {
    result.data_set.push_back(*characters);
  }
  for (const QueryKey& key : keys) {
    const Element* element = find(item.data_set, key);
    if (!key.private_creator.empty()) {
      result.data_set.set_text(creator_of(key.tag), VR::LO, key.private_creator);
    }
    result.data_set.set(element != nullptr ? only(*element, key) : empty(key));
  }
  return result;
}

/// Whether items of the key's sequence may not match it.
bool picks_items(const QueryKey& key) {
  return key.matching == Matching::Sequence && !is_universal(key);
}

/// Whether items of the sequence, or of one in them, may not match. What is answered has matched as
/// a whole: a sole item has.
bool may_hold_others(const Element& sequence, const QueryKey& key) {
  if (sequence.items().size() > 1) return true;
  return std::ranges::any_of(sequence.items(), [&](const Item& item) {
    return std::ranges::any_of(key.items, [&](const QueryKey& inner) {
      const Element* element = picks_items(inner) ? item.data_set.find(inner.tag) : nullptr;
      return element != nullptr && may_hold_others(*element, inner);
    });
  });
}

/// PS3.4 §C.2.2.2.6: "a sequence of matching Items". `around` says what values in it need:
/// character set and zone.
Element matching_items(const Element& sequence, const QueryKey& key, const DataSet& around,
                       const Query& query) {
  Sequence items;
  for (const Item& item : sequence.items()) {
    DataSet candidate = around;
    candidate.set_items(key.tag, {item});
    if (!matches(key, candidate, query)) continue;
    Item& kept = items.emplace_back(item);
    for (const QueryKey& inner : key.items) {
      const Element* element = picks_items(inner) ? item.data_set.find(inner.tag) : nullptr;
      if (element != nullptr) {
        kept.data_set.set(matching_items(*element, inner, around, query));
      }
    }
  }
  return Element::sequence(key.tag, std::move(items), sequence.undefined_length());
}

/// What a reader can be given: a bulk value stays where it is.
bool has_value(const Element& element) {
  return element.form() == Element::Form::Value || element.form() == Element::Form::Sequence;
}

}  // namespace

void AnswerBuilder::begin(const DataSet* header) {
  header_ = header;
  parts_.clear();
  bytes_.clear();
  ascii_ = true;
  wants_header_ = false;
}

void AnswerBuilder::add(const QueryKey& key, std::string_view utf8) {
  const std::size_t offset = bytes_.size();
  append(bytes_, as_bytes(utf8));
  if (utf8.size() % 2 != 0) bytes_.push_back(static_cast<std::byte>(info(key.vr).padding));
  ascii_ = ascii_ && is_ascii(utf8);
  parts_.push_back({&key, offset, bytes_.size() - offset, false});
}

void AnswerBuilder::add_of_header(const QueryKey& key) {
  parts_.push_back({&key, 0, 0, true});
  wants_header_ = true;
}

/// In UTF-8, by the tags of the keys.
DataSet AnswerBuilder::header_values() const {
  DataSet picked(header_->buffer());
  if (const Element* characters = header_->find(tags::SpecificCharacterSet)) {
    picked.push_back(*characters);
  }
  for (const Part& part : parts_) {
    if (!part.of_header) continue;
    const Element* element = find(*header_, *part.key);
    if (element != nullptr && has_value(*element)) picked.push_back(only(*element, *part.key));
  }
  DataSet values = header_text_ == HeaderText::Utf8 ? std::move(picked) : to_utf8(picked);
  DataSet around;
  around.set_text(tags::SpecificCharacterSet, VR::CS, "ISO_IR 192");
  around.set_text(tags::TimezoneOffsetFromUTC, VR::SH, header_->text(tags::TimezoneOffsetFromUTC));
  for (const Part& part : parts_) {
    if (!part.of_header || !picks_items(*part.key)) continue;
    const Element* sequence = values.find(part.key->tag);
    if (sequence == nullptr || !may_hold_others(*sequence, *part.key)) continue;
    Element picked_items = matching_items(*sequence, *part.key, around, query_);
    values.set(std::move(picked_items));
  }
  return values;
}

DataSet AnswerBuilder::finish(std::string_view zone) {
  DataSet of_header;
  if (wants_header_ && header_ != nullptr) of_header = header_values();
  const bool ascii = ascii_ && is_all_ascii(of_header);
  // One buffer for what came from columns: few allocations for each of a million answers. When
  // nothing did, values stay in the header's.
  const bool all_of_header = bytes_.empty();
  SharedBytes shared =
      all_of_header ? of_header.buffer() : share(Bytes(bytes_.begin(), bytes_.end()));
  const ByteView bytes = shared.view;
  DataSet answer(std::move(shared));
  answer.reserve(parts_.size() + 2);
  if (!ascii) answer.set_text(tags::SpecificCharacterSet, VR::CS, "ISO_IR 192");
  for (const Part& part : parts_) {
    const QueryKey& key = *part.key;
    if (!key.private_creator.empty()) {
      answer.set_text(creator_of(key.tag), VR::LO, key.private_creator);
    }
    const Element* found = part.of_header ? of_header.find(key.tag) : nullptr;
    if (found != nullptr) {
      answer.push_back(all_of_header ? *found : found->detached());
    } else if (key.vr == VR::SQ) {
      answer.push_back(empty(key));
    } else {
      answer.push_back(Element::view(key.tag, key.vr, bytes.subspan(part.offset, part.length)));
    }
  }
  if (!zone.empty() && query_.rules.timezone_adjustment) {
    answer.set_text(tags::TimezoneOffsetFromUTC, VR::SH, zone);
  }
  return answer;
}

}  // namespace pacs::storage
