#include "encoding/rendering/functional_groups.h"

#include "core/dicom_tags.h"

namespace pacs {

const DataSet& functional_group(const DataSet& data_set, Tag sequence, std::uint32_t frame) {
  const Sequence& frames = data_set.items(tags::PerFrameFunctionalGroupsSequence);
  if (frame < frames.size()) {
    const Sequence& own = frames[frame].data_set.items(sequence);
    if (!own.empty()) return own.front().data_set;
  }
  const Sequence& shared = data_set.items(tags::SharedFunctionalGroupsSequence);
  if (!shared.empty()) {
    const Sequence& common = shared.front().data_set.items(sequence);
    if (!common.empty()) return common.front().data_set;
  }
  return data_set;
}

}  // namespace pacs
