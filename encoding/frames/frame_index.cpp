#include "encoding/frames/frame_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/dicom_tags.h"
#include "encoding/codecs/halved_chroma.h"
#include "encoding/scan/codestream_marks.h"

namespace pacs {

Result<FrameIndex> FrameIndex::create(const PixelDataLayout& layout, const PixelFormat& format,
                                      const TransferSyntax& syntax, const ReadStored& read) {
  FrameIndex index;
  index.frames_ = format.frames;
  index.encapsulated_ = layout.encapsulated;
  if (!layout.encapsulated) {
    index.index_native(layout, format);
    return index;
  }
  if (syntax.codec == Codec::Video) {
    return fail(
        Error{ErrorKind::Unsupported, "video is one stream without places of its frames"}.on(
            layout.tag));
  }
  if (syntax.codec == Codec::Native) {
    return fail(
        Error{ErrorKind::Mismatch, fmt::format("pixel data in fragments under {}", syntax.name)}.on(
            layout.tag));
  }
  index.keep_fragments(layout);
  PACS_TRY(index.share_fragments(layout, format, syntax.codec, read));
  return index;
}

void FrameIndex::index_native(const PixelDataLayout& layout, const PixelFormat& format) {
  value_ = {layout.value_offset, layout.value_length};
  const FrameFormat& frame = format.frame;
  frame_bits_ = frame.samples() * frame.bits_allocated;  // with all frames, fits 64 bits
  if (frame.colour == Colour::YbrFull422) {
    const std::uint64_t all_bytes = frame_bits_ / 8 * frames_;
    halved_chroma_ = layout.value_length < all_bytes;
    // PS3.3 §C.7.6.3.1.2: for each two pixels of a row two Y, one CB and one CR.
    if (halved_chroma_) frame_bits_ = frame_bits_ / 3 * 2;
  }
}

void FrameIndex::keep_fragments(const PixelDataLayout& layout) {
  std::size_t count = layout.fragments.size();
  // Some writers end with a fragment of no bytes.
  while (count > 0 && layout.fragments[count - 1].length == 0) --count;
  offsets_.reserve(count);
  lengths_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    offsets_.push_back(layout.fragments[i].offset);
    lengths_.push_back(layout.fragments[i].length);
  }
}

Result<> FrameIndex::share_fragments(const PixelDataLayout& layout, const PixelFormat& format,
                                     Codec codec, const ReadStored& read) {
  // The extended table first: the basic one must be empty beside it (PS3.3 §C.7.6.3.1.8), and its
  // 32 bits do not reach far.
  auto extended = starts_by(layout.extended_offset_table);
  auto basic = starts_by(layout.basic_offset_table);
  if (offsets_.size() == frames_) {
    found_by_ = FoundBy::OneFragmentEach;
  } else if (frames_ == 1) {
    take({0}, FoundBy::SingleFrame);
  } else if (extended) {
    take(*std::move(extended), FoundBy::ExtendedOffsetTable);
  } else if (basic) {
    take(*std::move(basic), FoundBy::BasicOffsetTable);
  } else if (codec == Codec::Uncompressed) {
    take(starts_by_size(uncompressed_frame_bytes(format.frame)), FoundBy::Size);
  } else if (!layout.frame_starts.empty()) {
    take(layout.frame_starts, FoundBy::Marks);
  } else if (has_marks(codec)) {
    PACS_TRY(auto starts, starts_by_marks(codec, read));
    take(std::move(starts), FoundBy::Marks);
  } else {
    found_by_ = FoundBy::OneFragmentEach;  // PS3.5 §A.4: "each frame shall be in one fragment"
    if (offsets_.size() > frames_) departures_.add(Departure::MoreFragments);
  }
  return {};
}

/// PS3.5 §A.4, PS3.3 §C.7.6.3.1.8: for each frame the offset of its first fragment's item from that
/// of the first of all. Nothing for a table that is empty or says something else.
std::optional<FrameIndex::Starts> FrameIndex::starts_by(const std::vector<std::uint64_t>& table) {
  if (table.empty()) return std::nullopt;
  Starts starts;
  auto fragment = offsets_.begin();
  if (table.size() == frames_ && table.front() == 0 && !offsets_.empty()) {
    starts.reserve(table.size() + 1);
    for (const std::uint64_t offset : table) {
      if (offset > UINT64_MAX - offsets_.front()) break;
      fragment = std::lower_bound(fragment, offsets_.end(), offsets_.front() + offset);
      if (fragment == offsets_.end() || *fragment != offsets_.front() + offset) break;
      starts.push_back(static_cast<std::uint32_t>(fragment - offsets_.begin()));
      ++fragment;  // a frame has one of its own
    }
  }
  if (starts.size() == frames_) return starts;
  departures_.add(Departure::OffsetTable);
  return std::nullopt;
}

/// Encapsulated Uncompressed: a frame's codestream is its pixels, padded to an even length (PS3.5
/// §A.4). Whether YBR_FULL_422 has half its chroma, as it should, or all is seen by what all
/// fragments have.
std::uint64_t FrameIndex::uncompressed_frame_bytes(const FrameFormat& frame) const {
  const auto all = std::accumulate(lengths_.begin(), lengths_.end(), std::uint64_t{0});
  const bool halved = frame.colour == Colour::YbrFull422 && all / frames_ < frame.bytes();
  return halved ? codecs::halved_chroma_bytes(frame) : frame.bytes();
}

FrameIndex::Starts FrameIndex::starts_by_size(std::uint64_t frame_bytes) const {
  Starts starts;
  std::uint64_t have = frame_bytes;  // of the frame that is open
  for (std::uint32_t i = 0; i < lengths_.size(); ++i) {
    if (have >= frame_bytes) {
      starts.push_back(i);
      have = 0;
    }
    have += lengths_[i];
  }
  return starts;
}

Result<FrameIndex::Starts> FrameIndex::starts_by_marks(Codec codec, const ReadStored& read) const {
  MarkedFragments marks{codec};
  for (std::size_t i = 0; i < offsets_.size(); ++i) {
    marks.begin();
    const std::uint64_t looked_at = std::min<std::uint64_t>(lengths_[i], kMarkBytes);
    PACS_TRY(const Bytes front, read_bytes(read, {offsets_[i], looked_at}));
    marks.append(front);
    if (looked_at == lengths_[i]) continue;
    PACS_TRY(const Bytes end, read_bytes(read, {offsets_[i] + lengths_[i] - looked_at, looked_at}));
    marks.append(end);
  }
  marks.end();
  return marks.starts(frames_);
}

void FrameIndex::take(Starts starts, FoundBy found_by) {
  found_by_ = found_by;
  starts_ = std::move(starts);
  // Last fragments of no bytes were passed over.
  while (!starts_.empty() && starts_.back() >= offsets_.size()) starts_.pop_back();
  if (starts_.size() > frames_) {
    departures_.add(Departure::MoreFragments);
    starts_.resize(std::size_t{frames_} + 1);
  } else {
    starts_.push_back(static_cast<std::uint32_t>(offsets_.size()));
  }
}

Result<FramePlace> FrameIndex::find_native(std::uint32_t frame) const {
  const std::uint64_t first = frame_bits_ * frame;
  const std::uint64_t end_bytes = (first + frame_bits_ - 1) / 8 + 1;
  if (end_bytes > value_.length) {
    return fail(Error{ErrorKind::Truncated,
                      fmt::format("frame {} of {} ends behind the pixel data of {} bytes",
                                  std::uint64_t{frame} + 1, frames_, value_.length)}
                    .on(tags::NumberOfFrames));
  }
  return FramePlace{{{value_.offset + first / 8, end_bytes - first / 8}},
                    static_cast<unsigned>(first % 8)};
}

Result<FramePlace> FrameIndex::find(std::uint32_t frame) const {
  const std::uint64_t number = std::uint64_t{frame} + 1;
  if (frame >= frames_) {
    return fail(Error{ErrorKind::InvalidArgument,
                      fmt::format("there is no frame {}: the object has {}", number, frames_)}
                    .on(tags::NumberOfFrames));
  }
  if (!encapsulated_) return find_native(frame);
  const bool one_each = starts_.empty();
  const std::size_t there = one_each ? offsets_.size() : starts_.size() - 1;
  if (frame >= there || offsets_.empty()) {
    return fail(Error{ErrorKind::Truncated,
                      fmt::format("frame {} of {} has no fragment: there are {} frames", number,
                                  frames_, offsets_.empty() ? 0 : there)}
                    .on(tags::NumberOfFrames));
  }
  FramePlace place;
  const std::size_t end = one_each ? frame + 1 : starts_[frame + 1];
  for (std::size_t i = one_each ? frame : starts_[frame]; i < end; ++i) {
    place.pieces.push_back({offsets_[i], lengths_[i]});
  }
  return place;
}

}  // namespace pacs
