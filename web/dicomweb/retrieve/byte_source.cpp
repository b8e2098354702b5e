#include "web/dicomweb/retrieve/byte_source.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace pacs::web {
namespace {

/// What is held while an answer is sent. The first piece is smaller, so that the client has it
/// soon. The others are two usual images of 512 KiB with their headers: each piece costs steps from
/// thread to thread, and 400 CT in pieces of half the size cost 8 % more.
constexpr std::size_t kFirstPieceBytes = 16U << 10;
constexpr std::size_t kSentPieceBytes = (1U << 20) + (32U << 10);
/// A piece that takes longer to fill goes as it is: whoever transcodes many frames gives way to
/// others between them, and the client has each as soon as it is there.
constexpr std::chrono::milliseconds kPieceTime{10};
/// Up to here an answer is read before it is sent: no step to another thread for its body.
constexpr std::uint64_t kShortBodyBytes = 1U << 20;

/// Fills all of `into` unless the source ends.
Result<std::size_t> fill(const ByteSource& source, std::span<std::byte> into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    PACS_TRY(const std::size_t got, source(into.subspan(filled)));
    if (got == 0) break;
    filled += got;
  }
  return filled;
}

/// Gives what there is once `time` is over, but something unless the source ends.
Result<std::size_t> fill_within(std::chrono::milliseconds time, const ByteSource& source,
                                std::span<std::byte> into) {
  const auto end = std::chrono::steady_clock::now() + time;
  std::size_t filled = 0;
  while (filled < into.size()) {
    PACS_TRY(const std::size_t got, source(into.subspan(filled)));
    if (got == 0) break;
    filled += got;
    if (std::chrono::steady_clock::now() >= end) break;
  }
  return filled;
}

/// What of places lies within a range over all of them.
std::vector<BulkReference> part_of(const std::vector<BulkReference>& places, std::uint64_t offset,
                                   std::uint64_t length) {
  std::vector<BulkReference> part;
  for (const BulkReference& place : places) {
    if (offset >= place.length) {
      offset -= place.length;
      continue;
    }
    const std::uint64_t bytes = std::min(place.length - offset, length);
    if (bytes > 0) part.push_back({place.offset + offset, bytes});
    offset = 0;
    length -= bytes;
  }
  return part;
}

class FilledPieces {
 public:
  explicit FilledPieces(ByteSource source) : source_(std::move(source)) {}

  Result<ByteView> next() {
    buffer_.resize(std::exchange(bytes_, kSentPieceBytes));
    PACS_TRY(const std::size_t filled, fill_within(kPieceTime, source_, buffer_));
    return ByteView{buffer_}.first(filled);
  }

 private:
  const ByteSource source_;
  Bytes buffer_;
  std::size_t bytes_ = kFirstPieceBytes;
};

}  // namespace

ByteSource bytes_source(SharedBytes bytes) {
  return [bytes = std::move(bytes)](std::span<std::byte> into) mutable -> Result<std::size_t> {
    const std::size_t count = std::min(into.size(), bytes.view.size());
    std::ranges::copy(bytes.view.first(count), into.begin());
    bytes.view = bytes.view.subspan(count);
    return count;
  };
}

ByteSource pieces_source(Pieces pieces) {
  return [pieces = std::move(pieces),
          left = ByteView{}](std::span<std::byte> into) mutable -> Result<std::size_t> {
    if (left.empty()) {
      PACS_TRY(left, pieces());
    }
    const std::size_t count = std::min(into.size(), left.size());
    std::ranges::copy(left.first(count), into.begin());
    left = left.subspan(count);
    return count;
  };
}

ByteSource range_source(ReadStored stored, BulkReference where) {
  return [stored = std::move(stored),
          where](std::span<std::byte> into) mutable -> Result<std::size_t> {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), where.length));
    if (count == 0) return count;
    PACS_TRY(stored(where.offset, into.first(count)));
    where.offset += count;
    where.length -= count;
    return count;
  };
}

ByteSource joined_source(std::vector<ByteSource> sources) {
  if (sources.size() == 1) return std::move(sources.front());
  return [sources = std::move(sources),
          at = std::size_t{0}](std::span<std::byte> into) mutable -> Result<std::size_t> {
    for (; at < sources.size(); ++at) {
      PACS_TRY(const std::size_t got, sources[at](into));
      if (got > 0) return got;
    }
    return std::size_t{0};
  };
}

ByteSource places_source(const ReadStored& stored, const std::vector<BulkReference>& places) {
  std::vector<ByteSource> sources;
  sources.reserve(places.size());
  for (const BulkReference& place : places) sources.push_back(range_source(stored, place));
  return joined_source(std::move(sources));
}

Content bytes_content(SharedBytes shared) {
  return {bytes_source(shared), shared.view.size(),
          [shared](std::uint64_t offset, std::uint64_t length) {
            return bytes_source({shared.keeper, shared.view.subspan(offset, length)});
          }};
}

Content places_content(ReadStored stored, std::vector<BulkReference> places) {
  std::uint64_t bytes = 0;
  for (const BulkReference& place : places) bytes += place.length;
  ByteSource whole = places_source(stored, places);
  return {std::move(whole), bytes,
          [stored = std::move(stored), places = std::move(places)](std::uint64_t offset,
                                                                   std::uint64_t length) {
            return places_source(stored, part_of(places, offset, length));
          }};
}

Result<std::variant<std::string, StreamedBody>> body_of(Content content) {
  if (!content.bytes || *content.bytes > kShortBodyBytes) {
    const auto pieces = std::make_shared<FilledPieces>(std::move(content.source));
    return StreamedBody{[pieces] { return pieces->next(); }, content.bytes};
  }
  std::string text(static_cast<std::size_t>(*content.bytes), '\0');
  PACS_TRY(const std::size_t filled,
           fill(content.source, std::as_writable_bytes(std::span{text.data(), text.size()})));
  if (filled == text.size()) return text;
  return fail(ErrorKind::Corrupt, "the stored value is shorter than its header says");
}

}  // namespace pacs::web
