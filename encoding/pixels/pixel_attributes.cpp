#include "encoding/pixels/pixel_attributes.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/dicom_tags.h"

namespace pacs {
namespace {

std::string_view photometric_interpretation(Colour colour) {
  switch (colour) {
    case Colour::Rgb:
      return "RGB";
    case Colour::YbrFull:
      return "YBR_FULL";
    case Colour::YbrFull422:
      return "YBR_FULL_422";
    case Colour::YbrRct:
      return "YBR_RCT";
    case Colour::YbrIct:
      return "YBR_ICT";
    case Colour::Monochrome:
    case Colour::Palette:
      break;
  }
  return {};  // as it was
}

bool has_encapsulated_pixels(const Element& sequence) {
  return std::ranges::any_of(sequence.items(), [](const Item& item) {
    const Element* pixels = item.data_set.find(kPixelData);
    return pixels != nullptr && (pixels->fragments() != nullptr ||
                                 (pixels->bulk() != nullptr && pixels->bulk_is_encapsulated()));
  });
}

void erase_encapsulated_icons(DataSet& data_set) {
  std::vector<Tag> icons;
  for (const Element& element : data_set) {
    if (has_encapsulated_pixels(element)) icons.push_back(element.tag());
  }
  for (const Tag tag : icons) data_set.erase(tag);
}

}  // namespace

void describe_pixels(DataSet& data_set, const WrittenPixels& written) {
  const FrameFormat& format = written.format;
  if (const auto colour = photometric_interpretation(format.colour); !colour.empty()) {
    data_set.set_text(tags::PhotometricInterpretation, colour);
  }
  if (format.samples_per_pixel > 1) {
    data_set.set_integer(tags::PlanarConfiguration, VR::US, format.planar ? 1 : 0);
  }
  data_set.set_integer(tags::HighBit, VR::US, format.bits_stored - 1);
  for (const Tag tag : {tags::ExtendedOffsetTable, tags::ExtendedOffsetTableLengths,
                        tags::EncapsulatedPixelDataValueTotalLength}) {
    data_set.erase(tag);
  }
  if (!written.encapsulated) erase_encapsulated_icons(data_set);
  // PS3.5 §A.2: native pixels of 8 bits may be OB or OW, wider ones are OW; fragments are OB.
  const VR vr = written.encapsulated || format.bits_allocated <= 8 ? VR::OB : VR::OW;
  data_set.set(Element::bulk(kPixelData, vr, {0, written.encapsulated ? 0 : written.value_bytes},
                             written.encapsulated));
}

}  // namespace pacs
