#include "web/dicomweb/retrieve/frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "core/text.h"
#include "web/dicomweb/retrieve/address.h"
#include "web/dicomweb/retrieve/frame_content.h"
#include "web/dicomweb/retrieve/wado_answer.h"

namespace pacs::web {
namespace {

/// An image of as many frames as a study has instances; each costs a part's head to prepare.
constexpr std::size_t kFramesAskedMax = 100'000;

Result<Response> frames(storage::Archive& archive, ImageCache& images, const Request& request) {
  PACS_TRY(const Address address, read_address(request));
  PACS_TRY(std::vector<std::uint32_t> numbers, read_frame_list(request.parameter("frames")));
  PACS_TRY(storage::InstanceRecord record, find_addressed(archive, address));
  PACS_TRY(auto image, images.open(std::move(record)));
  for (const std::uint32_t frame : numbers) {
    if (frame < image->count()) continue;
    return fail(ErrorKind::NotFound, fmt::format("there is no frame {}: the instance has {}",
                                                 std::uint64_t{frame} + 1, image->count()));
  }
  return answer_frames(
      {std::move(image), std::move(numbers), request.base_url + address.path() + "/frames/"},
      request);
}

}  // namespace

Result<std::vector<std::uint32_t>> read_frame_list(std::string_view text) {
  std::vector<std::uint32_t> numbers;
  while (true) {
    const std::string_view one = trimmed(text.substr(0, text.find(',')));
    std::uint32_t number = 0;
    const auto [end, code] = std::from_chars(one.data(), one.data() + one.size(), number);
    const bool whole = code == std::errc{} && end == one.data() + one.size() && !one.empty();
    if (!whole || number == 0) {
      return bad_request(
          fmt::format("\"{}\" is not the number of a frame, counted from 1", excerpt(one)));
    }
    if (numbers.size() == kFramesAskedMax) {
      return bad_request(fmt::format("more than {} frames in one request", kFramesAskedMax));
    }
    numbers.push_back(number - 1);
    const std::size_t comma = text.find(',');
    if (comma == text.npos) return numbers;
    text.remove_prefix(comma + 1);
  }
}

void add_frames(Resources& resources, storage::Archive& archive,
                std::shared_ptr<ImageCache> images) {
  resources.add(
      {"GET",
       "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}",
       "RetrieveFrames",
       {"multipart/related; type=\"application/octet-stream\"", "application/octet-stream",
        "image/jpeg", "image/jls", "image/jp2", "image/jpx", "image/jphc", "image/jxl",
        "image/dicom-rle", "video/mpeg", "video/mp4", "video/h265"}},
      Role::Viewer, answering([&archive, images = std::move(images)](const Request& request) {
        return frames(archive, *images, request);
      }));
}

}  // namespace pacs::web
