#include "encoding/data_sets/data_set_builder.h"

#include <algorithm>
#include <iterator>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/foreign_element.h"

namespace pacs {
namespace {

/// PS3.5 §6.1.3: the control characters of text, and ESC of code extensions. NULs are padding.
bool holds_text(ByteView value) {
  const std::string_view text = as_text(value);
  const std::size_t end = text.find_last_not_of('\0') + 1;
  return std::ranges::none_of(text.substr(0, end), [](char c) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    return control && c != '\t' && c != '\n' && c != '\f' && c != '\r' && c != '\x1B';
  });
}

/// Whether bytes are values of a VR; those of a sequence are tried.
bool can_be(VR vr, ByteView value) {
  const VRInfo& row = info(vr);
  if (row.kind == VRKind::Text) return holds_text(value);
  return value.size() % (row.kind == VRKind::Tag ? 4 : row.unit_bytes) == 0;
}

void append_tag(Bytes& to, Tag tag) {
  append(to, tag.group(), ByteOrder::Little);
  append(to, tag.element(), ByteOrder::Little);
}

}  // namespace

DataSetBuilder::DataSetBuilder(SharedBytes buffer, const Limits& limits)
    : buffer_(std::move(buffer)), limits_(limits), top_(buffer_) {
  top_.reserve(kTopElements);
}

void DataSetBuilder::add(const Token& token) {
  switch (token.kind) {
    case Token::Kind::Element:
      return add_value(token, token.value);
    case Token::Kind::SequenceStart:
      return open_sequence(token);
    case Token::Kind::ItemStart:
      return open_item(token);
    case Token::Kind::ItemEnd:
      return;
    case Token::Kind::SequenceEnd:
      return close_sequence(token.vr);
    case Token::Kind::FragmentsStart:
      return open_fragments(token);
    case Token::Kind::Fragment:
      return add_fragment(token.value);
    case Token::Kind::FragmentsEnd:
      return close_fragments();
    case Token::Kind::LongElement:
    case Token::Kind::LongFragment:
    case Token::Kind::Chunk:
      return;
  }
}

void DataSetBuilder::add(Element element) {
  if (is_of_command_or_file(element.tag())) {
    departures_.add(Departure::ForeignGroup);
    if (drops_foreign_) return;
  }
  DataSet& to = current();
  if (!to.empty() && std::prev(to.end())->tag() == element.tag()) {
    departures_.add(Departure::ElementTwice);
  }
  to.push_back(std::move(element));
}

void DataSetBuilder::add_value(const Token& element, ByteView value) {
  if (element.vr == VR::UN) {
    if (auto known_one = known(element.tag, value)) {
      // PS3.5 §6.2.2: UN is right for a value that the length of its VR has no room for.
      const bool had_to = !info(known_one->vr()).long_form && value.size() > 0xFFFF;
      if (!had_to) departures_.add(Departure::KnownAsUnknown);
      return add(*std::move(known_one));
    }
  }
  add(Element::view(element.tag, element.vr, value, element.order));
}

VR DataSetBuilder::vr_of_bulk(const Token& element) const {
  if (element.vr != VR::UN) return element.vr;
  const VR vr = known_vr(element.tag);
  const VRInfo& row = info(vr);
  // What is not looked at may not be what it should be; a sequence would have to be.
  const bool whole_numbers = element.length % (row.kind == VRKind::Tag ? 4 : row.unit_bytes) == 0;
  return vr == VR::SQ || !whole_numbers ? VR::UN : vr;
}

/// As the scanner has it for Implicit VR: "US or SS" is decided by Pixel Representation, here or in
/// a data set around.
VR DataSetBuilder::known_vr(Tag tag) const {
  const DictionaryEntry* entry = lookup(tag);
  if (entry == nullptr) return VR::UN;
  if (entry->vr_count != 2 || entry->vrs[0] != VR::US || entry->vrs[1] != VR::SS) {
    return entry->vr();
  }
  const auto is_signed = [](const DataSet& data_set) -> std::optional<bool> {
    const auto representation = data_set.integer(tags::PixelRepresentation);
    return representation ? std::optional{*representation == 1} : std::nullopt;
  };
  for (std::size_t i = levels_.size(); i > 0; --i) {
    const Level& level = levels_[i - 1];
    if (level.items.empty()) continue;
    if (const auto here = is_signed(level.items.back().data_set)) return *here ? VR::SS : VR::US;
  }
  return is_signed(top_).value_or(false) ? VR::SS : VR::US;
}

std::optional<Element> DataSetBuilder::known(Tag tag, ByteView value) {
  const VR vr = known_vr(tag);
  if (vr == VR::UN) return std::nullopt;
  if (vr == VR::SQ) return known_sequence(tag, value);
  if (!can_be(vr, value)) return std::nullopt;
  return Element::view(tag, vr, value);
}

/// Scanned as UN of undefined length is: that holds items in implicit VR, or what it is.
std::optional<Element> DataSetBuilder::known_sequence(Tag tag, ByteView value) {
  Limits left = limits_;
  left.nesting_depth_max -=
      std::min<std::uint32_t>(left.nesting_depth_max, static_cast<std::uint32_t>(levels_.size()));
  left.elements_max -= std::min(left.elements_max, elements_of_unknown_);
  TokenScanner scanner{explicit_vr_little_endian(), {.limits = left}};
  scanner.input_ends();
  DataSetBuilder inner{buffer_, left};
  if (drops_foreign_) inner.drop_foreign();
  std::uint64_t elements = 0;
  const auto scan = [&](ByteView rest) {
    Token token;
    auto found = TokenScanner::Found::Token;
    while ((found = scanner.next(rest, token)) == TokenScanner::Found::Token) {
      const bool ends = token.kind == Token::Kind::ItemEnd ||
                        token.kind == Token::Kind::SequenceEnd ||
                        token.kind == Token::Kind::FragmentsEnd;
      if (elements == 0) token.undefined_length = false;  // its own is not
      if (!ends) ++elements;
      inner.add(token);
    }
    return found == TokenScanner::Found::NeedMore && rest.empty();
  };
  Bytes head, end;
  append_tag(head, tag);
  append(head, as_bytes(std::string_view{"UN\0\0\xFF\xFF\xFF\xFF", 8}));
  append_tag(end, kSequenceDelimitation);
  append(end, std::uint32_t{0}, ByteOrder::Little);
  if (!scan(head) || !scan(value) || !scan(end) || !scanner.finish({})) return std::nullopt;
  DataSet read = inner.take();
  if (read.size() != 1 || read.begin()->form() != Element::Form::Sequence) return std::nullopt;
  elements_of_unknown_ += elements;
  departures_.add(inner.departures());
  departures_.add(scanner.departures());
  return *read.begin();
}

void DataSetBuilder::close_sequence(VR vr) {
  Level closed = std::move(levels_.back());
  levels_.pop_back();
  for (const Item& item : closed.items) note_order(item.data_set);
  // PS3.5 §6.2.2 has UN with undefined length as a sequence whatever the attribute.
  if (vr == VR::UN && known_vr(closed.tag) == VR::SQ) {
    vr = VR::SQ;
    departures_.add(Departure::KnownAsUnknown);
  }
  add(Element::sequence(closed.tag, std::move(closed.items), closed.undefined_length, vr));
}

void DataSetBuilder::open_fragments(const Token& token) {
  fragments_tag_ = token.tag;
  fragments_vr_ = token.vr;
  fragments_ = Fragments{};
  first_fragment_ = true;
}

void DataSetBuilder::add_fragment(ByteView fragment) {
  if (std::exchange(first_fragment_, false)) {
    fragments_.basic_offset_table = fragment;
  } else {
    fragments_.fragments.push_back(fragment);
  }
}

void DataSetBuilder::close_fragments() {
  add(Element::fragments(fragments_tag_, fragments_vr_, std::move(fragments_), buffer_.keeper));
}

DataSet DataSetBuilder::take() {
  note_order(top_);
  return std::move(top_);
}

void DataSetBuilder::note_order(const DataSet& data_set) {
  if (data_set.is_sorted()) return;
  departures_.add(Departure::OutOfOrder);
  if (data_set.in_order().size() < data_set.size()) departures_.add(Departure::ElementTwice);
}

}  // namespace pacs
