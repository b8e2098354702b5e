#include "encoding/pixels/pixel_attributes.h"

#include <string_view>

#include "core/dicom_tags.h"
#include "core/letter_case.h"

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

}  // namespace

void describe_pixels(DataSet& data_set, const WrittenPixels& written) {
  const FrameFormat& format = written.format;
  if (const auto colour = photometric_interpretation(format.colour); !colour.empty()) {
    data_set.set_text(tags::PhotometricInterpretation, colour);
  } else if (const auto as_it_was = data_set.text(tags::PhotometricInterpretation);
             !as_it_was.empty()) {
    data_set.set_text(tags::PhotometricInterpretation, upper_case(as_it_was));
  }
  if (format.samples_per_pixel > 1) {
    data_set.set_integer(tags::PlanarConfiguration, VR::US, format.planar ? 1 : 0);
  }
  data_set.set_integer(tags::HighBit, VR::US, written.high_bit);
  for (const Tag tag : {tags::ExtendedOffsetTable, tags::ExtendedOffsetTableLengths,
                        tags::EncapsulatedPixelDataValueTotalLength}) {
    data_set.erase(tag);
  }
  // PS3.5 §A.2: native pixels of 8 bits may be OB or OW, wider ones are OW; fragments are OB.
  const VR vr = written.encapsulated || format.bits_allocated <= 8 ? VR::OB : VR::OW;
  data_set.set(Element::bulk(kPixelData, vr, {0, written.encapsulated ? 0 : written.value_bytes},
                             written.encapsulated));
}

}  // namespace pacs
