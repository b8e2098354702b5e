// Element: one data element of a data set: tag, VR and value as received; decoded when asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "core/tag.h"
#include "core/vr_types.h"

namespace pacs {

class DataSet;

/// Encapsulated pixel data (PS3.5 §A.4): the first item is the basic offset table (may be empty),
/// each further one a fragment, odd lengths kept as they came.
struct Fragments {
  ByteView basic_offset_table;
  std::vector<ByteView> fragments;
};

/// A value left where it is: the bytes [offset, offset + length) of the data set as stored, headers
/// of fragments included for encapsulated pixel data.
struct BulkReference {
  std::uint64_t offset = 0;  ///< from the first byte of the data set (not of the file)
  std::uint64_t length = 0;  ///< in bytes

  friend bool operator==(const BulkReference&, const BulkReference&) = default;
};

struct Item;
/// The items of an SQ element, in order.
using Sequence = std::vector<Item>;

/// A view of one element. Values are bytes in `byte_order()`, padding included; they stay valid as
/// long as the data set the element lies in (a parsed data set keeps its input alive).
class Element {
 public:
  enum class Form : std::uint8_t { Value, Sequence, Fragments, Bulk };

  /// An element whose bytes belong to somebody who outlives it (the parser's buffer).
  static Element view(Tag tag, VR vr, ByteView value, ByteOrder order = ByteOrder::Little) {
    Element element{tag, vr, Form::Value, order, false};
    element.value_ = value;
    return element;
  }
  /// Elements that own what they hold.
  static Element owning(Tag tag, VR vr, Bytes value, ByteOrder order = ByteOrder::Little);
  static Element padded(Tag tag, VR vr, Bytes value);  ///< to an even length (PS3.5 §6.2)
  static Element sequence(Tag tag, Sequence items, bool undefined_length, VR vr = VR::SQ);
  static Element fragments(Tag tag, VR vr, Fragments fragments,
                           std::shared_ptr<const void> keeper = {});
  static Element bulk(Tag tag, VR vr, BulkReference where, bool encapsulated,
                      ByteOrder order = ByteOrder::Little);

  [[nodiscard]] Tag tag() const { return tag_; }
  [[nodiscard]] VR vr() const { return vr_; }
  [[nodiscard]] Form form() const { return form_; }
  [[nodiscard]] ByteOrder byte_order() const { return order_; }
  /// True for sequences (and UN) sent with length FFFFFFFF, so that writing gives the same bytes.
  [[nodiscard]] bool undefined_length() const { return undefined_length_; }

  /// Form::Value: the bytes; empty otherwise.
  [[nodiscard]] ByteView value() const { return value_; }
  /// Form::Value of a text VR (or UN) without trailing padding (spaces and NULs), all values, not
  /// decoded; "" otherwise.
  [[nodiscard]] std::string_view text() const;
  /// Backslash-separated count for text, length / unit for numbers, items for sequences; 1 for
  /// bytes, fragments and bulk references. An empty value counts 0.
  [[nodiscard]] std::size_t value_count() const;
  /// The index-th text value, surrounding spaces removed where PS3.5 Table 6.2-1 calls them
  /// insignificant; "" when there is none.
  [[nodiscard]] std::string_view text(std::size_t index) const;
  /// The index-th number of a US, SS, UL, SL, UV, SV, AT, IS, OB, OW, OL or OV element. NotFound
  /// when there are fewer, Malformed when the value is not a number of that VR.
  [[nodiscard]] Result<std::int64_t> integer(std::size_t index = 0) const;
  /// The index-th number of any numeric element, DS and IS included.
  [[nodiscard]] Result<double> number(std::size_t index = 0) const;

  [[nodiscard]] const Sequence& items() const;       ///< Form::Sequence, else empty
  [[nodiscard]] const Fragments* fragments() const;  ///< Form::Fragments, else nullptr
  [[nodiscard]] const BulkReference* bulk() const;   ///< Form::Bulk, else nullptr
  [[nodiscard]] bool bulk_is_encapsulated() const { return undefined_length_; }

  /// The same element, owning every byte it holds: it may go into any data set.
  [[nodiscard]] Element detached() const;

 private:
  friend class DataSet;
  struct Content;  // what does not fit: items, fragments, bulk reference, owned bytes

  Element(Tag tag, VR vr, Form form, ByteOrder order, bool undefined_length)
      : tag_(tag), vr_(vr), form_(form), order_(order), undefined_length_(undefined_length) {}

  Tag tag_;
  VR vr_ = VR::UN;
  Form form_ = Form::Value;
  ByteOrder order_ = ByteOrder::Little;
  bool undefined_length_ = false;
  ByteView value_;
  std::shared_ptr<const Content> content_;  // null for values that lie in the data set's buffer
};
static_assert(sizeof(Element) <= 40);

/// Same tag, VR, form and value; neither byte order nor the form of lengths counts.
[[nodiscard]] bool equal_content(const Element& a, const Element& b);

}  // namespace pacs
