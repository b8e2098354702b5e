#include "web/dicomweb/retrieve/image_cache.h"

#include <algorithm>
#include <utility>

#include "encoding/codecs/frame_codec.h"
#include "encoding/limits.h"
#include "storage/stored_data_set.h"

namespace pacs::web {
namespace {

/// Six connections of a viewer ask for frames of few objects at a time.
constexpr std::size_t kOpenImagesMax = 64;
/// 16 bytes each: one slide has 100,000.
constexpr std::size_t kFragmentsKept = 1'000'000;

/// PS3.5 §A.4: the items hold one stream; the layout keeps where.
std::vector<BulkReference> stream_of(const PixelDataLayout& layout) {
  std::vector<BulkReference> pieces;
  for (const auto& fragment : layout.fragments)
    pieces.push_back({fragment.offset, fragment.length});
  return pieces;
}

}  // namespace

bool OpenImage::can_decode() const {
  if (!frames) return false;
  return !frames->index().encapsulated() || (find_frame_codec(syntax->codec) != nullptr &&
                                             frames->format().kind == PixelFormat::Kind::Integer);
}

bool OpenImage::is_native() const {
  if (!frames || frames->index().encapsulated()) return false;
  const PixelFormat& format = frames->format();
  const bool turned = syntax->byte_order == ByteOrder::Big && format.word_bytes > 1;
  return !turned && format.frame.samples() * format.frame.bits_allocated % 8 == 0;
}

Result<integration::WorkMemory::Held> OpenImage::hold_memory(std::uint64_t bytes) const {
  return setup.frame_memory.hold_within(bytes, setup.memory_wait);
}

void OpenImage::depart(Departures met, std::string_view trace_id) const {
  {
    const std::lock_guard lock{mutex_};
    met = met.without(told_);
    told_.add(met);
  }
  if (!met.empty()) setup.archive.pixels_depart(record, met, trace_id);
}

Result<std::shared_ptr<const OpenImage>> open_image(const ImageSetup& setup,
                                                    storage::InstanceRecord record) {
  PACS_TRY(const Header header, setup.archive.read_header(record.sop_instance_uid));
  if (!header.pixel_data) {
    return fail(ErrorKind::NotFound, "the instance has no pixel data");
  }
  auto image = std::make_shared<OpenImage>(setup);
  image->syntax = find_transfer_syntax(record.transfer_syntax_uid);
  if (image->syntax == nullptr) {
    return fail(ErrorKind::Unsupported, "the stored transfer syntax is not known");
  }
  image->stored = storage::stored_data_set(setup.archive, record);
  if (image->syntax->deflated) {
    image->stored = read_inflated(std::move(image->stored), record.data_set_bytes,
                                  limits_of_stored(), header.inflate_points);
  }
  image->record = std::move(record);
  if (image->syntax->codec == Codec::Video && header.pixel_data->encapsulated) {
    image->video = stream_of(*header.pixel_data);
    return image;
  }
  PACS_TRY(image->frames, StoredImage::open(header, *image->syntax, image->stored));
  return image;
}

Result<std::shared_ptr<const OpenImage>> ImageCache::open(storage::InstanceRecord record) {
  {
    const std::lock_guard lock{mutex_};
    const auto known = std::ranges::find(images_, record.object_key, [](const Kept& kept) {
      return std::string_view{kept.image->record.object_key};
    });
    if (known != images_.end()) {
      images_.splice(images_.begin(), images_, known);
      return known->image;
    }
  }
  PACS_TRY(auto image, open_image(setup_, std::move(record)));
  keep(image);
  return image;
}

void ImageCache::keep(const std::shared_ptr<const OpenImage>& image) {
  if (image->syntax->deflated) return;  // is inflated from the front, for one request at a time
  const std::size_t fragments =
      image->frames ? image->frames->index().fragments() : image->video.size();
  const std::lock_guard lock{mutex_};
  images_.push_front({image, fragments});
  fragments_ += fragments;
  while (images_.size() > 1 && (images_.size() > kOpenImagesMax || fragments_ > kFragmentsKept)) {
    fragments_ -= images_.back().fragments;
    images_.pop_back();
  }
}

}  // namespace pacs::web
