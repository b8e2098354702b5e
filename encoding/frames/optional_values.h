// Attributes that may be absent or empty: what is there but is no number stays an error, which a
// picture is shown without.
#pragma once

#include <optional>

#include "core/dicom_dataset.h"
#include "encoding/scan/departure.h"

namespace pacs {

/// A number of the data set, nothing where the attribute is absent or has no such value.
template <typename Number>
[[nodiscard]] Result<std::optional<Number>> where_there(const Result<Number>& value) {
  if (value) return std::optional<Number>{*value};
  if (value.error().kind == ErrorKind::NotFound) return std::optional<Number>{};
  return fail(value.error());
}
[[nodiscard]] inline auto optional_integer(const DataSet& data_set, Tag tag,
                                           std::size_t index = 0) {
  return where_there(data_set.integer(tag, index));
}
[[nodiscard]] inline auto optional_number(const DataSet& data_set, Tag tag, std::size_t index = 0) {
  return where_there(data_set.number(tag, index));
}

/// The value, or what counts where it cannot be applied to a picture: Departure::Display.
template <typename T>
[[nodiscard]] T shown_with(Result<T> value, T otherwise, Departures& met) {
  if (value) return *std::move(value);
  met.add(Departure::Display);
  return otherwise;
}

}  // namespace pacs
