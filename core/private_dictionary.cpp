// Lookup in the generated table of vendors' private elements. It has offsets in place of pointers:
// the loader would have to write those at every start, into memory that nobody else can share.
#include <algorithm>
#include <iterator>

#include "core/dicom_dictionary.h"

namespace pacs {
namespace {

struct Creator {
  std::uint32_t offset;  ///< of its name in kText
  std::uint16_t length;
  std::uint16_t first;  ///< of its elements; those of the next follow
};

struct PrivateElement {
  std::uint32_t offset;  ///< of its name in kText
  std::uint16_t group;   ///< 6000 where it is in all odd groups 60xx
  std::uint8_t element;  ///< its place in the block: ee of (gggg,xxee)
  VR vr;
  std::uint8_t multiplicity;  ///< position in kMultiplicities
  std::uint8_t length;

  [[nodiscard]] constexpr std::uint32_t place() const { return group * 0x100U + element; }
};

// All texts are one literal, longer than what a compiler must support at least; ours do.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "core/private_dictionary_data.inc"
#pragma GCC diagnostic pop

constexpr std::string_view text(std::uint32_t offset, std::size_t length) {
  return {kText + offset, length};
}

const PrivateElement* find(const Creator* creator, std::uint32_t place) {
  const PrivateElement* first = kPrivateElements + creator->first;
  const PrivateElement* last = kPrivateElements + std::next(creator)->first;
  const PrivateElement* found =
      std::ranges::lower_bound(first, last, place, {}, &PrivateElement::place);
  return found != last && found->place() == place ? found : nullptr;
}

}  // namespace

std::optional<PrivateEntry> lookup_private(Tag tag, std::string_view private_creator) {
  if (!tag.is_private() || tag.element() < 0x1000) return std::nullopt;
  const auto name = [](const Creator& creator) { return text(creator.offset, creator.length); };
  const Creator* end = std::prev(std::end(kCreators));
  const Creator* creator =
      std::ranges::lower_bound(std::begin(kCreators), end, private_creator, {}, name);
  if (creator == end || name(*creator) != private_creator) return std::nullopt;
  const std::uint32_t place = tag.group() * 0x100U + (tag.element() & 0xFFU);
  const PrivateElement* found = find(creator, place);
  if (found == nullptr) found = find(creator, place & 0xFF00FFU);
  if (found == nullptr) return std::nullopt;
  return PrivateEntry{found->vr, kMultiplicities[found->multiplicity],
                      text(found->offset, found->length)};
}

}  // namespace pacs
