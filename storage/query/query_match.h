// Matching in memory: the pure functions that `matches` of storage/query/query.h is made of, for
// those who match in SQL first and here for certain.
#pragma once

#include <span>
#include <string_view>

#include "core/dicom_dataset.h"
#include "storage/query/date_match.h"
#include "storage/query/name_match.h"
#include "storage/query/query.h"
#include "storage/query/wildcard.h"

namespace pacs::storage {

/// Where the values that are compared say no zone, in minutes from UTC.
struct ZoneOffsets {
  int key = 0;
  int value = 0;
  [[nodiscard]] int shift() const { return key - value; }  ///< from the value's zone to the key's
};
[[nodiscard]] ZoneOffsets zone_offsets(const DataSet& candidate, const Query& query);

/// Whether one value of a key matches one value of an attribute, both UTF-8 without insignificant
/// spaces; for keys of matching Single, Wildcard and Range of the VRs that are text.
///
/// Numbers (IS, DS and the binary VRs) match by their value: PS3.4 §C.2.2.2.1 wants values "that
/// match exactly", and the value of IS "01" is the integer 1, of DS "1.0" the decimal 1; how it is
/// written is encoding. What is not a number is compared as text.
[[nodiscard]] bool value_matches(const QueryKey& key, std::string_view key_value,
                                 std::string_view value, const QueryRules& rules,
                                 ZoneOffsets zones = {});

/// Whether a key with more than one value asks for an attribute that has all of them. PS3.4
/// §C.2.2.2.8, when negotiated: "Such a match is successful only if each and every value in the Key
/// Attribute matches a value in the corresponding Attribute". Else they are alternatives.
[[nodiscard]] bool needs_all_values(const QueryKey& key, const QueryRules& rules);

/// Whether a key matches everything: universal, "*", a sequence whose keys all do, or of a VR of
/// bytes.
[[nodiscard]] bool is_universal(const QueryKey& key);

/// The other key of a pair that is one range of moments (PS3.4 §C.2.2.2.5.4), among `keys` of the
/// same level or item; nullptr when `key` stands alone.
[[nodiscard]] const QueryKey* combined_with(const QueryKey& key, std::span<const QueryKey> keys,
                                            const QueryRules& rules);

}  // namespace pacs::storage
