// DataSetWriter: appends data sets to one buffer, element by element (PS3.5 §7.1). The codec's
// inner part; everybody else calls write_data_set.
#pragma once

#include <cstdint>
#include <vector>

#include "core/dicom_dataset.h"
#include "encoding/data_sets/data_set_codec.h"

namespace pacs {

class DataSetWriter {
 public:
  /// An element that is more than what is written of it, by its place in the order of writing: a
  /// bulk reference (written without value), or a value that is written as UN for its length.
  struct Aside {
    std::uint64_t ordinal;
    const Element* element;
  };
  /// Where the bytes of a bulk reference belong: whoever streams the data set puts them there.
  /// Lengths count them, and padding follows.
  struct Gap {
    std::size_t at;          ///< in `bytes()`
    const Element* element;  ///< of a bulk reference
    std::size_t
        swap_unit;  ///< its values are to be turned around in units of so many bytes; 1: not
  };

  /// With `asides`, these are recorded there, with `gaps`, those; without either, bulk references
  /// are an error.
  DataSetWriter(const TransferSyntax& syntax, const WriteOptions& options,
                std::vector<Aside>* asides = nullptr, std::vector<Gap>* gaps = nullptr);

  [[nodiscard]] Result<> write(const DataSet& data_set);
  [[nodiscard]] Bytes& bytes() { return out_; }

 private:
  Result<> write(const Element& element);
  Result<> write_value(const Element& element);
  Result<> write_sequence(const Element& element);
  Result<> write_item(const Item& item, Tag sequence);
  Result<> write_fragments(const Element& element);
  [[nodiscard]] Result<> may_have_fragments(const Element& element) const;
  [[nodiscard]] Result<> may_be_native(const DataSet& data_set) const;
  /// How a value of so many bytes is written: in which VR, and its units in which order.
  struct Form {
    VR vr;
    ByteOrder order;
  };
  [[nodiscard]] Form form_of(const Element& element, std::uint64_t length) const;
  Result<> write_bulk(const Element& element);
  Result<> leave_gap(const Element& element);
  void append_in_order(ByteView value, std::size_t unit, bool swap);
  /// The length of a value as it is written.
  [[nodiscard]] std::uint64_t written_bytes(std::uint64_t value_bytes) const;
  void pad(std::uint64_t value_bytes, char padding);
  /// Bytes so far, those of gaps included.
  [[nodiscard]] std::uint64_t position() const { return out_.size() + gap_bytes_; }
  void header(Tag tag, VR vr, std::uint32_t length);
  void item_header(Tag tag, std::uint32_t length);
  Result<> fill_in_length(std::size_t field_end, std::uint64_t start, Tag tag);

  WriteOptions options_;
  std::vector<Aside>* asides_;
  std::vector<Gap>* gaps_;
  bool encapsulated_;
  bool explicit_vr_;
  ByteOrder order_;
  unsigned depth_ = 0;           // of items within items
  std::uint64_t written_ = 0;    // elements, items' included
  std::uint64_t gap_bytes_ = 0;  // that are missing in out_
  Bytes out_;
};

}  // namespace pacs
