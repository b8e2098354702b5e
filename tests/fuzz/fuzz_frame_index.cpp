// Invariant: whatever number of frames, fragments and offset tables, the places of the frames lie
// within the pixel data, one behind another, and no byte is of two frames (of bits: no byte but the
// one they share).
#include <algorithm>
#include <array>

#include "encoding/frames/frame_index.h"
#include "tests/fuzz/require.h"

namespace {

using namespace pacs;

constexpr std::uint64_t kStart = 8;
constexpr std::uint32_t kFramesMax = 64;  // walked over for each input

/// Takes numbers off the front of the input; what is left are the fragments' bytes.
struct Input {
  ByteView bytes;
  std::uint32_t number(std::uint32_t below) {
    if (bytes.empty()) return 0;
    const auto first = std::to_integer<std::uint32_t>(bytes.front());
    bytes = bytes.subspan(1);
    return first % below;
  }
};

std::vector<std::uint64_t> table(Input& input) {
  std::vector<std::uint64_t> offsets(input.number(8));
  for (std::uint64_t& offset : offsets) {
    const std::uint64_t number = input.number(256);
    offset = number == 255 ? UINT64_MAX - 3 : number;
  }
  return offsets;
}

/// As a stored header has them: ascending numbers of fragments.
std::vector<std::uint32_t> starts(Input& input) {
  std::vector<std::uint32_t> numbers(input.number(16));
  std::uint32_t at = input.number(3);
  for (std::uint32_t& number : numbers) {
    number = at;
    at += 1 + input.number(4);
  }
  return numbers;
}

PixelDataLayout layout_of(Input& input) {
  PixelDataLayout layout;
  const std::uint32_t kind = input.number(8);
  layout.encapsulated = kind % 4 != 0;
  if (kind >= 4) layout.frame_starts = starts(input);
  layout.value_offset = kStart;
  layout.basic_offset_table = table(input);
  layout.extended_offset_table = table(input);
  std::vector<std::uint32_t> lengths(input.number(12));
  for (std::uint32_t& length : lengths) length = input.number(80);
  std::uint64_t at = kStart;
  for (const std::uint32_t length : lengths) {
    if (at + 8 + length > kStart + input.bytes.size()) break;
    layout.fragments.push_back({at + 8, length});
    at += 8 + length;
  }
  layout.fragment_count = layout.fragments.size();
  std::erase_if(layout.frame_starts,
                [&](std::uint32_t start) { return start >= layout.fragments.size(); });
  layout.value_length = input.bytes.size();
  return layout;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{std::as_bytes(std::span{data, size})};
  constexpr std::array<std::uint16_t, 4> kBits{1, 8, 16, 32};
  PixelFormat format;
  format.frames = 1 + input.number(kFramesMax);
  format.frame.rows = 1 + input.number(16);
  format.frame.columns = 1 + input.number(16);
  format.frame.bits_allocated = kBits[input.number(kBits.size())];
  if (format.frame.bits_allocated > 1 && input.number(2) == 1) {
    format.frame.samples_per_pixel = 3;
    format.frame.colour = Colour::YbrFull422;
  }
  const auto syntaxes = transfer_syntaxes();
  const TransferSyntax& syntax =
      syntaxes[input.number(static_cast<std::uint32_t>(syntaxes.size()))];
  const PixelDataLayout layout = layout_of(input);
  const auto read = [&](std::uint64_t offset, std::span<std::byte> into) -> Result<> {
    require(offset >= kStart && into.size() <= input.bytes.size() &&
            offset - kStart <= input.bytes.size() - into.size());
    std::ranges::copy(input.bytes.subspan(offset - kStart, into.size()), into.begin());
    return {};
  };
  const auto index = FrameIndex::create(layout, format, syntax, read);
  if (!index) {
    require(index.error().tag == layout.tag);
    return 0;
  }
  std::uint64_t behind = kStart;
  for (std::uint32_t frame = 0; frame < format.frames; ++frame) {
    const auto place = index->find(frame);
    if (!place) {
      require(place.error().tag.has_value() && place.error().kind == ErrorKind::Truncated);
      continue;
    }
    require(!place->pieces.empty());
    for (const BulkReference& piece : place->pieces) {
      require(piece.offset + (place->first_bit > 0 ? 1 : 0) >= behind);
      behind = piece.offset + piece.length;
      require(behind <= kStart + layout.value_length);
    }
  }
  require(index->find(format.frames).error().kind == ErrorKind::InvalidArgument);
  return 0;
}
