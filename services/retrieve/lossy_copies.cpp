#include "services/retrieve/lossy_copies.h"

#include "core/uids.h"
#include "encoding/pixels/lossy_copy.h"
#include "encoding/transfer_syntax.h"

namespace pacs::services {

ObjectKind LossyCopies::kind(const RetrieveList& list, std::size_t index) const {
  ObjectKind kind = list.kind(index);
  if (!copied.empty() && copied[index]) kind.lossy_syntax_uid = uids::JPEGBaseline8Bit;
  return kind;
}

LossyCopies choose_lossy(storage::Archive& archive, const RetrieveList& list, int jpeg_quality,
                         const std::stop_token& stop) {
  LossyCopies copies{jpeg_quality, std::vector<bool>(list.size())};
  for (std::size_t i = 0; i < list.size() && !stop.stop_requested(); ++i) {
    const std::string_view stored = list.kind(i).transfer_syntax_uid;
    const TransferSyntax* syntax = find_transfer_syntax(stored);
    if (syntax == nullptr || !syntax->lossless) continue;
    const Result<Header> header = archive.read_header(list.sop_instance_uid(i));
    copies.copied[i] = header && has_lossy_copy(*header, stored);
  }
  return copies;
}

}  // namespace pacs::services
