#include "web/dicomweb/store/stow_ingest.h"

#include <string>
#include <utility>

#include "network/dimse/status.h"
#include "storage/archive.h"

namespace pacs::web {

std::unique_ptr<storage::Ingest> begin_stow_ingest(const StowService& service,
                                                   const Request& request,
                                                   std::string transfer_syntax_uid,
                                                   StowResult& result) {
  const std::string& sop_class = result.sop_class_uid;
  if (!sop_class.empty() && !service.classes.contains(sop_class)) {
    result.fails({ErrorKind::Unsupported, "the SOP Class " + sop_class + " is no storage class"},
                 network::status::kSopClassNotSupported);
    return nullptr;
  }
  auto ingest =
      service.archive.begin_ingest({.transfer_syntax_uid = std::move(transfer_syntax_uid),
                                    .sop_class_uid = sop_class,
                                    .sop_instance_uid = result.sop_instance_uid,
                                    .source_ae = {},
                                    .trace_id = request.trace_id,
                                    .end = DataSetEnd::MaybeCut,
                                    .study_instance_uid = std::string(request.parameter("study"))});
  if (ingest) return *std::move(ingest);
  if (ingest.error().kind == ErrorKind::Unsupported) {
    result.fails(std::move(ingest.error()), kTransferSyntaxNotSupported);
  } else {
    result.fails(std::move(ingest.error()));
  }
  return nullptr;
}

}  // namespace pacs::web
