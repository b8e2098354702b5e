#include "services/storage_scp.h"

#include "services/committed.h"
#include "storage/archive.h"

namespace pacs::services {

network::Role StorageScp::grant_roles(const network::PresentationContext& proposed) const {
  if (proposed.scu_role && proposed.scp_role) return network::Role::Both;
  return proposed.scp_role ? network::Role::Scp : network::Role::Scu;
}

Task<Result<Answer>> StorageScp::perform(Operation& operation) {
  const network::Command& request = operation.request();
  if (!request.has_data_set) {
    co_return fail(ErrorKind::Malformed, "C-STORE-RQ without a data set");
  }
  Result<std::unique_ptr<storage::Ingest>> ingest =
      archive_.begin_ingest({.transfer_syntax_uid = operation.context().transfer_syntaxes.front(),
                             .sop_class_uid = request.sop_class_uid,
                             .sop_instance_uid = request.sop_instance_uid,
                             .source_ae = operation.association().request.calling_ae,
                             .trace_id = operation.association().id});
  if (!ingest) co_return fail(std::move(ingest.error()));

  for (bool last = false; !last;) {
    Result<network::DataPiece> piece = co_await operation.read_data_set();
    if (!piece) co_return fail(std::move(piece.error()));
    if (Status appended = (*ingest)->append(piece->bytes); !appended) {
      co_return fail(std::move(appended.error()));
    }
    last = piece->last;
  }
  Result<storage::StoredInstance> stored = co_await committed(**ingest);
  if (!stored) co_return fail(std::move(stored.error()));
  co_return Answer{};
}

}  // namespace pacs::services
