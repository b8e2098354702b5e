// Media types (RFC 9110 §8.3), and which of them a client accepts (RFC 9110 §12.5.1) in the forms
// of DICOMweb (PS3.18 §8.7): alone, or as the parts of multipart/related.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "web/http/http_message.h"

namespace pacs::web {

struct MediaType {
  std::string type, subtype;  ///< in lower case; "*" in a media range
  Fields parameters{};        ///< in order, names in lower case, values without quotes

  /// One media type. Values without quotes may have characters that only quoted strings may, such
  /// as the slash of type=application/dicom: many clients leave the quotes out. Malformed.
  [[nodiscard]] static Result<MediaType> parse(std::string_view text);

  /// "application/dicom"
  [[nodiscard]] std::string name() const { return type + "/" + subtype; }
  [[nodiscard]] bool is(std::string_view type_and_subtype) const {
    return name() == type_and_subtype;
  }
  /// First value, "" when absent.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const MediaType&, const MediaType&) = default;
};

/// One thing that a client accepts.
struct MediaRange {
  MediaType media{};       ///< of the parts for multipart/related; may be */* or image/*
  bool multipart = false;  ///< multipart/related, whose parts `media` says; else a single part
  /// "" when none is named, which means the default of the media type (PS3.18 §8.7.3); "*" for
  /// whatever is there.
  std::string transfer_syntax_uid{};
  unsigned quality = 1000;  ///< in thousandths; 0: not acceptable

  /// */*: a single part or several, whatever fits best.
  [[nodiscard]] bool is_anything() const { return !multipart && media.is("*/*"); }
  friend bool operator==(const MediaRange&, const MediaRange&) = default;
};

/// The ranges of an Accept field, best first: by quality, then the more specific, then as they
/// stand. An empty one is */*. Malformed; LimitExceeded for more than media_ranges_max (64).
[[nodiscard]] Result<std::vector<MediaRange>> parse_accept(std::string_view accept);

/// What a request accepts: its query parameter `accept` when there is one (PS3.18 §8.3.3.1), else
/// its Accept fields.
[[nodiscard]] Result<std::vector<MediaRange>> accepted_by(const Fields& query,
                                                          const Fields& headers);

/// A form in which a resource can be given.
struct Offer {
  std::string_view media;                  ///< "application/dicom"
  bool multipart = false;                  ///< as parts of multipart/related
  std::string_view transfer_syntax_uid{};  ///< "" where there is no such thing
};

/// Whether a range names this offer. One that names no transfer syntax names each of them: who
/// offers several looks at MediaRange::transfer_syntax_uid.
[[nodiscard]] bool matches(const MediaRange& range, const Offer& offer);

/// The offer that the client likes best, among equals the first; nullopt (406) when it likes none.
/// The most specific range that names an offer says how good it is (RFC 9110 §12.5.1).
[[nodiscard]] std::optional<std::size_t> choose(std::span<const MediaRange> accepted,
                                                std::span<const Offer> offers);

}  // namespace pacs::web
