// From stored values to shades of grey: modality transformation, values of interest, presentation
// (PS3.3 §C.11.1, §C.11.2, §C.11.6; PS3.4 §N.2).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/frames/frame_reader.h"
#include "encoding/frames/pixel_format.h"
#include "encoding/rendering/image.h"
#include "encoding/rendering/lut.h"
#include "encoding/rendering/window.h"

namespace pacs {

struct Rescale {
  double slope = 1;
  double intercept = 0;
  [[nodiscard]] double value(double stored) const { return stored * slope + intercept; }
};

struct GreyTransform {
  std::optional<LookupTable> modality;  ///< counts before the rescale
  Rescale rescale;
  std::optional<LookupTable> voi;  ///< counts before the window
  std::optional<Window> window;    ///< with neither, the values are spread over all shades
  bool inverse = false;            ///< the highest shade is black

  /// What the modality means: Hounsfield units, for example.
  [[nodiscard]] double value(double stored) const;
  /// From 0, black, to 1 (before `inverse`). There is a VOI LUT or a window.
  [[nodiscard]] double shade(double stored) const;
};

/// Of the data set and its functional groups for a frame, counted from 0; of several VOI LUTs or
/// windows the `view`-th. LUTs count before windows and slopes. What cannot be applied is left out:
/// Departure::Display. InvalidArgument where there is no such view.
[[nodiscard]] Result<GreyTransform> read_grey_transform(const DataSet& data_set,
                                                        const PixelFormat& format,
                                                        std::uint32_t frame, std::size_t view,
                                                        Departures& met);

/// Stored values that are no shades: padding (PS3.3 §C.7.5.1.1.2), none where its lowest is above
/// its highest, and what a supplemental palette colours.
struct Excluded {
  double padding_lowest = 1;
  double padding_highest = 0;
  double colours_from = std::numeric_limits<double>::infinity();

  [[nodiscard]] bool contains(double stored) const {
    return (stored >= padding_lowest && stored <= padding_highest) || stored >= colours_from;
  }
};
[[nodiscard]] Result<Excluded> read_padding(const DataSet& data_set, const PixelFormat& format);

/// The window over the lowest and highest value of a frame without what is excluded; of one bit
/// over both.
[[nodiscard]] Window window_of_frame(const GreyTransform& transform, const FramePixels& what,
                                     PixelFormat::Kind kind, ByteView pixels,
                                     const Excluded& excluded);

/// Draws pixels of one sample into an image of one channel and the same size.
void draw_grey(const GreyTransform& transform, const FramePixels& what, PixelFormat::Kind kind,
               ByteView pixels, Image& image);

}  // namespace pacs
