// Invariant: an Accept field is refused or gives ranges from the best to the worst, whose media
// types read back as they are written; a range that is chosen names its offer. A request target is
// refused or has segments that no file system reads otherwise.
#include <algorithm>

#include "tests/fuzz/require.h"
#include "web/http/media_type.h"
#include "web/http/request_target.h"

namespace {

using namespace pacs::web;

void check_ranges(const std::vector<MediaRange>& ranges) {
  require(!ranges.empty());
  require(std::ranges::is_sorted(ranges, std::ranges::greater{}, &MediaRange::quality));
  for (const MediaRange& range : ranges) {
    require(range.quality <= 1000);
    const auto again = MediaType::parse(range.media.to_string());
    require(again.has_value());
    require(again->name() == range.media.name());
    require(again->parameters.size() == range.media.parameters.size());
  }
  const std::vector<Offer> offers{{"application/dicom+json"},
                                  {"application/dicom", true, "1.2.840.10008.1.2.1"}};
  if (const auto chosen = choose(ranges, offers)) {
    require(std::ranges::any_of(
        ranges, [&](const MediaRange& range) { return matches(range, offers[*chosen]); }));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto ranges = parse_accept(text)) check_ranges(*ranges);
  const auto target = parse_target(text);
  if (!target) return 0;
  for (const std::string& segment : target->segments) {
    require(!segment.empty() && segment != "." && segment != "..");
    require(segment.find_first_of(std::string_view("/\\\0", 3)) == segment.npos);
  }
  if (const auto ranges = accepted_by(target->query, {})) check_ranges(*ranges);
  return 0;
}
