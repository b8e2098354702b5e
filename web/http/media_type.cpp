#include "web/http/media_type.h"

#include <algorithm>

#include "web/http/field_value.h"

namespace pacs::web {
namespace {

/// The longest list seen from a viewer has 12.
constexpr std::size_t kMediaRangesMax = 64;
constexpr std::size_t kMediaTypeParametersMax = 32;

/// type "/" subtype. A "*" alone is what old Java sends for */*.
Result<MediaType> read_type_name(FieldCursor& cursor, std::string_view ends) {
  const std::string_view name = cursor.word(ends);
  if (name == "*") return MediaType{"*", "*"};
  const std::size_t slash = std::min(name.find('/'), name.size());
  MediaType media{lower_case(name.substr(0, slash)),
                  slash == name.size() ? "" : lower_case(name.substr(slash + 1))};
  const bool is_range = media.type == "*" && media.subtype != "*";
  if (!is_token(media.type) || !is_token(media.subtype) || is_range) {
    return fail(ErrorKind::Malformed, "a media type is written type/subtype");
  }
  return media;
}

/// ";" and parameters until one of `ends` (besides ";") comes.
Result<MediaType> read_media_type(FieldCursor& cursor, const std::string& ends) {
  PACS_TRY(MediaType media, read_type_name(cursor, ";" + ends));
  while (cursor.take(';')) {
    const std::string_view name = cursor.word(";=" + ends);
    if (name.empty()) continue;  // ";;", or a ";" at the end
    if (!is_token(name) || !cursor.take('=')) {
      return fail(ErrorKind::Malformed, "a parameter of a media type is written name=value");
    }
    if (media.parameters.size() == kMediaTypeParametersMax) {
      return fail(ErrorKind::LimitExceeded,
                  "a media type has more parameters than media_type_parameters_max (32)");
    }
    PACS_TRY(std::string value, cursor.value(";" + ends));
    media.parameters.emplace_back(lower_case(name), std::move(value));
  }
  return media;
}

void remove_parameter(MediaType& media, std::string_view name) {
  std::erase_if(media.parameters, [&](const auto& parameter) { return parameter.first == name; });
}

/// multipart/related; type="application/dicom": what a client wants are the parts. Some put the
/// transfer syntax into the quotes as well.
Result<> look_into_multipart(MediaRange& range) {
  if (!range.media.is("multipart/related") && !range.media.is("multipart/*")) return {};
  range.multipart = true;
  const std::string parts(range.media.parameter("type"));
  remove_parameter(range.media, "type");
  MediaType media{"*", "*"};
  if (!parts.empty()) {
    PACS_TRY(media, MediaType::parse(parts));
  }
  std::ranges::move(range.media.parameters, std::back_inserter(media.parameters));
  range.media = std::move(media);
  return {};
}

Result<MediaRange> read_range(FieldCursor& cursor) {
  MediaRange range;
  PACS_TRY(range.media, read_media_type(cursor, ","));
  PACS_TRY(look_into_multipart(range));
  if (const auto quality = range.media.parameter("q"); !quality.empty()) {
    PACS_TRY(range.quality, parse_quality(quality));
  }
  range.transfer_syntax_uid = range.media.parameter("transfer-syntax");
  remove_parameter(range.media, "q");
  remove_parameter(range.media, "transfer-syntax");
  return range;
}

int specificity(const MediaRange& range) {
  const int names = (range.media.type != "*" ? 1 : 0) + (range.media.subtype != "*" ? 1 : 0);
  const bool syntax = !range.transfer_syntax_uid.empty() && range.transfer_syntax_uid != "*";
  return names * 4 + (range.multipart ? 2 : 0) + (syntax ? 1 : 0);
}

}  // namespace

Result<MediaType> MediaType::parse(std::string_view text) {
  FieldCursor cursor(text);
  PACS_TRY(MediaType media, read_media_type(cursor, ""));
  if (!cursor.at_end()) return fail(ErrorKind::Malformed, "something follows the media type");
  return media;
}

std::string_view MediaType::parameter(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name, [](const auto& p) { return p.first; });
  return found == parameters.end() ? std::string_view() : found->second;
}

std::string MediaType::to_string() const {
  std::string text = name();
  for (const auto& [key, value] : parameters) text += "; " + key + "=" + token_or_quoted(value);
  return text;
}

Result<std::vector<MediaRange>> parse_accept(std::string_view accept) {
  std::vector<MediaRange> ranges;
  FieldCursor cursor(accept);
  while (!cursor.at_end()) {
    if (cursor.take(',')) continue;  // empty elements do not count (RFC 9110 §5.6.1)
    if (ranges.size() == kMediaRangesMax) {
      return fail(ErrorKind::LimitExceeded,
                  "Accept has more media ranges than media_ranges_max (64)");
    }
    PACS_TRY(ranges.emplace_back(), read_range(cursor));
    if (!cursor.at_end() && !cursor.take(',')) {
      return fail(ErrorKind::Malformed, "media ranges are separated by commas");
    }
  }
  if (ranges.empty()) ranges.push_back({.media = {"*", "*"}});
  std::ranges::stable_sort(ranges, [](const MediaRange& a, const MediaRange& b) {
    return a.quality != b.quality ? a.quality > b.quality : specificity(a) > specificity(b);
  });
  return ranges;
}

Result<std::vector<MediaRange>> accepted_by(const Fields& query, const Fields& headers) {
  if (const auto asked = listed_field(query, "accept")) {
    // A plus that is not percent-encoded has become a blank.
    std::string text = *asked;
    for (const std::string_view broken : {"dicom json", "dicom xml"}) {
      for (auto at = text.find(broken); at != text.npos; at = text.find(broken)) text[at + 5] = '+';
    }
    return parse_accept(text);
  }
  return parse_accept(listed_field(headers, "Accept").value_or(""));
}

bool matches(const MediaRange& range, const Offer& offer) {
  if (range.is_anything()) return true;
  if (range.multipart != offer.multipart) return false;
  const auto slash = std::min(offer.media.find('/'), offer.media.size());
  const std::string_view type = offer.media.substr(0, slash);
  if (range.media.type != "*" && range.media.type != type) return false;
  if (range.media.subtype != "*" && !range.media.is(offer.media)) return false;
  const std::string_view syntax = range.transfer_syntax_uid;
  return syntax.empty() || syntax == "*" || syntax == offer.transfer_syntax_uid;
}

std::optional<std::size_t> choose(std::span<const MediaRange> accepted,
                                  std::span<const Offer> offers) {
  std::optional<std::size_t> best;
  unsigned best_quality = 0;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const MediaRange* says = nullptr;
    for (const MediaRange& range : accepted) {
      if (!matches(range, offers[i])) continue;
      if (says == nullptr || specificity(range) > specificity(*says)) says = &range;
    }
    if (says == nullptr || says->quality <= best_quality) continue;
    best = i;
    best_quality = says->quality;
  }
  return best;
}

}  // namespace pacs::web
