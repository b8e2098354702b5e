// The attributes of a Modality Performed Procedure Step, and what each of its operations asks of
// them: PS3.4 Table F.7.2-1.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/tag.h"

namespace pacs::services {

/// Requirement type of an attribute (PS3.4 §5.4).
enum class Requirement : std::uint8_t {
  None,  ///< N-SET: not allowed; final state: that of the N-CREATE
  T1,    ///< present with a value
  T1C,   ///< as 1 under its condition
  T2,    ///< present, maybe without value
  T3,    ///< optional
};

/// When an attribute of type 1C is required.
struct RequiredWhen {
  enum class Rule : std::uint8_t {
    Undecidable,  ///< depends on what no data set says: never found missing
    IfAny,        ///< one of the two is present
    UnlessAny,    ///< none of the two is present
  };
  Rule rule = Rule::Undecidable;
  Tag first{}, second{};
};

/// One row. SCU and SCP ask the same of an N-CREATE in every row.
struct MppsAttribute {
  std::uint8_t level;  ///< number of ">"
  Tag tag;             ///< none in "All other Attributes of ..." and where a macro is included
  Requirement create, set_scu, set_scp, final_state;
  RequiredWhen when{};
  std::span<const MppsAttribute> include{};  ///< a macro, at this level
};

/// The table without the group headings, in its order.
[[nodiscard]] std::span<const MppsAttribute> mpps_attributes();

/// The same as a tree, macros included.
struct MppsNode {
  const MppsAttribute* attribute = nullptr;
  std::vector<MppsNode> items;  ///< attributes of each item
};
[[nodiscard]] const std::vector<MppsNode>& mpps_tree();
/// A row of level 0; nullptr for what only "All other Attributes" covers.
[[nodiscard]] const MppsNode* find_mpps_attribute(Tag tag);

}  // namespace pacs::services
