#include "encoding/scan/codestream_marks.h"

#include <algorithm>
#include <array>

namespace pacs {
namespace {

using namespace std::string_view_literals;

bool front_is(ByteView front, std::string_view mark) {
  return as_text(front).substr(0, mark.size()) == mark;
}

/// PS3.5 §G.5: sixteen numbers of 32 bits, how many segments and where each begins from the start
/// of the header; the first behind it, the others further on, unused ones zero.
bool is_rle_header(ByteView front) {
  constexpr std::uint32_t kHeaderBytes = 64;
  if (front.size() < kHeaderBytes) return false;
  std::array<std::uint32_t, 16> numbers;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = load<std::uint32_t>(front.data() + 4 * i, ByteOrder::Little);
  }
  const std::uint32_t segments = numbers[0];
  if (segments < 1 || segments > 15 || numbers[1] != kHeaderBytes) return false;
  for (std::size_t i = 2; i < numbers.size(); ++i) {
    const bool used = i <= segments;
    if (used ? numbers[i] <= numbers[i - 1] : numbers[i] != 0) return false;
  }
  return true;
}

}  // namespace

bool has_marks(Codec codec) {
  switch (codec) {
    case Codec::Jpeg:
    case Codec::JpegLossless:
    case Codec::JpegLs:
    case Codec::Jpeg2000:
    case Codec::Htj2k:
    case Codec::JpegXl:
    case Codec::Rle:
    case Codec::Elsewhere:
    case Codec::Unread:
    case Codec::NotADataSet:
      return true;
    case Codec::Native:
    case Codec::Uncompressed:
    case Codec::DeflatedFrame:
    case Codec::Video:
      return false;
  }
  return false;
}

bool begins_codestream(Codec codec, ByteView front) {
  switch (codec) {
    case Codec::Jpeg:
    case Codec::JpegLossless:
    case Codec::JpegLs:
    case Codec::Unread:                          // retired processes of JPEG
      return front_is(front, "\xFF\xD8\xFF"sv);  // SOI and the next marker, ITU-T T.81 §B.2.1
    case Codec::Jpeg2000:
    case Codec::Htj2k:
      // SOC and SIZ, ITU-T T.800 §A.4.1 and §A.5.1; or the signature box of a JP2 file, §I.5.1.
      return front_is(front, "\xFF\x4F\xFF\x51"sv) || front_is(front, "\0\0\0\x0CjP  \r\n\x87\n"sv);
    case Codec::JpegXl:
      // ISO/IEC 18181-1: FF 0A; 18181-2: the signature box.
      return front_is(front, "\xFF\x0A"sv) || front_is(front, "\0\0\0\x0CJXL \r\n\x87\n"sv);
    case Codec::Rle:
      return is_rle_header(front);
    default:
      return false;
  }
}

bool ends_codestream(Codec codec, ByteView end) {
  std::string_view mark;
  if (codec == Codec::Jpeg || codec == Codec::JpegLossless || codec == Codec::JpegLs ||
      codec == Codec::Unread || codec == Codec::Jpeg2000 || codec == Codec::Htj2k) {
    mark = "\xFF\xD9"sv;  // EOI and EOC
  }
  std::string_view text = as_text(end);
  while (text.size() > mark.size() && (text.back() == '\0' || text.back() == '\xFF')) {
    text.remove_suffix(1);
  }
  return text.size() >= mark.size() && text.substr(text.size() - mark.size()) == mark;
}

void MarkedFragments::append(ByteView bytes) {
  if (!is_open_ || bytes.empty()) return;
  pacs::append(front_, bytes.first(std::min(kMarkBytes - front_.size(), bytes.size())));
  const ByteView last = bytes.last(std::min(kMarkBytes, bytes.size()));
  const std::size_t kept = std::min(last_.size(), kMarkBytes - last.size());
  last_.erase(last_.begin(), last_.end() - static_cast<std::ptrdiff_t>(kept));
  pacs::append(last_, last);
}

void MarkedFragments::end() {
  if (!is_open_) return;
  is_open_ = false;
  const std::uint32_t number = fragments_++;
  if (front_.empty()) return;
  // The first frame begins with the first fragment, whatever that holds.
  if (begins_.empty() || begins_codestream(codec_, front_)) {
    begins_.push_back(number);
    if (ended_) behind_end_.push_back(number);
  }
  ended_ = ends_codestream(codec_, last_);
  front_.clear();
  last_.clear();
}

std::vector<std::uint32_t> MarkedFragments::starts(std::uint64_t frames) const {
  const bool stricter = begins_.size() > frames && behind_end_.size() >= frames;
  return stricter ? behind_end_ : begins_;
}

}  // namespace pacs
