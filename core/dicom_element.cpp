// Element: making one of each form, and decoding its value.
#include "core/dicom_element.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <variant>

#include "core/dicom_dataset.h"
#include "core/number_string.h"
#include "core/text.h"

namespace pacs {

struct Element::Content {
  std::variant<Bytes, Sequence, Fragments, BulkReference> value;
  std::shared_ptr<const void> keeper{};  // of fragments that were copied or belong to a file
};

Element Element::owning(Tag tag, VR vr, Bytes value, ByteOrder order) {
  Element element{tag, vr, Form::Value, order, false};
  if (value.empty()) return element;
  auto content = std::make_shared<const Content>(Content{std::move(value)});
  element.value_ = std::get<Bytes>(content->value);
  element.content_ = std::move(content);
  return element;
}

Element Element::padded(Tag tag, VR vr, Bytes value) {
  if (value.size() % 2 != 0) value.push_back(static_cast<std::byte>(info(vr).padding));
  return owning(tag, vr, std::move(value));
}

Element Element::sequence(Tag tag, Sequence items, bool undefined_length, VR vr) {
  Element element{tag, vr, Form::Sequence, ByteOrder::Little, undefined_length};
  if (!items.empty()) element.content_ = std::make_shared<const Content>(Content{std::move(items)});
  return element;
}

Element Element::fragments(Tag tag, VR vr, Fragments fragments,
                           std::shared_ptr<const void> keeper) {
  Element element{tag, vr, Form::Fragments, ByteOrder::Little, true};
  element.content_ =
      std::make_shared<const Content>(Content{std::move(fragments), std::move(keeper)});
  return element;
}

Element Element::bulk(Tag tag, VR vr, BulkReference where, bool encapsulated, ByteOrder order) {
  Element element{tag, vr, Form::Bulk, order, encapsulated};
  element.content_ = std::make_shared<const Content>(Content{where});
  return element;
}

namespace {

/// Whether leading spaces carry no meaning (PS3.5 Table 6.2-1). For the others they are text.
bool leading_spaces_are_padding(VR vr) {
  switch (vr) {
    case VR::AE:
    case VR::CS:
    case VR::DS:
    case VR::IS:
    case VR::LO:
    case VR::SH:
    case VR::UI:
    case VR::AS:
    case VR::DA:
    case VR::TM:
    case VR::DT:
      return true;
    default:
      return false;
  }
}

tl::unexpected<Error> missing(Tag tag, std::size_t index) {
  return fail(Error{ErrorKind::NotFound, fmt::format("there is no value {}", index + 1)}.on(tag));
}

}  // namespace

std::string_view Element::text() const {
  if (form_ != Form::Value) return {};
  if (info(vr_).kind != VRKind::Text && vr_ != VR::UN) return {};
  return trimmed_end(as_text(value_));
}

std::size_t Element::value_count() const {
  switch (form_) {
    case Form::Sequence:
      return items().size();
    case Form::Fragments:
    case Form::Bulk:
      return 1;
    case Form::Value:
      break;
  }
  if (value_.empty()) return 0;
  const VRInfo& row = info(vr_);
  if (row.kind == VRKind::Bytes || !row.multi_valued) return 1;
  if (row.kind == VRKind::Text) {
    const std::string_view all = as_text(value_);
    return 1 + static_cast<std::size_t>(std::count(all.begin(), all.end(), '\\'));
  }
  return value_.size() / (row.kind == VRKind::Tag ? 4 : row.unit_bytes);
}

std::string_view Element::text(std::size_t index) const {
  std::string_view rest = text();
  if (info(vr_).multi_valued) {
    for (; index > 0; --index) {
      const std::size_t separator = rest.find('\\');
      if (separator == rest.npos) return {};
      rest.remove_prefix(separator + 1);
    }
    rest = trimmed_end(rest.substr(0, rest.find('\\')));
  } else if (index > 0) {
    return {};
  }
  return leading_spaces_are_padding(vr_) ? trimmed(rest) : rest;
}

Result<std::int64_t> Element::integer(std::size_t index) const {
  if (form_ != Form::Value) return missing(tag_, index);
  const VRInfo& row = info(vr_);
  if (row.kind == VRKind::Text) {
    const std::string_view one = text(index);
    if (one.empty()) return missing(tag_, index);
    return read_integer(one).map_error([this](Error error) { return std::move(error).on(tag_); });
  }
  if (row.kind == VRKind::Float || row.kind == VRKind::Sequence || vr_ == VR::OF || vr_ == VR::OD) {
    return fail(
        Error{ErrorKind::Malformed, fmt::format("a value of VR {} holds no integers", row.name)}.on(
            tag_));
  }
  const std::size_t unit = row.kind == VRKind::Tag ? 4 : row.unit_bytes;
  if (index >= value_.size() / unit) {
    // A value shorter than one number is there, but is not a number.
    if (index == 0 && !value_.empty()) {
      return fail(Error{ErrorKind::Malformed,
                        fmt::format("{} bytes are too few for VR {}", value_.size(), row.name)}
                      .on(tag_));
    }
    return missing(tag_, index);
  }
  const std::byte* at = value_.data() + index * unit;
  const bool is_signed = row.kind == VRKind::Integer;
  switch (unit) {
    case 1:
      return load<std::uint8_t>(at, order_);
    case 2:
      if (is_signed) return load<std::int16_t>(at, order_);
      return load<std::uint16_t>(at, order_);
    case 4:
      if (row.kind == VRKind::Tag) {
        return std::int64_t{load<std::uint16_t>(at, order_)} << 16 |
               load<std::uint16_t>(at + 2, order_);
      }
      if (is_signed) return load<std::int32_t>(at, order_);
      return load<std::uint32_t>(at, order_);
    default:
      break;
  }
  if (is_signed) return load<std::int64_t>(at, order_);
  const auto large = load<std::uint64_t>(at, order_);
  if (large > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return fail(Error{ErrorKind::Malformed, fmt::format("{} passes 2^63-1", large)}.on(tag_));
  }
  return static_cast<std::int64_t>(large);
}

Result<double> Element::number(std::size_t index) const {
  if (form_ != Form::Value) return missing(tag_, index);
  const VRInfo& row = info(vr_);
  if (row.kind == VRKind::Text) {
    const std::string_view one = text(index);
    if (one.empty()) return missing(tag_, index);
    return read_decimal(one).map_error([this](Error error) { return std::move(error).on(tag_); });
  }
  if (row.kind == VRKind::Float || vr_ == VR::OF || vr_ == VR::OD) {
    if (index >= value_.size() / row.unit_bytes) return missing(tag_, index);
    const std::byte* at = value_.data() + index * row.unit_bytes;
    if (row.unit_bytes == 4) return static_cast<double>(load<float>(at, order_));
    return load<double>(at, order_);
  }
  PACS_TRY(const std::int64_t whole, integer(index));
  return static_cast<double>(whole);
}

const Sequence& Element::items() const {
  static const Sequence none;
  if (form_ != Form::Sequence || !content_) return none;
  return std::get<Sequence>(content_->value);
}

const Fragments* Element::fragments() const {
  return form_ == Form::Fragments ? &std::get<Fragments>(content_->value) : nullptr;
}

const BulkReference* Element::bulk() const {
  return form_ == Form::Bulk ? &std::get<BulkReference>(content_->value) : nullptr;
}

Element Element::detached() const {
  switch (form_) {
    case Form::Bulk:
      return *this;
    case Form::Value:
      if (content_) return *this;
      return owning(tag_, vr_, Bytes(value_.begin(), value_.end()), order_);
    case Form::Sequence: {
      Sequence copies;
      copies.reserve(items().size());
      for (const Item& item : items()) {
        Item& copy = copies.emplace_back();
        copy.undefined_length = item.undefined_length;
        copy.data_set.reserve(item.data_set.size());
        for (const Element& element : item.data_set) copy.data_set.push_back(element.detached());
      }
      Element copy = sequence(tag_, std::move(copies), undefined_length_, vr_);
      copy.order_ = order_;
      return copy;
    }
    case Form::Fragments:
      break;
  }
  if (content_->keeper) return *this;
  const Fragments& from = *fragments();
  std::size_t total = from.basic_offset_table.size();
  for (const ByteView fragment : from.fragments) total += fragment.size();
  auto buffer = std::make_shared<Bytes>();
  buffer->reserve(total);  // so that the views taken below stay valid
  const auto keep = [&](ByteView bytes) {
    const std::size_t start = buffer->size();
    append(*buffer, bytes);
    return ByteView{*buffer}.subspan(start);
  };
  Fragments copies;
  copies.basic_offset_table = keep(from.basic_offset_table);
  copies.fragments.reserve(from.fragments.size());
  for (const ByteView fragment : from.fragments) copies.fragments.push_back(keep(fragment));
  return fragments(tag_, vr_, std::move(copies), std::move(buffer));
}

namespace {

bool equal_bytes(ByteView a, ByteView b) {
  return std::ranges::equal(a, b);
}

bool equal_values(const Element& a, const Element& b) {
  const ByteView left = a.value();
  const ByteView right = b.value();
  const std::size_t unit = info(a.vr()).unit_bytes;
  if (a.byte_order() == b.byte_order() || unit == 1) return equal_bytes(left, right);
  if (left.size() != right.size()) return false;
  for (std::size_t at = 0; at < left.size(); at += unit) {
    const std::size_t length = std::min(unit, left.size() - at);
    for (std::size_t i = 0; i < length; ++i) {
      // An incomplete last unit is not a number: nothing swaps it.
      const std::size_t mirrored = length == unit ? unit - 1 - i : i;
      if (left[at + i] != right[at + mirrored]) return false;
    }
  }
  return true;
}

}  // namespace

bool equal_content(const Element& a, const Element& b) {
  if (a.tag() != b.tag() || a.vr() != b.vr() || a.form() != b.form()) return false;
  switch (a.form()) {
    case Element::Form::Value:
      return equal_values(a, b);
    case Element::Form::Bulk:
      return *a.bulk() == *b.bulk();
    case Element::Form::Fragments:
      return equal_bytes(a.fragments()->basic_offset_table, b.fragments()->basic_offset_table) &&
             std::ranges::equal(a.fragments()->fragments, b.fragments()->fragments, equal_bytes);
    case Element::Form::Sequence:
      return std::ranges::equal(a.items(), b.items(), [](const Item& left, const Item& right) {
        return equal_content(left.data_set, right.data_set);
      });
  }
  return false;
}

}  // namespace pacs
