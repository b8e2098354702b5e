// The data sets that a modality sends of its performed procedure step: at the beginning, made from
// a worklist item, and at the end, made from the objects.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/date_time.h"
#include "core/dicom_dataset.h"

namespace pacs::services {

/// Who performs it, and when it began or ended (local time).
struct StepMoment {
  std::string station_ae_title{};
  Date date;
  Time time;
};

/// The attributes of an N-CREATE: all that PS3.4 Table F.7.2-1 requires, from a worklist item
/// (which may be empty: an unscheduled step) as PS3.17 §J says; a required value that
/// it lacks is made up. Text stays in the character set of the item.
[[nodiscard]] DataSet begin_step(const DataSet& worklist_item, const StepMoment& begun);

/// Performed Series Sequence out of the objects that were made.
class PerformedSeriesList {
 public:
  /// By its header; text in UTF-8. Malformed when it has no identity.
  [[nodiscard]] Result<> add(const DataSet& header);
  /// A series of which nothing was made, under a UID of its own: a step that ends before its first
  /// object has one (PS3.4 Table F.7.2-1 wants an item in the final state).
  void add_without_objects();
  [[nodiscard]] Sequence items() const;

 private:
  struct Series {
    DataSet item;
    Sequence images{}, others{};
  };
  std::vector<Series> series_;
  std::map<std::string, std::size_t, std::less<>> by_uid_;
};

/// The modifications of an N-SET that ends a step (or reports what there is so far).
[[nodiscard]] DataSet end_step(std::string_view status, const StepMoment& ended,
                               const PerformedSeriesList& made);

}  // namespace pacs::services
