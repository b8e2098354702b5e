// HeaderReader: reads a data set as it streams past and keeps everything but the bulk: what the
// index stores, and where pixel data and its frames lie. Memory is bounded whatever the size.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/data_sets/pixel_data_end.h"
#include "encoding/limits.h"
#include "encoding/scan/departure.h"
#include "encoding/scan/inflate.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

/// Where pixel data lies, in bytes from the start of the data set as stored (for Deflated Explicit
/// VR LE: of the inflated data set).
struct PixelDataLayout {
  Tag tag = kPixelData;            ///< or Float (7FE0,0008) or Double Float Pixel Data (7FE0,0009)
  std::uint64_t value_offset = 0;  ///< first byte of the value (for fragments: of the first item)
  std::uint64_t value_length = 0;  ///< to the end of the value, delimiter included
  bool encapsulated = false;       ///< in fragments; not so whenever the transfer syntax is: some
                                   ///< writers leave pixels native (Departure::NativePixelData)
  std::vector<std::uint64_t> basic_offset_table;     ///< as read, empty when absent
  std::vector<std::uint64_t> extended_offset_table;  ///< (7FE0,0001) as read, empty when absent
  /// Offset of each fragment's first byte and its length, in order; capped at limits.fragments_max.
  struct Fragment {
    std::uint64_t offset;
    std::uint32_t length;
    friend bool operator==(const Fragment&, const Fragment&) = default;
  };
  std::vector<Fragment> fragments;
  std::uint64_t fragment_count = 0;  ///< of all, kept or not
  /// The numbers of the fragments that begin a frame, by their marks (MarkedFragments), where
  /// neither the number of fragments nor an offset table tells; else empty, as of headers that
  /// earlier programs stored. There may be more or fewer than frames are announced.
  std::vector<std::uint32_t> frame_starts;

  friend bool operator==(const PixelDataLayout&, const PixelDataLayout&) = default;
};

struct Header {
  DataSet data_set;  ///< all elements; pixel data and values above limits.header_value_bytes_max or
                     ///< header_text_bytes_max as Form::Bulk
  std::optional<PixelDataLayout> pixel_data;
  std::uint64_t data_set_bytes = 0;  ///< length of the data set as it came
  Departures departures;             ///< of the bytes it was read from; a stored header has none
  std::vector<InflatePoint> inflate_points;  ///< of a long deflated data set
};

class HeaderReader {
 public:
  explicit HeaderReader(const TransferSyntax& syntax, const Limits& limits = {});
  ~HeaderReader();
  HeaderReader(HeaderReader&&) noexcept;
  HeaderReader& operator=(HeaderReader&&) noexcept;

  /// Takes the next piece of the data set, of any size. An error is final: it says tag and offset.
  [[nodiscard]] Result<> feed(ByteView piece);
  /// The data set has ended: Truncated when it ended inside an element, sequence or fragment.
  [[nodiscard]] Result<Header> finish(DataSetEnd end = DataSetEnd::MaybeCut);
  /// Bytes that the header takes so far, as limits.header_bytes_max counts them.
  [[nodiscard]] std::uint64_t header_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pacs
