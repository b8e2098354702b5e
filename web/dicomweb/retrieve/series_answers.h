// SeriesAnswers: the metadata of whole series as it was sent, so that who asks again costs a copy.
//
// Kept in memory, not on disk: an answer is made of the index within milliseconds, so that nothing
// is lost with it, and there is nothing to be repaired or to be deleted with a patient. What it
// says of a series holds as long as the series has the same last object and as many instances,
// which every store, replacement and removal changes (storage/query/select.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "storage/query/select.h"
#include "web/dicomweb/retrieve/deflated_text.h"

namespace pacs::web {

/// Bytes of all that are kept, and of one: 600 CT headers are 0.2 MB.
inline constexpr std::size_t kSeriesAnswersBytesMax = 64U << 20;
inline constexpr std::size_t kSeriesAnswerBytesMax = 8U << 20;

/// Thread-safe.
class SeriesAnswers {
 public:
  using Answer = std::shared_ptr<const DeflatedText>;

  /// What was kept of the series as it stands now, with URLs that begin with `base`; null if none.
  [[nodiscard]] Answer find(const storage::SelectedSeries& series, const std::string& base);
  void keep(const storage::SelectedSeries& series, const std::string& base, Answer answer);

 private:
  struct Key {
    std::string study, series, base;
    auto operator<=>(const Key&) const = default;
  };
  struct Kept {
    Key key;
    std::uint64_t instances = 0, last_object = 0;
    Answer answer;
  };
  using Place = std::list<Kept>::iterator;
  void drop(Place place);

  std::mutex mutex_;      // guards what follows
  std::list<Kept> kept_;  ///< the last used first
  std::map<Key, Place> places_;
  std::size_t bytes_ = 0;
};

}  // namespace pacs::web
