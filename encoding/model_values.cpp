#include "encoding/model_values.h"

#include "encoding/byte_order.h"

namespace pacs {

Bytes bytes_for_model(const Element& element) {
  Bytes bytes;
  const auto add_item = [&bytes](ByteView fragment) {
    append(bytes, kItem.group(), ByteOrder::Little);
    append(bytes, kItem.element(), ByteOrder::Little);
    append(bytes, static_cast<std::uint32_t>(fragment.size()), ByteOrder::Little);
    append(bytes, fragment);
  };
  if (const Fragments* fragments = element.fragments()) {
    add_item(fragments->basic_offset_table);
    for (const ByteView fragment : fragments->fragments) add_item(fragment);
    return bytes;
  }
  append(bytes, element.value());
  if (element.byte_order() == ByteOrder::Big) swap_units(bytes, info(element.vr()).unit_bytes);
  return bytes;
}

}  // namespace pacs
