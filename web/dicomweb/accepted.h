// Which of the forms that a resource has the client wants (RFC 9110 §12.5.1).
#pragma once

#include <cstddef>
#include <span>

#include <tl/expected.hpp>

#include "web/http/media_type.h"

namespace pacs::web {

/// Else 400 for an Accept field that cannot be read, 406 when none is wanted.
[[nodiscard]] tl::expected<std::size_t, Response> chosen_form(const Request& request,
                                                              std::span<const Offer> offers);

}  // namespace pacs::web
