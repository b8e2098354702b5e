// A language for data sets with pixels in tests: grey(4, 2, 16) and what is changed of it.
#pragma once

#include "core/dicom_dataset.h"
#include "core/dicom_tags.h"

namespace pacs::test {

/// MONOCHROME2 of so many columns, rows and bits, without its pixels.
inline DataSet grey(int columns, int rows, int bits_allocated, int bits_stored = 0) {
  DataSet set;
  set.set_integer(tags::SamplesPerPixel, VR::US, 1);
  set.set_text(tags::PhotometricInterpretation, VR::CS, "MONOCHROME2");
  set.set_integer(tags::Rows, VR::US, rows);
  set.set_integer(tags::Columns, VR::US, columns);
  set.set_integer(tags::BitsAllocated, VR::US, bits_allocated);
  const int stored = bits_stored == 0 ? bits_allocated : bits_stored;
  set.set_integer(tags::BitsStored, VR::US, stored);
  set.set_integer(tags::HighBit, VR::US, stored - 1);
  set.set_integer(tags::PixelRepresentation, VR::US, 0);
  return set;
}

inline DataSet colour(int columns, int rows, std::string_view photometric, int bits = 8) {
  DataSet set = grey(columns, rows, bits);
  set.set_integer(tags::SamplesPerPixel, VR::US, photometric == "PALETTE COLOR" ? 1 : 3);
  set.set_text(tags::PhotometricInterpretation, VR::CS, photometric);
  set.set_integer(tags::PlanarConfiguration, VR::US, 0);
  return set;
}

}  // namespace pacs::test
