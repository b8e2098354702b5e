// What the parameters of a URL say: numbers, yes or no, and the keys of a search (PS3.18 §8.3.4.1).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"

namespace pacs::web {

/// The parameter `name` as a number; InvalidArgument names it.
[[nodiscard]] Result<std::int64_t> read_number(std::string_view name, std::string_view text,
                                               std::int64_t min, std::int64_t max);

/// "true" or "false"; InvalidArgument names the parameter.
[[nodiscard]] Result<bool> read_flag(std::string_view name, std::string_view text);

/// Where a key stands: the sequences it lies in, from the outermost, then its own tag.
using KeyPath = std::vector<Tag>;

/// "PatientName", "00100010", "RequestAttributesSequence.ScheduledProcedureStepID": a standard
/// attribute, or a private one by its tag. InvalidArgument names what is none, and the keyword that
/// may be meant.
[[nodiscard]] Result<KeyPath> read_key_path(std::string_view text);

/// Puts a key into an identifier; its value is UTF-8, and "" asks for whatever value there is. A
/// list of UIDs is separated by commas or backslashes, other alternatives by backslashes; a key
/// that comes again has further ones. The VR of a private attribute is known when its creator was
/// put before. InvalidArgument for what cannot be a key's value.
[[nodiscard]] Result<> put_key(DataSet& identifier, std::span<const Tag> path,
                               std::string_view value);

}  // namespace pacs::web
