#include "services/store/storage_scp.h"

#include <memory>

#include "services/store/streamed_ingest.h"
#include "storage/archive.h"

namespace pacs::services {

Task<Result<Answer>> StorageScp::perform(Operation& operation) {
  const network::Command& request = operation.request();
  if (!request.has_data_set) {
    co_return fail(ErrorKind::Malformed, "C-STORE-RQ without a data set");
  }
  PACS_CO_TRY(std::unique_ptr<storage::Ingest> ingest,
              archive_.begin_ingest({.transfer_syntax_uid = operation.context().transfer_syntax,
                                     .sop_class_uid = request.sop_class_uid,
                                     .sop_instance_uid = request.sop_instance_uid,
                                     .source_ae = operation.association().request.calling_ae,
                                     .trace_id = operation.association().id,
                                     .end = DataSetEnd::Certain}));

  const bool deflated = is_deflated(operation.context().transfer_syntax);
  for (bool last = false; !last;) {
    PACS_CO_TRY(const network::DataPiece piece, co_await operation.read_data_set());
    last = piece.last;
    PACS_CO_TRY(co_await append_in_turns(*ingest, piece.bytes, deflated));
  }
  PACS_CO_TRY(co_await committed(*ingest));
  co_return Answer{};
}

}  // namespace pacs::services
