// What is wrong with a text value, by the letter of PS3.5 Table 6.2-1.
#pragma once

#include <string_view>

#include "core/result.h"
#include "core/vr_types.h"

namespace pacs {

/// Checks every value of a text element (separated by backslashes where the VR has them): character
/// repertoire, form and length. `text` is UTF-8, without the padding that makes it even. The error
/// says which value is wrong and why. Real objects fail this; reading them does not need it.
[[nodiscard]] Result<> check_value(VR vr, std::string_view text);

/// Whether a text element holds one value at most, without control characters where the VR has
/// none; says nothing of form and length. `text` as above; a backslash in it separates values.
[[nodiscard]] Result<> check_single_value(VR vr, std::string_view text);

/// Malformed: "'12x4' is not a date". The text is shown as its excerpt.
[[nodiscard]] tl::unexpected<Error> not_a(std::string_view what, std::string_view text);

}  // namespace pacs
