#include "encoding/data_sets/data_set_writer.h"

#include "encoding/byte_order.h"
#include "encoding/foreign_element.h"
#include "encoding/scan/token_scanner.h"

namespace pacs {
namespace {

Result<> too_long(Tag tag) {
  return fail(Error{ErrorKind::InvalidArgument, "the value does not fit a 32-bit length"}.on(tag));
}

}  // namespace

DataSetWriter::DataSetWriter(const TransferSyntax& syntax, const WriteOptions& options,
                             std::vector<Aside>* asides, std::vector<Gap>* gaps)
    : options_(options),
      asides_(asides),
      gaps_(gaps),
      encapsulated_(syntax.encapsulated),
      explicit_vr_(syntax.explicit_vr),
      order_(syntax.byte_order) {}

Result<> DataSetWriter::write(const DataSet& data_set) {
  if (!options_.conforming) {
    for (const Element& element : data_set) {
      PACS_TRY(write(element));
    }
    return {};
  }
  if (depth_ == 0) PACS_TRY(may_be_native(data_set));
  for (const Element* element : data_set.in_order()) {
    if (element->tag().is_group_length() || is_of_command_or_file(element->tag())) continue;
    PACS_TRY(write(*element));
  }
  return {};
}

Result<> DataSetWriter::write_bulk(const Element& element) {
  if (gaps_ != nullptr) return leave_gap(element);
  if (asides_ == nullptr) {
    return fail(
        Error{ErrorKind::InvalidArgument, "the value is a reference: its bytes are not here"}.on(
            element.tag()));
  }
  asides_->push_back({written_ - 1, &element});
  header(element.tag(), element.vr(), 0);
  return {};
}

/// An encapsulated one brings its fragments, their headers and the delimiter.
Result<> DataSetWriter::leave_gap(const Element& element) {
  const std::uint64_t length = element.bulk()->length;
  if (element.bulk_is_encapsulated()) {
    PACS_TRY(may_have_fragments(element));
    header(element.tag(), element.vr(), kUndefinedLength);
    gaps_->push_back({out_.size(), &element, 1});
    gap_bytes_ += length;
    return {};
  }
  if (written_bytes(length) >= kUndefinedLength) return too_long(element.tag());
  const Form form = form_of(element, written_bytes(length));
  header(element.tag(), form.vr, static_cast<std::uint32_t>(written_bytes(length)));
  const bool swap = element.byte_order() != form.order;
  gaps_->push_back({out_.size(), &element, swap ? info(element.vr()).unit_bytes : 1U});
  gap_bytes_ += length;
  pad(length, info(element.vr()).padding);
  return {};
}

/// PS3.5 §6.2.2: a value too long for a 16-bit length is sent as UN, whose content is encoded as in
/// Implicit VR Little Endian.
DataSetWriter::Form DataSetWriter::form_of(const Element& element, std::uint64_t length) const {
  const bool unknown = explicit_vr_ && !info(element.vr()).long_form && length > 0xFFFF;
  return unknown ? Form{VR::UN, ByteOrder::Little} : Form{element.vr(), order_};
}

Result<> DataSetWriter::write(const Element& element) {
  ++written_;
  switch (element.form()) {
    case Element::Form::Value:
      return write_value(element);
    case Element::Form::Sequence:
      return write_sequence(element);
    case Element::Form::Fragments:
      return write_fragments(element);
    case Element::Form::Bulk:
      break;
  }
  return write_bulk(element);
}

Result<> DataSetWriter::write_value(const Element& element) {
  const ByteView value = element.value();
  const std::uint64_t length = written_bytes(value.size());
  if (length >= kUndefinedLength) return too_long(element.tag());
  const Form form = form_of(element, length);
  if (form.vr != element.vr() && asides_ != nullptr) asides_->push_back({written_ - 1, &element});
  header(element.tag(), form.vr, static_cast<std::uint32_t>(length));
  append_in_order(value, info(element.vr()).unit_bytes, element.byte_order() != form.order);
  pad(value.size(), info(element.vr()).padding);
  return {};
}

std::uint64_t DataSetWriter::written_bytes(std::uint64_t value_bytes) const {
  return value_bytes + (options_.even_lengths ? value_bytes % 2 : 0);
}

void DataSetWriter::pad(std::uint64_t value_bytes, char padding) {
  if (written_bytes(value_bytes) != value_bytes) out_.push_back(static_cast<std::byte>(padding));
}

void DataSetWriter::append_in_order(ByteView value, std::size_t unit, bool swap) {
  const std::size_t start = out_.size();
  append(out_, value);
  if (swap) swap_units(std::span{out_}.subspan(start), unit);
}

Result<> DataSetWriter::write_sequence(const Element& element) {
  // PS3.5 §6.2.2: UN with undefined length holds items in Implicit VR Little Endian; with a
  // defined one it would be read as bytes.
  const bool unknown = explicit_vr_ && element.vr() == VR::UN;
  const bool undefined = element.undefined_length() || unknown;
  header(element.tag(), element.vr(), undefined ? kUndefinedLength : 0);
  const std::size_t field_end = out_.size();
  const std::uint64_t start = position();
  const ByteOrder outer_order = order_;
  const bool outer_explicit = explicit_vr_;
  if (unknown) {
    explicit_vr_ = false;
    order_ = ByteOrder::Little;
  }
  for (const Item& item : element.items()) {
    PACS_TRY(write_item(item, element.tag()));
  }
  if (undefined) item_header(kSequenceDelimitation, 0);
  order_ = outer_order;
  explicit_vr_ = outer_explicit;
  return undefined ? Result<>{} : fill_in_length(field_end, start, element.tag());
}

Result<> DataSetWriter::write_item(const Item& item, Tag sequence) {
  item_header(kItem, item.undefined_length ? kUndefinedLength : 0);
  const std::size_t field_end = out_.size();
  const std::uint64_t start = position();
  ++depth_;
  PACS_TRY(write(item.data_set));
  --depth_;
  if (!item.undefined_length) return fill_in_length(field_end, start, sequence);
  item_header(kItemDelimitation, 0);
  return {};
}

Result<> DataSetWriter::may_have_fragments(const Element& element) const {
  if (encapsulated_ || element.tag() != kPixelData) return {};
  return fail(Error{ErrorKind::InvalidArgument,
                    "the transfer syntax has no encapsulated pixel data: decode it first"}
                  .on(element.tag()));
}

/// PS3.5 §A.4 has Pixel Data encapsulated in the top-level data set; that of an icon need not be.
Result<> DataSetWriter::may_be_native(const DataSet& data_set) const {
  const Element* pixels = encapsulated_ ? data_set.find(kPixelData) : nullptr;
  if (pixels == nullptr || pixels->fragments() != nullptr) return {};
  const BulkReference* bulk = pixels->bulk();
  const std::uint64_t bytes = bulk != nullptr ? bulk->length : pixels->value().size();
  if (pixels->bulk_is_encapsulated() || bytes == 0) return {};
  return fail(Error{ErrorKind::InvalidArgument,
                    "the transfer syntax has no native pixel data: encode it first"}
                  .on(kPixelData));
}

Result<> DataSetWriter::write_fragments(const Element& element) {
  PACS_TRY(may_have_fragments(element));
  header(element.tag(), element.vr(), kUndefinedLength);
  const Fragments& fragments = *element.fragments();
  item_header(kItem, static_cast<std::uint32_t>(fragments.basic_offset_table.size()));
  append(out_, fragments.basic_offset_table);
  for (const ByteView fragment : fragments.fragments) {
    const std::uint64_t length = written_bytes(fragment.size());
    if (length >= kUndefinedLength) return too_long(element.tag());
    item_header(kItem, static_cast<std::uint32_t>(length));
    append(out_, fragment);
    pad(fragment.size(), '\0');
  }
  item_header(kSequenceDelimitation, 0);
  return {};
}

// PS3.5 §7.1.2 and §7.1.3.
void DataSetWriter::header(Tag tag, VR vr, std::uint32_t length) {
  append(out_, tag.group(), order_);
  append(out_, tag.element(), order_);
  if (explicit_vr_) {
    append(out_, as_bytes(info(vr).name));
    if (!info(vr).long_form) return append(out_, static_cast<std::uint16_t>(length), order_);
    append(out_, std::uint16_t{0}, order_);
  }
  append(out_, length, order_);
}

void DataSetWriter::item_header(Tag tag, std::uint32_t length) {
  append(out_, tag.group(), order_);
  append(out_, tag.element(), order_);
  append(out_, length, order_);
}

/// Fills the 32-bit length that ends at `field_end` with what has been written since `start`.
Result<> DataSetWriter::fill_in_length(std::size_t field_end, std::uint64_t start, Tag tag) {
  const std::uint64_t length = position() - start;
  if (length >= kUndefinedLength) return too_long(tag);
  store(out_.data() + field_end - sizeof(std::uint32_t), static_cast<std::uint32_t>(length),
        order_);
  return {};
}

}  // namespace pacs
