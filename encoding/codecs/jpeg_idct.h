// The inverse DCT of 8 x 8 samples (ITU-T T.81 §A.3.3).
#pragma once

#include <array>
#include <cstdint>

namespace pacs::codecs {

using JpegBlock = std::array<std::int32_t, 64>;  ///< row by row

/// Coefficients to samples around 0, in place, without limit to what a precision holds. Rounds as
/// libjpeg's accurate integer method for that precision does. Coefficients are within 2^17.
void inverse_dct(JpegBlock& block, unsigned precision);

}  // namespace pacs::codecs
