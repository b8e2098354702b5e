#include "encoding/data_sets/pixel_data_end.h"

#include <algorithm>
#include <span>
#include <vector>

#include "core/dicom_tags.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/scan/scan_bytes.h"

namespace pacs {
namespace {

/// PS3.5 §A.4, PS3.3 §C.7.6.3.1.8: offsets of the first fragment's item of each frame, from the
/// first of all.
bool divides(std::span<const std::uint64_t> table, const PixelDataLayout& layout,
             std::uint64_t frames) {
  if (table.size() != frames || table.front() != 0) return false;
  const std::uint64_t first = layout.fragments.front().offset;
  auto fragment = layout.fragments.begin();
  for (const std::uint64_t offset : table) {
    fragment = std::ranges::lower_bound(fragment, layout.fragments.end(), first + offset, {},
                                        &PixelDataLayout::Fragment::offset);
    if (fragment == layout.fragments.end() || fragment->offset != first + offset) return false;
    ++fragment;  // a frame has one of its own
  }
  return true;
}

}  // namespace

std::vector<std::uint64_t> offsets_in(ByteView table, std::size_t unit, ByteOrder order) {
  std::vector<std::uint64_t> offsets;
  offsets.reserve(table.size() / unit);
  for (std::size_t at = 0; at + unit <= table.size(); at += unit) {
    offsets.push_back(unit == 4 ? load<std::uint32_t>(table.data() + at, order)
                                : load<std::uint64_t>(table.data() + at, order));
  }
  return offsets;
}

bool fragments_are_all(const DataSet& data_set, const PixelDataLayout& layout) {
  // Fragments that are not kept cannot be compared.
  if (layout.fragments.empty() || layout.fragments.size() != layout.fragment_count) return false;
  const auto said = data_set.integer(tags::NumberOfFrames);
  if (data_set.contains(tags::NumberOfFrames) && (!said || *said < 1)) return false;
  const auto frames = static_cast<std::uint64_t>(said.value_or(1));
  const auto agrees = [&](const std::vector<std::uint64_t>& table) {
    return table.empty() || divides(table, layout, frames);
  };
  if (!agrees(layout.basic_offset_table) || !agrees(layout.extended_offset_table)) return false;
  const bool has_table =
      !layout.basic_offset_table.empty() || !layout.extended_offset_table.empty();
  return has_table || frames == 1 || frames == layout.fragment_count;
}

bool fragments_are_all(const DataSet& data_set, const Fragments& fragments) {
  PixelDataLayout layout;
  std::uint64_t at = 0;
  for (const ByteView fragment : fragments.fragments) {
    layout.fragments.push_back({at, static_cast<std::uint32_t>(fragment.size())});
    at += fragment.size() + kItemHeaderBytes;
  }
  layout.fragment_count = layout.fragments.size();
  layout.basic_offset_table = offsets_in(fragments.basic_offset_table, 4, ByteOrder::Little);
  if (const Element* table = data_set.find(tags::ExtendedOffsetTable)) {
    layout.extended_offset_table = offsets_in(table->value(), 8, table->byte_order());
  }
  return fragments_are_all(data_set, layout);
}

}  // namespace pacs
