// Lookup in the generated dictionary: a hash index built at compile time over the sorted table.
#include "core/dicom_dictionary.h"

#include <algorithm>
#include <iterator>

#include "core/nearest.h"

namespace pacs {
namespace {

#include "core/dicom_dictionary_data.inc"

constexpr std::uint16_t kFree = 0xFFFF;
constexpr unsigned kSlotBits = 14;  // 16384 slots for fewer than 5000 tags: rarely a second probe
static_assert(std::size(kEntries) < (1U << kSlotBits) / 2);

constexpr std::uint32_t slot_of(std::uint32_t tag) {
  return (tag * 0x9E3779B1U) >> (32 - kSlotBits);  // Fibonacci hashing
}

constexpr auto kSlots = [] {
  std::array<std::uint16_t, 1U << kSlotBits> slots{};
  for (auto& slot : slots) slot = kFree;
  std::uint16_t position = 0;
  for (const DictionaryEntry& entry : kEntries) {
    std::uint32_t slot = slot_of(entry.tag.value);
    while (slots[slot] != kFree) slot = (slot + 1) % slots.size();
    slots[slot] = position++;
  }
  return slots;
}();

// PS3.5 §7.2: "Group Length (gggg,0000)", retired in all groups but 0000, 0002 and 0004.
constexpr DictionaryEntry kGroupLength{
    Tag{0x00000000},       0x0000FFFF, {VR::UL, VR::UL, VR::UL}, 1, true, "1", "",
    "Generic Group Length"};
// PS3.5 §7.8.1: "Private Creator Data Elements (gggg,0010-00FF) ... VR shall be LO and the VM 1".
constexpr DictionaryEntry kPrivateCreator{
    Tag{0x00010010}, 0x0001FF00, {VR::LO, VR::LO, VR::LO}, 1, false, "1", "", "Private Creator"};

const DictionaryEntry& entry_at(std::uint16_t position) {
  return position < std::size(kEntries) ? kEntries[position]
                                        : kRepeatingEntries[position - std::size(kEntries)];
}

}  // namespace

const DictionaryEntry* lookup(Tag tag) {
  for (std::uint32_t slot = slot_of(tag.value); kSlots[slot] != kFree;
       slot = (slot + 1) % kSlots.size()) {
    const DictionaryEntry& entry = kEntries[kSlots[slot]];
    if (entry.tag == tag) return &entry;
  }
  if (tag.is_group_length()) return &kGroupLength;
  if (tag.is_private()) return tag.is_private_creator() ? &kPrivateCreator : nullptr;
  for (const DictionaryEntry& entry : kRepeatingEntries) {
    if ((tag.value & entry.mask) == entry.tag.value) return &entry;
  }
  return nullptr;
}

const DictionaryEntry* find_keyword(std::string_view keyword) {
  const auto found = std::ranges::lower_bound(
      kByKeyword, keyword, {}, [](std::uint16_t position) { return entry_at(position).keyword; });
  if (found == std::end(kByKeyword) || entry_at(*found).keyword != keyword) return nullptr;
  return &entry_at(*found);
}

std::vector<std::string_view> nearest_keywords(std::string_view keyword, std::size_t count) {
  Nearest nearest{keyword.substr(0, 64), count};
  for (const std::uint16_t position : kByKeyword) nearest.offer(entry_at(position).keyword);
  return nearest.best();
}

std::optional<Tag> parse_tag_or_keyword(std::string_view text) {
  if (const DictionaryEntry* entry = find_keyword(text)) return entry->tag;
  return Tag::parse(text);
}

std::span<const DictionaryEntry> dictionary_entries() {
  return kEntries;
}
std::span<const DictionaryEntry> repeating_dictionary_entries() {
  return kRepeatingEntries;
}

}  // namespace pacs
