#include "web/dicomweb/retrieve/series_answers.h"

#include <iterator>
#include <utility>

namespace pacs::web {

SeriesAnswers::Answer SeriesAnswers::find(const storage::SelectedSeries& series,
                                          const std::string& base) {
  const std::lock_guard lock{mutex_};
  const auto known = places_.find({series.study_instance_uid, series.series_instance_uid, base});
  if (known == places_.end()) return nullptr;
  const Place place = known->second;
  if (place->instances != series.instances || place->last_object != series.last_object) {
    drop(place);
    return nullptr;
  }
  kept_.splice(kept_.begin(), kept_, place);
  return place->answer;
}

void SeriesAnswers::keep(const storage::SelectedSeries& series, const std::string& base,
                         Answer answer) {
  if (answer->deflated.size() > kSeriesAnswerBytesMax) return;
  Key key{series.study_instance_uid, series.series_instance_uid, base};
  const std::lock_guard lock{mutex_};
  if (const auto known = places_.find(key); known != places_.end()) drop(known->second);
  bytes_ += answer->deflated.size();
  kept_.push_front({std::move(key), series.instances, series.last_object, std::move(answer)});
  places_.emplace(kept_.front().key, kept_.begin());
  while (bytes_ > kSeriesAnswersBytesMax) drop(std::prev(kept_.end()));
}

void SeriesAnswers::drop(Place place) {
  bytes_ -= place->answer->deflated.size();
  places_.erase(place->key);
  kept_.erase(place);
}

}  // namespace pacs::web
