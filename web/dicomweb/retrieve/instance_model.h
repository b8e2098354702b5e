// The metadata of an instance (PS3.18 §10.4.1.1.2): its stored header, long values by their URLs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "encoding/data_sets/header_reader.h"
#include "web/dicomweb/retrieve/address.h"

namespace pacs::web {

enum class ModelFormat : std::uint8_t { Json, Xml };

/// Appends it. `base` is what URLs begin with: "https://pacs.example".
[[nodiscard]] Result<> append_model(std::string& to, const Header& header, const Address& instance,
                                    std::string_view base, ModelFormat format);

}  // namespace pacs::web
