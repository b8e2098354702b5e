// Orders: a data set with one or more scheduled procedure steps, as a file or a REST client gives
// it, checked and taken apart into worklist items.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "storage/worklist/worklist.h"

namespace pacs::storage {

/// Steps of one order: real ones have a few.
inline constexpr std::size_t kStepsOfOrderMax = 100;
/// Bytes of one item as stored; real ones stay below 8 KiB. Each is read when it is compared.
inline constexpr std::size_t kWorklistItemBytesMax = 256 << 10;

/// Whether an attribute belongs to the module Scheduled Procedure Step of PS3.4 Table K.6-1, thus
/// lies in the item of Scheduled Procedure Step Sequence.
[[nodiscard]] bool is_of_step(Tag tag);

/// One item for each item of Scheduled Procedure Step Sequence, text in UTF-8. What Table K.6-1 of
/// PS3.4 returns as Type 1 must be there, identifiers are one value of at most 64 characters,
/// Patient's Name, Modality, start and status one value; what the dictionary knows has its VR and a
/// value that the VR allows; text is valid in its character set. Study Instance UID, Requested
/// Procedure ID and Scheduled Procedure Step ID are made where they are missing: new ones, or with
/// a `name` always the same ones for the same order. Errors: Malformed (with the element),
/// LimitExceeded.
[[nodiscard]] Result<std::vector<NewWorklistItem>> items_of_order(
    const DataSet& order, std::optional<std::string_view> name = std::nullopt);

}  // namespace pacs::storage
