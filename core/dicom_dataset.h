// DataSet: the elements of a data set or item in one flat array over a shared, immutable buffer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/dicom_element.h"
#include "core/result.h"
#include "core/tag.h"
#include "core/vr_types.h"

namespace pacs {

/// A value type: copies share immutable bytes. Elements stand in the order they were read, which
/// for conforming input is tag order; lookup is by binary search then, linear else.
class DataSet {
 public:
  DataSet() = default;
  /// A data set whose parsed elements view `buffer`.
  explicit DataSet(SharedBytes buffer) : buffer_(std::move(buffer)) {}

  [[nodiscard]] bool empty() const { return elements_.empty(); }
  [[nodiscard]] std::size_t size() const { return elements_.size(); }
  [[nodiscard]] auto begin() const { return elements_.begin(); }
  [[nodiscard]] auto end() const { return elements_.end(); }
  [[nodiscard]] const SharedBytes& buffer() const { return buffer_; }

  /// Of one tag, which the input may have twice, the first.
  [[nodiscard]] const Element* find(Tag tag) const;
  /// Whether no element stands before one with a lower tag.
  [[nodiscard]] bool is_sorted() const { return sorted_; }
  /// The elements as PS3.5 §7.1 wants them: by tag, each tag once, the first of it.
  [[nodiscard]] std::vector<const Element*> in_order() const;
  [[nodiscard]] bool contains(Tag tag) const { return find(tag) != nullptr; }
  /// Whole value without trailing padding; "" when absent, empty or not text.
  [[nodiscard]] std::string_view text(Tag tag) const;
  [[nodiscard]] std::string_view text(Tag tag, std::size_t index) const;
  [[nodiscard]] Result<std::int64_t> integer(Tag tag, std::size_t index = 0) const;
  [[nodiscard]] Result<double> number(Tag tag, std::size_t index = 0) const;
  /// Who reserved the block a private element lies in (PS3.5 §7.8.1); "" when nobody did.
  [[nodiscard]] std::string_view private_creator(Tag tag) const;
  /// The items; an empty sequence when absent.
  [[nodiscard]] const Sequence& items(Tag tag) const;

  /// Puts an element in its place, replacing one with the same tag. An element that views a buffer
  /// other than this data set's must be made owning first (see `adopt`).
  void set(Element element);
  /// Copies an element of another data set, bytes included.
  void adopt(const Element& element);
  void set_text(Tag tag, VR vr, std::string_view text);   ///< pads to even length
  void set_text(Tag tag, std::string_view text);          ///< VR of the dictionary
  void set_integer(Tag tag, VR vr, std::int64_t number);  ///< US, SS, UL, SL, UV, SV, IS, AT
  void set_number(Tag tag, VR vr, double number);         ///< FL, FD, DS
  void set_bytes(Tag tag, VR vr, Bytes value);
  void set_items(Tag tag, Sequence items, bool undefined_length = true);
  void set_tag(Tag tag, Tag value);  ///< AT
  bool erase(Tag tag);
  void reserve(std::size_t elements) { elements_.reserve(elements); }
  /// For the parser: appends without looking for a place.
  void push_back(Element element) {
    if (!elements_.empty() && element.tag() < elements_.back().tag()) sorted_ = false;
    elements_.push_back(std::move(element));
  }
  /// Keeps something alive as long as this data set: a buffer that elements pushed later view.
  void set_buffer(SharedBytes buffer) { buffer_ = std::move(buffer); }

 private:
  SharedBytes buffer_;
  std::vector<Element> elements_;
  bool sorted_ = true;
};

/// One item of a sequence.
struct Item {
  DataSet data_set;
  bool undefined_length = true;  ///< as read, or how it is to be written
};

/// Same elements in the same order, VRs and values; neither byte order nor the form of lengths
/// counts.
[[nodiscard]] bool equal_content(const DataSet& a, const DataSet& b);

}  // namespace pacs
