#include "encoding/scan/look_ahead.h"

#include <algorithm>

#include "core/tag.h"
#include "core/vr_types.h"
#include "encoding/scan/scan_bytes.h"
#include "encoding/scan/token_scanner.h"

namespace pacs {
namespace {

/// So many elements in the order of their tags are no accident.
constexpr int kElementsEnough = 16;

struct Head {
  std::uint64_t bytes;
  std::uint32_t length;
};

/// `element` holds a long head, or ends before one.
Head head_of(ByteView element, Reading reading, ByteOrder order) {
  if (reading == Reading::Implicit) {
    return {kItemHeaderBytes, load32(element.data() + 4, order)};
  }
  const auto vr = parse_vr(static_cast<char>(element[4]), static_cast<char>(element[5]));
  if (reading == Reading::Explicit && vr && info(*vr).long_form) {
    constexpr std::uint64_t kLongHeadBytes = 12;
    if (element.size() < kLongHeadBytes) return {kLongHeadBytes, 0};
    return {kLongHeadBytes, load32(element.data() + 8, order)};
  }
  return {kItemHeaderBytes, load16(element.data() + 6, order)};
}

}  // namespace

Sight look_ahead(ByteView input, Reading reading, ByteOrder order, const Surroundings& around) {
  const bool is_cut = input.size() >= kLookAheadBytes;
  input = input.first(std::min(input.size(), kLookAheadBytes));
  // NULs behind an empty value of the short form are rather the value of an implicit one.
  const bool nuls_end = around.ends_with_input && reading != Reading::ShortForm;
  Tag last;
  std::uint64_t at = 0;
  for (int element = 0; element < kElementsEnough; ++element) {
    if (element > 0 && at == around.room) return Sight::Fits;
    if (around.room < at || around.room - at < kItemHeaderBytes) return Sight::Fails;
    if (at + kItemHeaderBytes > input.size()) {
      if (is_cut) return element == 1 ? Sight::TooFar : Sight::Fits;
      if (at > input.size() || !around.ends_with_input) return Sight::Fails;
      const ByteView rest = input.subspan(at);
      return rest.empty() || (nuls_end && is_nul(rest)) ? Sight::Fits : Sight::Fails;
    }
    const Tag tag = load_tag(input.data() + at, order);
    const ByteView rest = input.subspan(at);
    if (element > 0) {
      if (tag.group() == kItem.group()) return tag == kItem ? Sight::Fails : Sight::Fits;
      if (nuls_end && is_nul(rest.first(kItemHeaderBytes))) return Sight::Fits;
      if (tag <= last) return Sight::Fails;
      const bool has_vr = names_vr(rest);
      if (has_vr && reading != Reading::Explicit) return Sight::MeetsVr;
      if (!has_vr && reading == Reading::Explicit) return Sight::Fails;
    }
    last = tag;
    const Head head = head_of(rest, reading, order);
    at += head.bytes;
    if (head.length != kUndefinedLength) {
      at += head.length;
      continue;
    }
    if (at + sizeof(std::uint32_t) > input.size()) return is_cut ? Sight::Fits : Sight::Fails;
    const Tag first = load_tag(input.data() + at, order);
    return first == kItem || first == kSequenceDelimitation ? Sight::Fits : Sight::Fails;
  }
  return Sight::Fits;
}

}  // namespace pacs
