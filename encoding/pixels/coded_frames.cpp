#include "encoding/pixels/coded_frames.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "encoding/byte_order.h"
#include "encoding/scan/token_scanner.h"

namespace pacs {
namespace {

/// For frames that are in memory at once, unless one alone is longer.
constexpr std::uint64_t kFrameMemoryBytes = 16ULL << 20;

}  // namespace
const FrameCodec* find_encoder(const TransferSyntax& syntax) {
  const FrameCodec* codec = find_frame_codec(syntax.codec);
  const bool writes =
      codec != nullptr && codec->encode != nullptr && codec->written_as == syntax.uid;
  return writes ? codec : nullptr;
}

CodedFrames::CodedFrames(StoredImage image, const FrameCodec* encoder, TranscodeOptions options)
    : image_(std::move(image)), encoder_(encoder), options_(std::move(options)) {}

Result<std::shared_ptr<CodedFrames>> CodedFrames::create(const Header& header,
                                                         const TransferSyntax& from,
                                                         const TransferSyntax& to,
                                                         ReadStored stored,
                                                         TranscodeOptions options) {
  PACS_TRY(StoredImage image, StoredImage::open(header, from, std::move(stored)));
  const FrameCodec* encoder = to.encapsulated ? find_encoder(to) : nullptr;
  if (encoder != nullptr && image.format().kind != PixelFormat::Kind::Integer) {
    return fail(
        Error{ErrorKind::Unsupported, "pixels that are floating point numbers are not compressed"}
            .on(header.pixel_data->tag));
  }
  const std::shared_ptr<CodedFrames> frames{
      new CodedFrames(std::move(image), encoder, std::move(options))};
  frames->tell(frames->image_.departures());
  const std::size_t slots = frames->slots_wanted();
  if (frames->options_.memory) {
    const std::uint64_t bytes = slots * frames->image_.work_bytes(encoder);
    PACS_TRY(frames->memory_, frames->options_.memory(bytes));
  }
  frames->slots_.resize(slots);
  PACS_TRY(frames->work_on_next());
  return frames;
}

std::size_t CodedFrames::slots_wanted() const {
  const std::uint64_t by_memory =
      kFrameMemoryBytes / std::max<std::uint64_t>(image_.format().frame.bytes(), 1);
  if (frames_ <= by_memory) return frames_;
  return std::clamp<std::size_t>(options_.frames_at_once, 1, std::max<std::size_t>(by_memory, 1));
}

/// Fills the slots with the next frames.
Result<> CodedFrames::work_on_next() {
  const std::uint32_t first = worked_;
  const std::size_t count = std::min<std::size_t>(slots_.size(), frames_ - first);
  const auto work = [this, first](std::size_t i) {
    Slot& slot = slots_[i];
    slot.outcome = decode(slot, first + static_cast<std::uint32_t>(i));
    if (slot.outcome && encoder_ != nullptr) slot.outcome = encode(slot);
  };
  if (options_.for_each && count > 1) {
    options_.for_each(count, work);
  } else {
    for (std::size_t i = 0; i < count; ++i) work(i);
  }
  if (first == 0 && slots_.front().outcome) describe(slots_.front());
  for (std::size_t i = 0; i < count; ++i) {
    PACS_TRY(std::move(slots_[i].outcome));
    tell(slots_[i].what.departures);
    if (slots_[i].what.format.planar != written_.format.planar ||
        slots_[i].colour != written_.format.colour) {
      return fail(Error{ErrorKind::Mismatch,
                        fmt::format("frame {} has other colours than the first", first + i + 1)}
                      .on(tags::PhotometricInterpretation));
    }
  }
  worked_ += static_cast<std::uint32_t>(count);
  return {};
}

void CodedFrames::tell(Departures met) const {
  if (options_.departed && !met.empty()) options_.departed(met);
}

void CodedFrames::describe(const Slot& first) {
  written_.format = first.what.format;
  written_.format.colour = first.colour;
  written_.high_bit = first.what.shift + first.what.format.bits_stored - 1;
  written_.encapsulated = encoder_ != nullptr;
  written_.value_bytes =
      (written_.format.samples() * written_.format.bits_allocated * frames_ + 7) / 8;
}

Result<> CodedFrames::decode(Slot& slot, std::uint32_t frame) const {
  slot.pixels.resize(static_cast<std::size_t>(image_.format().frame.bytes()));
  PACS_TRY(slot.what, image_.decode(frame, slot.pixels));
  slot.colour = slot.what.format.colour;
  return {};
}

Result<> CodedFrames::encode(Slot& slot) const {
  settle_pixels(slot.what, slot.pixels);
  slot.codestream.clear();
  const auto named = [](Error error) {
    return error.tag ? error : std::move(error).on(kPixelData);
  };
  PACS_TRY(slot.colour,
           encoder_->encode(slot.pixels, slot.what.format, options_.encode, slot.codestream)
               .map_error(named));
  if (slot.codestream.size() < kUndefinedLength) return {};
  return fail(Error{ErrorKind::Unsupported, "a frame is too long for one fragment"}.on(kPixelData));
}

Result<std::uint64_t> CodedFrames::codestream_bytes() {
  std::uint64_t bytes = 0;
  for (std::uint32_t counted = 0;;) {
    for (std::size_t i = 0; counted < worked_; ++i, ++counted) bytes += slots_[i].codestream.size();
    if (worked_ == frames_) break;
    PACS_TRY(work_on_next());
  }
  if (frames_ > slots_.size()) {
    worked_ = 0;
    PACS_TRY(work_on_next());
  }
  return bytes;
}

Result<ByteView> CodedFrames::next(std::size_t swap_unit) {
  if (encoder_ != nullptr) return next_of_fragments();
  while (given_ < frames_) {
    PACS_TRY(Slot & slot, next_slot());
    join_bits(slot.pixels, given_ == frames_);
    if (swap_unit > 1) swap_units(slot.pixels, swap_unit);
    if (!slot.pixels.empty()) return ByteView{slot.pixels};
  }
  return ByteView{};
}

/// The frame that comes next, worked on.
Result<std::reference_wrapper<CodedFrames::Slot>> CodedFrames::next_slot() {
  if (given_ == worked_) PACS_TRY(work_on_next());
  return std::ref(slots_[given_++ % slots_.size()]);
}

/// PS3.5 §A.4: an offset table without entries, an item for each frame, and the delimiter.
Result<ByteView> CodedFrames::next_of_fragments() {
  const auto header = [this](Tag tag, std::size_t length) {
    store(header_.data(), tag.group(), ByteOrder::Little);
    store(header_.data() + 2, tag.element(), ByteOrder::Little);
    store(header_.data() + 4, static_cast<std::uint32_t>(length), ByteOrder::Little);
    return ByteView{header_};
  };
  if (open_ != nullptr) return std::exchange(open_, nullptr)->codestream;
  if (!std::exchange(table_given_, true)) return header(kItem, 0);
  if (given_ < frames_) {
    PACS_TRY(Slot & slot, next_slot());
    open_ = &slot;
    return header(kItem, slot.codestream.size());
  }
  if (!std::exchange(end_given_, true)) return header(kSequenceDelimitation, 0);
  return ByteView{};
}

/// Frames of one bit a pixel follow each other within bytes (PS3.5 §8.1.1).
void CodedFrames::join_bits(Bytes& pixels, bool is_last) {
  const std::uint64_t bits = image_.format().frame.samples() * image_.format().frame.bits_allocated;
  if (carried_bits_ == 0 && bits % 8 == 0) return;
  for (std::byte& byte : pixels) {
    const std::byte whole = byte;
    byte = carried_ | whole << carried_bits_;
    carried_ = carried_bits_ == 0 ? std::byte{0} : whole >> (8 - carried_bits_);
  }
  pixels.push_back(carried_);
  auto bytes = static_cast<std::size_t>((carried_bits_ + bits) / 8);
  carried_bits_ = static_cast<unsigned>((carried_bits_ + bits) % 8);
  carried_ = pixels[bytes];
  if (is_last && carried_bits_ != 0) ++bytes;
  pixels.resize(bytes);
}

}  // namespace pacs
