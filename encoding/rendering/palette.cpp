#include "encoding/rendering/palette.h"

#include <fmt/format.h>

#include <cmath>
#include <span>

#include "core/dicom_tags.h"

namespace pacs {
namespace {

/// Writes out the segments of a table (PS3.3 §C.7.9.2), never more entries than the descriptor
/// says, so that copies of copies cannot grow.
class Segments {
 public:
  Segments(std::span<const std::uint16_t> data, bool words, std::size_t entries, Tag tag)
      : data_(data), words_(words), entries_(entries), tag_(tag) {}

  Result<std::vector<std::uint16_t>> expand() {
    std::size_t at = 0;
    // "May be padded": a single last number is no segment.
    while (at + 1 < data_.size() && out_.size() < entries_) PACS_TRY(segment(at, false));
    if (out_.size() == entries_) return std::move(out_);
    return wrong(fmt::format("the segments make {} of {} entries", out_.size(), entries_));
  }

 private:
  enum Opcode : std::uint16_t { kDiscrete = 0, kLinear = 1, kIndirect = 2 };

  [[nodiscard]] tl::unexpected<Error> wrong(std::string message) const {
    return fail(Error{ErrorKind::Malformed, std::move(message)}.on(tag_));
  }

  Result<> segment(std::size_t& at, bool copied) {
    if (at + 1 >= data_.size()) return wrong("a segment lies behind the end of the data");
    const std::uint16_t opcode = data_[at];
    const std::size_t length = data_[at + 1];
    at += 2;
    if (opcode > kIndirect || (copied && opcode == kIndirect)) {
      return wrong(fmt::format("a segment of type {}", opcode));
    }
    // What is read behind the opcode and length.
    const std::size_t operands = opcode == kDiscrete ? length
                                 : opcode == kLinear ? 1
                                 : words_            ? 2
                                                     : 4;
    if (operands > data_.size() - at) return wrong("a segment passes the end of the data");
    const auto numbers = data_.subspan(at, operands);
    at += operands;
    if (opcode == kDiscrete) return add(numbers);
    return opcode == kLinear ? line(length, numbers[0]) : copy(length, numbers);
  }

  Result<> add(std::span<const std::uint16_t> entries) {
    if (entries.size() > entries_ - out_.size()) return too_many();
    out_.insert(out_.end(), entries.begin(), entries.end());
    return {};
  }

  /// §C.7.9.2.2: from the last entry before it, which it does not repeat, to `end`.
  Result<> line(std::size_t length, std::uint16_t end) {
    if (out_.empty()) return wrong("the first segment cannot be linear");
    if (length > entries_ - out_.size()) return too_many();
    const double begin = out_.back();
    for (std::size_t i = 1; i <= length; ++i) {
      const double part = static_cast<double>(i) / static_cast<double>(length);
      out_.push_back(static_cast<std::uint16_t>(std::lround(begin + (end - begin) * part)));
    }
    return {};
  }

  /// §C.7.9.2.3: segments that stand elsewhere, at an offset in bytes, low part first.
  Result<> copy(std::size_t segments, std::span<const std::uint16_t> offset) {
    std::size_t at = 0;
    for (std::size_t i = offset.size(); i-- > 0;) at = at << (words_ ? 16 : 8) | offset[i];
    if (words_) at /= 2;
    for (std::size_t i = 0; i < segments; ++i) PACS_TRY(segment(at, true));
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> too_many() const {
    return wrong(fmt::format("the segments make more than {} entries", entries_));
  }

  std::span<const std::uint16_t> data_;
  bool words_;
  std::size_t entries_;
  Tag tag_;
  std::vector<std::uint16_t> out_;
};

Result<LookupTable> read_channel(const DataSet& data_set, Tag descriptor, Tag data, Tag segmented,
                                 bool signed_pixels) {
  if (data_set.contains(data) || !data_set.contains(segmented)) {
    return read_lut(data_set, descriptor, data, signed_pixels);
  }
  PACS_TRY(LookupTable table, read_lut_descriptor(data_set, descriptor, signed_pixels));
  PACS_TRY(const auto words, read_lut_words(data_set, segmented, table.bits, 0));
  Segments segments{words, table.bits > 8, table.entries.size(), segmented};
  PACS_TRY(table.entries, segments.expand());
  return table;
}

}  // namespace

Result<Palette> read_palette(const DataSet& data_set, bool signed_pixels) {
  Palette palette;
  PACS_TRY(palette.red, read_channel(data_set, tags::RedPaletteColorLookupTableDescriptor,
                                     tags::RedPaletteColorLookupTableData,
                                     tags::SegmentedRedPaletteColorLookupTableData, signed_pixels));
  PACS_TRY(palette.green,
           read_channel(data_set, tags::GreenPaletteColorLookupTableDescriptor,
                        tags::GreenPaletteColorLookupTableData,
                        tags::SegmentedGreenPaletteColorLookupTableData, signed_pixels));
  PACS_TRY(palette.blue,
           read_channel(data_set, tags::BluePaletteColorLookupTableDescriptor,
                        tags::BluePaletteColorLookupTableData,
                        tags::SegmentedBluePaletteColorLookupTableData, signed_pixels));
  return palette;
}

}  // namespace pacs
