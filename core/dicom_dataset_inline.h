// The bodies of DataSet's templates; included by core/dicom_dataset.h only.
#pragma once

#include <limits>
#include <type_traits>

#include "core/dicom_dataset.h"

namespace pacs {

template <VR V>
Result<typename ValueType<V>::type> DataSet::get(TypedTag<V> tag, std::size_t index) const {
  static_assert(V != VR::SQ, "use items(tag)");
  using T = typename ValueType<V>::type;
  const Element* element = find(tag);
  if (element == nullptr || element->value_count() == 0) {
    return fail(Error{ErrorKind::NotFound, "the element is absent or empty"}.on(tag));
  }
  if constexpr (std::is_same_v<T, ByteView>) {
    return element->value();
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    const std::string_view text = element->text(index);
    if (text.empty())
      return fail(Error{ErrorKind::NotFound, "the value is absent or empty"}.on(tag));
    return text;
  } else if constexpr (std::is_same_v<T, Tag>) {
    return element->integer(index).map(
        [](std::int64_t number) { return Tag{static_cast<std::uint32_t>(number)}; });
  } else if constexpr (std::is_floating_point_v<T>) {
    return element->number(index).map([](double number) { return static_cast<T>(number); });
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    // The one type that does not fit into what integer() gives.
    if (element->vr() == VR::UV && index < element->value().size() / sizeof(T)) {
      return load<T>(element->value().data() + index * sizeof(T), element->byte_order());
    }
    return element->integer(index).and_then([tag](std::int64_t number) -> Result<T> {
      if (number < 0) return fail(Error{ErrorKind::Malformed, "the number is negative"}.on(tag));
      return static_cast<T>(number);
    });
  } else {
    return element->integer(index).and_then([tag](std::int64_t number) -> Result<T> {
      if (number < std::numeric_limits<T>::min() || number > std::numeric_limits<T>::max()) {
        return fail(Error{ErrorKind::Malformed,
                          std::to_string(number) + " does not fit VR " + std::string{to_string(V)}}
                        .on(tag));
      }
      return static_cast<T>(number);
    });
  }
}

template <VR V>
void DataSet::set(TypedTag<V> tag, typename ValueType<V>::type value) {
  static_assert(V != VR::SQ, "use set_items(tag, ...)");
  using T = typename ValueType<V>::type;
  if constexpr (std::is_same_v<T, ByteView>) {
    set_bytes(tag, V, Bytes(value.begin(), value.end()));
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    set_text(tag, V, value);
  } else if constexpr (std::is_same_v<T, Tag>) {
    set_tag(tag, value);
  } else if constexpr (std::is_floating_point_v<T>) {
    set_number(tag, V, static_cast<double>(value));
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    Bytes bytes;
    append(bytes, value, ByteOrder::Little);
    set_bytes(tag, V, std::move(bytes));
  } else {
    set_integer(tag, V, static_cast<std::int64_t>(value));
  }
}

}  // namespace pacs
