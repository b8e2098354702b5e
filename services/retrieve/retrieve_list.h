// RetrieveList: the objects that a C-MOVE or C-GET asks for, in little memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "services/store/store_plan.h"
#include "storage/archive.h"

namespace pacs::services {

/// Instances of one request: a bound for its memory (some 100 bytes for each).
inline constexpr std::size_t kRetrievedInstancesMax = 1'000'000;

class RetrieveList {
 public:
  void add(const storage::InstanceRecord& record);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] ObjectKind kind(std::size_t index) const;
  [[nodiscard]] std::string_view sop_instance_uid(std::size_t index) const;
  /// As far as reading and sending need it: no study, no series, no checksum.
  [[nodiscard]] storage::InstanceRecord record(std::size_t index) const;

 private:
  struct Kind {
    std::string sop_class_uid, transfer_syntax_uid;
    auto operator<=>(const Kind&) const = default;
  };
  struct Entry {
    std::uint64_t text = 0;  ///< where in texts_ the instance UID stands, the object key behind it
    std::uint64_t data_set_bytes = 0, data_set_offset = 0;
    std::uint32_t kind = 0;
    std::uint16_t uid_characters = 0, key_characters = 0;
  };
  std::string texts_;
  std::vector<Entry> entries_;
  std::vector<Kind> kinds_;
  std::map<Kind, std::uint32_t> numbers_;
};

/// All objects of a selection. Waits for the database. LimitExceeded above kRetrievedInstancesMax,
/// else the archive's errors.
[[nodiscard]] Result<RetrieveList> list_selection(storage::Archive& archive,
                                                  storage::Selection selection);

}  // namespace pacs::services
