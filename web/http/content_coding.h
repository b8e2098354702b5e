// Content codings (RFC 9110 §8.4): text that is sent compressed where the client takes it.
#pragma once

#include <optional>
#include <string_view>

#include "web/http/http_message.h"

namespace pacs::web {

enum class ContentCoding : std::uint8_t { Zstd, Gzip };

/// The one that an Accept-Encoding field likes best (RFC 9110 §12.5.3), among equals the
/// `cheapest`; nullopt where it takes none, or likes best what is not coded.
[[nodiscard]] std::optional<ContentCoding> chosen_coding(
    std::string_view accept_encoding, ContentCoding cheapest = ContentCoding::Zstd);

/// Whether what lies here as gzip is given so: it likes nothing better.
[[nodiscard]] bool takes_gzip(std::string_view accept_encoding);

/// Compresses a body that is text, is longer than a packet, and is neither a part nor coded
/// already. Says by Vary that the request's field decided, also where it was left alone. A strong
/// validator becomes a weak one: the bytes are others.
void apply_coding(Response& response, std::optional<ContentCoding> coding);

}  // namespace pacs::web
