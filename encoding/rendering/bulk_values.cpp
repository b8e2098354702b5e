#include "encoding/rendering/bulk_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/dicom_tags.h"

namespace pacs {
namespace {

bool is_rendered_with(Tag tag) {
  constexpr std::array kTags{tags::LUTData,
                             tags::RedPaletteColorLookupTableData,
                             tags::GreenPaletteColorLookupTableData,
                             tags::BluePaletteColorLookupTableData,
                             tags::SegmentedRedPaletteColorLookupTableData,
                             tags::SegmentedGreenPaletteColorLookupTableData,
                             tags::SegmentedBluePaletteColorLookupTableData};
  const bool is_overlay =
      (tag.group() & 0xFFE1U) == 0x6000 && tag.element() == tags::OverlayData.element();
  return is_overlay || std::ranges::find(kTags, tag) != kTags.end();
}

Result<Element> loaded(const Element& element, const ReadStored& read) {
  const BulkReference where = *element.bulk();
  if (where.length > kLoadedValueBytesMax) {
    return fail(Error{ErrorKind::LimitExceeded, fmt::format("{} bytes pass the {} that are loaded",
                                                            where.length, kLoadedValueBytesMax)}
                    .on(element.tag()));
  }
  PACS_TRY(Bytes bytes, read_bytes(read, where));
  return Element::owning(element.tag(), element.vr(), std::move(bytes), element.byte_order());
}

bool lacks_values(const DataSet& data_set) {
  return std::ranges::any_of(data_set, [](const Element& element) {
    if (element.bulk() != nullptr) return is_rendered_with(element.tag());
    return std::ranges::any_of(element.items(),
                               [](const Item& item) { return lacks_values(item.data_set); });
  });
}

}  // namespace

Result<> load_bulk_values(DataSet& data_set, const ReadStored& read) {
  if (!lacks_values(data_set)) return {};
  std::vector<Element> changed;  // elements cannot change while they are walked over
  for (const Element& element : data_set) {
    if (element.bulk() != nullptr && is_rendered_with(element.tag())) {
      PACS_TRY(Element value, loaded(element, read));
      changed.push_back(std::move(value));
    } else if (!element.items().empty()) {
      Sequence items = element.items();
      for (Item& item : items) PACS_TRY(load_bulk_values(item.data_set, read));
      changed.push_back(Element::sequence(element.tag(), std::move(items),
                                          element.undefined_length(), element.vr()));
    }
  }
  for (Element& element : changed) data_set.set(std::move(element));
  return {};
}

}  // namespace pacs
