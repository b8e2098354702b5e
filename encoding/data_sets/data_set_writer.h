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

  /// With `asides`, these are recorded there; without, bulk references are an error.
  DataSetWriter(const TransferSyntax& syntax, const WriteOptions& options,
                std::vector<Aside>* asides = nullptr);

  [[nodiscard]] Result<> write(const DataSet& data_set);
  [[nodiscard]] Bytes& bytes() { return out_; }

 private:
  Result<> write(const Element& element);
  Result<> write_value(const Element& element);
  Result<> write_sequence(const Element& element);
  Result<> write_item(const Item& item, Tag sequence);
  Result<> write_fragments(const Element& element);
  Result<> write_bulk(const Element& element);
  void append_in_order(ByteView value, std::size_t unit, bool swap);
  /// The length of a value as it is written.
  [[nodiscard]] std::size_t written_bytes(ByteView value) const;
  void pad(ByteView value, char padding);
  void header(Tag tag, VR vr, std::uint32_t length);
  void item_header(Tag tag, std::uint32_t length);
  Result<> fill_in_length(std::size_t start, Tag tag);

  WriteOptions options_;
  std::vector<Aside>* asides_;
  bool encapsulated_;
  bool explicit_vr_;
  ByteOrder order_;
  std::uint64_t written_ = 0;  // elements, items' included
  Bytes out_;
};

}  // namespace pacs
