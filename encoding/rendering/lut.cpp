#include "encoding/rendering/lut.h"

#include <fmt/format.h>

namespace pacs {
namespace {

constexpr std::size_t kEntriesWhereZero = 65536;

std::vector<std::uint16_t> words_of(const Element& element, std::size_t count) {
  std::vector<std::uint16_t> words(count);
  for (std::size_t i = 0; i < count; ++i) {
    words[i] = load<std::uint16_t>(element.value().data() + 2 * i, element.byte_order());
  }
  return words;
}

/// Entries of 8 bits, two to a word of OW (PS3.3 §C.11.1.1.1: "in a format equivalent to 8 bits
/// allocated"), the first in its low byte.
std::vector<std::uint16_t> bytes_of(const Element& element, std::size_t count) {
  const bool turned = element.byte_order() == ByteOrder::Big && info(element.vr()).unit_bytes == 2;
  std::vector<std::uint16_t> entries(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = turned ? i ^ 1U : i;
    if (at < element.value().size())
      entries[i] = std::to_integer<std::uint16_t>(element.value()[at]);
  }
  return entries;
}

}  // namespace

Result<LookupTable> read_lut_descriptor(const DataSet& data_set, Tag descriptor,
                                        bool signed_input) {
  // US or SS, and wrong as often as not: only the bits count.
  PACS_TRY(const std::int64_t count, data_set.integer(descriptor, 0));
  PACS_TRY(const std::int64_t first, data_set.integer(descriptor, 1));
  PACS_TRY(const std::int64_t bits, data_set.integer(descriptor, 2));
  if (bits < 1 || bits > 16) {
    return fail(
        Error{ErrorKind::Malformed, fmt::format("entries of {} bits; 1 to 16 can be read", bits)}
            .on(descriptor));
  }
  LookupTable table;
  table.first = signed_input ? std::int32_t{static_cast<std::int16_t>(first)}
                             : std::int32_t{static_cast<std::uint16_t>(first)};
  table.bits = static_cast<unsigned>(bits);
  // PS3.3 §C.11.1.1.1: "When the number of table entries is equal to 65536, then this value shall
  // be 0."
  const auto entries = static_cast<std::uint16_t>(count);
  table.entries.resize(entries == 0 ? kEntriesWhereZero : entries);
  return table;
}

Result<std::vector<std::uint16_t>> read_lut_words(const DataSet& data_set, Tag data, unsigned bits,
                                                  std::size_t count) {
  const Element* element = data_set.find(data);
  if (element == nullptr) return fail(Error{ErrorKind::NotFound, "the element is absent"}.on(data));
  if (element->form() != Element::Form::Value) {
    return fail(
        Error{ErrorKind::InvalidArgument, "the value is not in memory: load it first"}.on(data));
  }
  const std::size_t size = element->value().size();
  // Some writers give 8-bit entries a word each.
  const bool packed = bits <= 8 && (count == 0 || size < 2 * count);
  const std::size_t there = packed ? size : size / 2;
  if (there < count) {
    return fail(
        Error{ErrorKind::Truncated,
              fmt::format("{} bytes are too few for {} entries of {} bits", size, count, bits)}
            .on(data));
  }
  const std::size_t taken = count == 0 ? there : count;
  return packed ? bytes_of(*element, taken) : words_of(*element, taken);
}

Result<LookupTable> read_lut(const DataSet& data_set, Tag descriptor, Tag data, bool signed_input) {
  PACS_TRY(LookupTable table, read_lut_descriptor(data_set, descriptor, signed_input));
  PACS_TRY(table.entries, read_lut_words(data_set, data, table.bits, table.entries.size()));
  for (std::uint16_t& entry : table.entries) entry = std::min(entry, table.highest());
  return table;
}

}  // namespace pacs
