#include "storage/ingest_session.h"

#include <chrono>
#include <utility>

#include "encoding/dicom_file.h"
#include "storage/file_storage.h"
#include "storage/identity.h"

namespace pacs::storage {
namespace {

/// Of a large object, collected before it is written: fewer calls, bounded memory.
constexpr std::uint64_t kWriteBytes = 256 << 10;
/// How much one object may write before it is looked again whether there is room.
constexpr std::uint64_t kSpaceCheckBytes = 16 << 20;

}  // namespace

IngestSession::IngestSession(IngestServices& services, IngestContext context,
                             const TransferSyntax& syntax)
    : services_(services),
      context_(std::move(context)),
      reader_(syntax, services.limits),
      content_(services.chunks) {}

Status IngestSession::append(ByteView bytes) {
  if (!health_) return health_;
  health_ = reader_.feed(bytes);
  if (health_) health_ = keep(bytes);
  if (!health_) {
    services_.metrics.refused(health_.error().kind);
    content_.clear();
    writer_.reset();
  }
  return health_;
}

Status IngestSession::keep(ByteView bytes) {
  checksum_.update(bytes);
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    // A large piece need not be copied when nothing waits before it.
    if (writer_ && content_.empty() && bytes.size() >= kWriteBytes) {
      return writer_->append({&bytes, 1});
    }
    const std::size_t taken = content_.append(bytes);
    bytes = bytes.subspan(taken);
    // No memory left for objects: what there is goes to disk.
    const bool exhausted = !bytes.empty();
    if (!writer_ && (exhausted || bytes_ > services_.journal_object_bytes_max)) {
      if (auto begun = begin_writing(); !begun) return begun;
    }
    if (writer_ && (exhausted || content_.size() >= kWriteBytes)) {
      if (auto written = write_out(); !written) return written;
      if (taken == 0) return writer_->append({&bytes, 1});
    }
  }
  return {};
}

Status IngestSession::begin_writing() {
  number_ = services_.committer.next_number();
  auto writer = services_.store.begin(object_key(number_));
  if (!writer) return fail(writer.error());
  writer_ = std::move(*writer);
  // Who it is stands in front of it. When only the data set says that, the meta group comes at the
  // end and the object is copied behind it.
  if (context_.sop_class_uid.empty() || context_.sop_instance_uid.empty()) return {};
  meta_ = make_file_meta(context_.sop_class_uid, context_.sop_instance_uid,
                         context_.transfer_syntax_uid, context_.source_ae);
  const ByteView part = meta_;
  return writer_->append({&part, 1});
}

Status IngestSession::write_out() {
  std::vector<ByteView> parts;
  content_.views(parts);
  if (!parts.empty()) {
    if (auto written = writer_->append(parts); !written) return written;
  }
  content_.clear();
  if (bytes_ - bytes_at_space_check_ >= kSpaceCheckBytes) {
    bytes_at_space_check_ = bytes_;
    return services_.space.check();
  }
  return {};
}

void IngestSession::commit(std::function<void(Result<StoredInstance>)> done) {
  auto object = complete();
  if (!object) {
    if (health_) services_.metrics.refused(object.error().kind);
    health_ = fail(object.error());
    writer_.reset();
    content_.clear();
    return done(fail(object.error()));
  }
  health_ = fail(ErrorKind::InvalidArgument, "this object was committed already");
  services_.committer.commit(
      std::move(*object),
      [&metrics = services_.metrics, done = std::move(done)](Result<StoredInstance> result) {
        if (result) {
          metrics.stored(result->outcome, result->bytes);
        } else {
          metrics.refused(result.error().kind);
        }
        done(std::move(result));
      });
}

Result<std::shared_ptr<PendingObject>> IngestSession::complete() {
  if (!health_) return fail(health_.error());
  auto header = reader_.finish();
  if (!header) return fail(header.error());
  auto identity = identify(header->data_set, context_);
  if (!identity) return fail(identity.error());
  const bool external = writer_ != nullptr;
  if (external) {
    if (auto written = write_out(); !written) return fail(written.error());
  }
  auto object = std::make_shared<PendingObject>(std::move(content_), std::move(*header));
  if (external && meta_.empty()) object->bare_key = object_key(number_);
  if (!external || meta_.empty()) {
    number_ = services_.committer.next_number();
    meta_ = make_file_meta(identity->sop_class_uid, identity->sop_instance_uid,
                           context_.transfer_syntax_uid, context_.source_ae);
  }
  IndexedInstance& row = object->row;
  row.number = number_;
  row.record = {std::move(identity->sop_class_uid),
                std::move(identity->sop_instance_uid),
                std::move(identity->series_instance_uid),
                std::move(identity->study_instance_uid),
                std::move(context_.transfer_syntax_uid),
                bytes_,
                meta_.size(),
                checksum_.value(),
                object_key(number_)};
  row.source_ae = std::move(context_.source_ae);
  row.received_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
  object->trace_id = std::move(context_.trace_id);
  object->meta = std::move(meta_);
  object->writer = std::move(writer_);
  object->external = external;
  return object;
}

}  // namespace pacs::storage
